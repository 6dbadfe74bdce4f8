"""MLflow's registry over its REST API."""

import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from pigeonhole_operator.decision.observed import Evaluation, ModelVersion
from pigeonhole_operator.sources.credentials import Credentials
from pigeonhole_operator.sources.exchange import Answer, Asked, Question, ask, parse
from pigeonhole_operator.sources.mlflow_answers import (
    DownloadUri,
    Refusal,
    RegisteredModelAnswer,
    VersionAnswer,
    Written,
    parse_evaluation,
)
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings

_API = "/api/2.0/mlflow"
_MISSING = "RESOURCE_DOES_NOT_EXIST"
_ERROR_CODE = re.compile(r"[A-Z_]{1,60}")
EVALUATION_FILE = "evaluation.json"
"""The run's artefact that holds the evaluation report, as the training writes it."""


def asked_mlflow(settings: SourceSettings) -> Asked:
    """Return MLflow as a source."""
    return Asked(
        "MLflow",
        unreachable="RegistryUnreachable",
        refused="RegistryRefused",
        garbled="RegistryGarbled",
        timeout_seconds=settings.timeout_seconds,
        max_answer_bytes=settings.max_answer_bytes,
        credentials=Credentials(
            settings.mlflow_token_file, settings.mlflow_username_file, settings.mlflow_password_file
        ),
    )


class MlflowRegistry:
    """The registry as the operator asks it; a deleted version or model is none.

    Each method raises SourceError: `RegistryUnreachable`, `RegistryRefused` (with MLflow's error code in the sentence)
    or `RegistryGarbled`.
    """

    def __init__(self, session: aiohttp.ClientSession, settings: SourceSettings) -> None:
        self._session = session
        self._url = settings.mlflow_url.rstrip("/")
        self._source = asked_mlflow(settings)

    async def aliases(self, model: str) -> Mapping[str, str]:
        """Return the versions of a registered model's aliases; none when there is no such model."""
        answer = await self._get(f"{_API}/registered-models/get", {"name": model})
        if answer is None:
            return {}
        found = parse(self._source, RegisteredModelAnswer, answer.content)
        return {alias.alias: alias.version for alias in found.registered_model.aliases}

    async def version(self, model: str, version: str) -> ModelVersion | None:
        """Return a version with the address of its files, or None when there is none."""
        params = {"name": model, "version": version}
        described = await self._get(f"{_API}/model-versions/get", params)
        if described is None:
            return None
        # A version's own `source` may be the logged model's id, `models:/m-...`, which only MLflow can follow.
        located = await self._get(f"{_API}/model-versions/get-download-uri", params)
        if located is None:
            return None
        found = parse(self._source, VersionAnswer, described.content).model_version
        return found.described(parse(self._source, DownloadUri, located.content).artifact_uri)

    async def evaluation(self, version: ModelVersion) -> Evaluation:
        """Return the evaluation report of a version's run.

        Raises:
            SourceError: `EvaluationMissing` or `EvaluationGarbled` too.
        """
        params = {"run_id": version.run_id, "path": EVALUATION_FILE}
        answer = await self._get("/get-artifact", params) if version.run_id else None
        if answer is None:
            message = f"The run of version {version.version} has no {EVALUATION_FILE}."
            raise SourceError("EvaluationMissing", message)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            # A page that asks to sign in stands before the report, and may be gone the next time.
            raise self._source.is_garbled()
        return parse_evaluation(answer.content)

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let an alias name a version."""
        await self._write("POST", "registered-models/alias", {"name": model, "alias": alias, "version": version})

    async def delete_alias(self, model: str, alias: str) -> None:
        """Take an alias away; one that is not there is no error."""
        answer = await self._send("DELETE", "registered-models/alias", {"name": model, "alias": alias})
        if _error_code(answer) != _MISSING:
            self._check_written(answer)

    async def tag(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version, one after the other."""
        for key, value in tags.items():
            values = {"name": model, "version": version, "key": key, "value": value}
            await self._write("POST", "model-versions/set-tag", values)

    async def _get(self, path: str, params: Mapping[str, str]) -> Answer | None:
        answer = await ask(self._session, self._source, Question("GET", self._url + path, params))
        if _error_code(answer) == _MISSING:
            return None
        self._check(answer)
        return answer

    async def _send(self, method: str, path: str, values: dict[str, Any]) -> Answer:
        question = Question(method, f"{self._url}{_API}/{path}", json=values)
        return await ask(self._session, self._source, question)

    async def _write(self, method: str, path: str, values: dict[str, Any]) -> None:
        self._check_written(await self._send(method, path, values))

    def _check_written(self, answer: Answer) -> None:
        self._check(answer)
        # A sign-in page answers 200 too, and has written nothing.
        parse(self._source, Written, answer.content)

    def _check(self, answer: Answer) -> None:
        if not answer.is_ok:
            code = _error_code(answer)
            raise self._source.refuses(f"refused with {answer.status}" + (f" {code}" if code else ""))


def _error_code(answer: Answer) -> str | None:
    """Return MLflow's own code; the page of a proxy or of another server has none."""
    if answer.is_ok:
        return None
    code = Refusal.code_of(answer.content)
    return code if code and _ERROR_CODE.fullmatch(code) else None
