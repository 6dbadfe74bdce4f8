"""What has to hold in every case: each breach is found, and an orderly promotion has none."""

import itertools
import json
from typing import Any

import pytest

from .cluster import Object
from .invariants import CANDIDATE, violations
from .manifests import MODEL_FOLDER, ROUTING, SERVICE
from .recorder import Change, Verb

pytestmark = pytest.mark.unit
GOOD = {"1": f"{MODEL_FOLDER}/1", "2": f"{MODEL_FOLDER}/2"}


class History:
    """Changes one after another."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._revisions = itertools.count(1)

    def add(self, kind: str, name: str, verb: Verb = "MODIFIED", uid: str = "", **fields: Any) -> "History":
        metadata = {"name": name, "uid": uid, "resourceVersion": str(next(self._revisions))}
        self.changes.append(Change(kind, verb, {"metadata": metadata, **fields}))
        return self

    def serves(self, version: str, name: str = SERVICE, verb: Verb = "MODIFIED") -> "History":
        model = {"storageUri": f"{MODEL_FOLDER}/{version}"}
        return self.add("InferenceService", name, verb, spec={"predictor": {"model": model}})

    def routes(self, version: str | None, weight: float = 0) -> "History":
        candidate = version and {"host": CANDIDATE, "version": version, "weight": weight}
        return self.add("ConfigMap", ROUTING, data={"routing.json": json.dumps({"candidate": candidate})})

    def status(self, ready: str = "True", at: str = "10:00", **fields: Any) -> "History":
        conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": at}]
        return self.add("ModelDeployment", SERVICE, status={"conditions": conditions, **fields})

    def attempt(self, *phases: str) -> "History":
        status: Object = {"phase": phases[-1], "journal": [{"phase": phase} for phase in phases]}
        return self.add("ModelPromotion", "documents-v2-1", uid="u", status=status)

    @property
    def breaches(self) -> list[str]:
        return violations(self.changes, GOOD)


def on_trial() -> History:
    return History().serves("1").status(stable={"version": "1"}).routes(None).serves("2", CANDIDATE)


def test_an_orderly_promotion_has_no_breach() -> None:
    history = on_trial().attempt("Gating").routes("2", 0).routes("2", 50).attempt("Gating", "Canary")
    history.serves("2").routes(None).serves("2", CANDIDATE, "DELETED").status(stable={"version": "2"})
    assert history.breaches == []


def test_an_orderly_roll_back_has_no_breach() -> None:
    history = on_trial().routes("2", 50).routes(None).status(quarantined=[{"version": "2"}])
    assert history.serves("2", CANDIDATE, "DELETED").breaches == []


@pytest.mark.parametrize(
    ("history", "breach"),
    [
        (on_trial().routes("2", 101), "weight is 101"),
        (on_trial().status(quarantined=[{"version": "2"}]).routes("2", 5), "2 is routed, though it is in quarantine"),
        (on_trial().routes("3", 5), "3 is routed, and the candidate's service has 2"),
        (History().serves("1").routes("2", 5), "the candidate's service has none"),
        (on_trial().serves("2-crash"), "stable is to serve pvc://models/document-classifier/2-crash"),
        (on_trial().serves("3"), "stable is to serve pvc://models/document-classifier/3"),
        (on_trial().routes("2", 5).serves("2", CANDIDATE, "DELETED"), "2 is routed, and its service is gone"),
        (History().serves("1").add("ModelDeployment", SERVICE, status={"conditions": []}), "no condition Ready"),
        (on_trial().status("False"), "Ready went from"),
        (on_trial().status("True", at="10:01"), "Ready went from"),
        (on_trial().status(canaryWeight=-1), "weight of -1"),
        (on_trial().status(observedGeneration=2).status(observedGeneration=1), "observedGeneration fell"),
        (on_trial().attempt("Gating", "Rejected").attempt("Gating", "Rejected", "Canary"), "is Canary now"),
        (on_trial().attempt("Gating", "Canary").attempt("Gating"), "lost what was in it"),
    ],
)
def test_a_breach_is_found(history: History, breach: str) -> None:
    (found,) = history.breaches
    assert breach in found


def test_stable_does_not_become_a_third_version_while_the_candidate_has_all_documents() -> None:
    good = {**GOOD, "3": f"{MODEL_FOLDER}/3"}
    history = on_trial().routes("2", 100).serves("3")
    (found,) = violations(history.changes, good)
    assert "stable becomes 3 while version 2 has all documents" in found
