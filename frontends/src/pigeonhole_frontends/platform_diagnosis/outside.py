"""A platform as its callers see it: is it there, whom does it let in, does it sort a document."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.platform_diagnosis.addresses import Answer, ask, ask_until_answered
from pigeonhole_frontends.platform_diagnosis.trial import sort_a_document

if TYPE_CHECKING:
    from pigeonhole_api.models import CallerSummary

_WRONG_TOKEN = "pigeonhole-doctor-with-a-wrong-token"  # noqa: S105 - it is to be refused
_READ_LOGS = "Look at the API's log, and at its database; on a cluster: pigeonhole doctor --cluster."
_METRICS = "pigeonhole_"
_AT_ONCE = 8


def diagnose_platform(url: str, token: str, *, answers: Sequence[str] = (), seconds: float = 120.0) -> list[Finding]:
    """Look at the platform whose API is at an address; a document is sorted there, and its job deleted again.

    Args:
        url: The API's address.
        token: An access token; without one, what needs it is left out.
        answers: Other addresses, which must answer 200.
        seconds: How long the document may take to be sorted.
    """
    url = url.rstrip("/")
    ready = _readiness(url)
    findings = [ready]
    if ready.ok:
        findings.append(_refuses_strangers(url))
        findings.extend(_as_caller(url, token, seconds))
        findings.append(_metrics(url))
    with ThreadPoolExecutor(_AT_ONCE) as askers:
        findings.extend(askers.map(_answers, answers))
    return findings


def _readiness(url: str) -> Finding:
    what, answer = "API", ask(f"{url}/readyz")
    if isinstance(answer, str):
        return Finding(what, False, answer, "Check the address, and that the API runs: pigeonhole serve, or its pods.")
    said = answer.json()
    if answer.status == HTTPStatus.OK and said.get("status") == "ok":
        if said.get("uploads", "ok") != "ok":
            return Finding(what, False, f"takes no uploads: {said['uploads']}", "Make room in its storage.")
        return Finding(what, True, "ready")
    if answer.status == HTTPStatus.MISDIRECTED_REQUEST:
        fix = "Use a name that PIGEONHOLE_API_ALLOWED_HOSTS lists; the chart lists its Service's and ingress.host."
        return Finding(what, False, "it does not answer to this name", fix)
    return _reached(url, answer)


def _reached(url: str, readiness: Answer) -> Finding:
    """Return whether the API itself is there: an ingress leads to its resources and to no probe."""
    resource = ask(f"{url}/v1/caller")
    if not isinstance(resource, str) and resource.status == HTTPStatus.UNAUTHORIZED and resource.json().get("code"):
        return Finding("API", True, "answers; its probes are not to be seen from here")
    found = readiness.json().get("detail") or f"answers with status {readiness.status}, which is no Pigeonhole API's"
    return Finding("API", False, str(found), _READ_LOGS)


def _refuses_strangers(url: str) -> Finding:
    what = "sign-in of strangers"
    answer = ask(f"{url}/v1/caller", token=_WRONG_TOKEN)
    if isinstance(answer, str):
        return Finding(what, False, answer, _READ_LOGS)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return Finding(what, True, "refused with 401")
    fix = "Check what stands before the API: it must pass Authorization on, and let nobody in by itself."
    return Finding(what, False, f"a wrong token is answered with {answer.status}", fix)


def _as_caller(url: str, token: str, seconds: float) -> Iterator[Finding]:
    if not token:
        yield Finding("sign-in", True, "not tried, without a token; nor a model and a document")
        return
    with PlatformClient(url, token) as client:
        try:
            caller = client.caller()
        except ApiError as error:
            fix = error.hint or "Use a token that this platform knows; it may be another installation's."
            yield Finding("sign-in", False, error.message, fix)
            return
        yield _signed_in(caller)
        model = _model(client)
        yield model
        if model.ok:
            yield from sort_a_document(client, seconds)


def _signed_in(caller: "CallerSummary") -> Finding:
    roles = ", ".join(sorted(caller.roles))
    if not roles:
        fix = "Give this caller a role: auth.oidc.roles names the role of each group."
        return Finding("sign-in", False, f"{caller.name} has no role", fix)
    return Finding("sign-in", True, f"{caller.name}: {roles}")


def _model(client: PlatformClient) -> Finding:
    try:
        model = client.production()
    except ApiError as error:
        return Finding("model", False, error.message, error.hint or "Look at MLflow, and at the API's log.")
    if model is None:
        return Finding("model", False, "none is in use", "Train one in the admin app, or with: pigeonhole train DIR")
    return Finding("model", True, f"version {model.version} is in use")


def _metrics(url: str) -> Finding:
    answer = ask(f"{url}/metrics")
    if isinstance(answer, str):
        return Finding("metrics", False, answer, _READ_LOGS)
    if answer.status == HTTPStatus.OK and any(line.startswith(_METRICS) for line in answer.text.splitlines()):
        return Finding("metrics", True, "there")
    if answer.is_page or answer.status == HTTPStatus.NOT_FOUND:
        return Finding("metrics", True, "not to be seen from here")
    found = f"status {answer.status}, without {_METRICS}* metrics"
    return Finding("metrics", False, found, _READ_LOGS)


def _answers(address: str) -> Finding:
    answer = ask_until_answered(address)
    fix = "Look at its pod: pigeonhole doctor --cluster; and at network policies on the way to it."
    if isinstance(answer, str):
        return Finding(address, False, answer, fix)
    return Finding(address, answer.status == HTTPStatus.OK, f"status {answer.status}", fix)
