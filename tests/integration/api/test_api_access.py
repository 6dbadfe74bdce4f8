"""Who may call: every operation, with every kind of token, for every role, and across tenants."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pigeonhole_api.auth.callers import Role
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import CallerSummary
from tests.integration.api.oidc_issuer import OidcIssuer

pytestmark = pytest.mark.integration

OPEN = {"GET /livez", "GET /readyz", "GET /metrics"}
EVERYONE = {"user", "reviewer", "admin", "ops"}
PEOPLE = {"user", "reviewer", "admin"}
REVIEWERS = {"reviewer", "admin"}
WATCHERS = {"admin", "ops"}
JUDGES = {"reviewer", "admin", "ops"}
ADMINS = {"admin"}
ALLOWED = {
    "POST /v1/jobs": PEOPLE,
    "GET /v1/jobs": PEOPLE,
    "GET /v1/jobs/{job_id}": PEOPLE,
    "GET /v1/jobs/{job_id}/events": PEOPLE,
    "GET /v1/jobs/{job_id}/documents": PEOPLE,
    "PUT /v1/jobs/{job_id}/documents/{name}": PEOPLE,
    "POST /v1/jobs/{job_id}/upload-urls": PEOPLE,
    "POST /v1/jobs/{job_id}/arrivals": PEOPLE,
    "POST /v1/jobs/{job_id}/completion": PEOPLE,
    "POST /v1/jobs/{job_id}/cancellation": PEOPLE,
    "POST /v1/jobs/{job_id}/retries": PEOPLE,
    "DELETE /v1/jobs/{job_id}": PEOPLE,
    "GET /v1/documents/{document_id}": PEOPLE,
    "GET /v1/documents/{document_id}/content": PEOPLE,
    "GET /v1/documents/{document_id}/pages/{page}": PEOPLE,
    "GET /v1/documents/{document_id}/thumbnail": PEOPLE,
    "PATCH /v1/documents/{document_id}/review": REVIEWERS,
    "GET /v1/documents/{document_id}/reviews": PEOPLE,
    "GET /v1/review-queue": REVIEWERS,
    "GET /v1/audit-sample": REVIEWERS,
    "POST /v1/audit-sample/{document_id}/decision": REVIEWERS,
    "GET /v1/classes": PEOPLE,
    "GET /v1/classes/{class_name}/examples": ADMINS,
    "POST /v1/classes/{class_name}/examples": ADMINS,
    "DELETE /v1/examples/{example_id}": ADMINS,
    "GET /v1/examples/{example_id}/thumbnail": PEOPLE,
    "GET /v1/corrections": ADMINS,
    "POST /v1/corrections/imports": ADMINS,
    "GET /v1/dataset-versions": ADMINS,
    "POST /v1/dataset-versions": ADMINS,
    "POST /v1/trainings": ADMINS,
    "GET /v1/trainings": WATCHERS,
    "GET /v1/trainings/{training_id}": WATCHERS,
    "GET /v1/models": EVERYONE,
    "GET /v1/models/{version}": EVERYONE,
    "GET /v1/models/{version}/quality": JUDGES,
    "GET /v1/models/production": EVERYONE,
    "PUT /v1/models/production": ADMINS,
    "GET /v1/audit-events": WATCHERS,
    "GET /v1/caller": EVERYONE,
    "GET /v1/api-keys": ADMINS,
    "POST /v1/api-keys": ADMINS,
    "DELETE /v1/api-keys/{key_id}": ADMINS,
    "POST /v1/webhooks": ADMINS,
    "GET /v1/webhooks": ADMINS,
    "GET /v1/webhooks/{webhook_id}/deliveries": ADMINS,
    "POST /v1/webhooks/{webhook_id}/tests": ADMINS,
    "DELETE /v1/webhooks/{webhook_id}": ADMINS,
}
"""Who may call what; an operation that is missing here fails a test."""

PLACES = {
    "job_id": "job_0",
    "document_id": "doc_0",
    "example_id": "ex_0",
    "training_id": "trn_0",
    "key_id": "0" * 16,
    "webhook_id": "hook_0",
    "name": "a.pdf",
    "page": "1",
    "version": "1",
    "class_name": "letter",
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def signed_in(module_installation: Callable[..., Any], issuer: OidcIssuer) -> Any:
    """A platform that knows the issuer; its groups have the names of the roles."""
    installation = module_installation(
        PIGEONHOLE_OIDC_ISSUER=issuer.url, PIGEONHOLE_OIDC_UNKNOWN_KEY_PAUSE_SECONDS="0.2"
    )
    installation.start_api()
    installation.start_worker(PIGEONHOLE_API_AUDIT_SHARE="1")
    return installation


@pytest.fixture(scope="module")
def operations(signed_in: Any) -> list[str]:
    described = signed_in.call("GET", "/openapi.json").json()["paths"]
    return [f"{method.upper()} {path}" for path, methods in described.items() for method in methods]


def call(installation: Any, operation: str, token: str | None, places: dict[str, str] = PLACES) -> httpx.Response:
    method, path = operation.split(" ")
    filled = re.sub(r"\{(\w+)(:path)?\}", lambda match: places[match[1]], path)
    content: dict[str, Any] = {}
    if method in {"POST", "PATCH"} or operation == "PUT /v1/models/production":
        content["json"] = {}
    return installation.call(method, filled, token=token, **content)


def test_every_operation_says_whom_it_lets_in(operations: list[str]) -> None:
    assert set(operations) == {*ALLOWED, *OPEN}


def test_no_operation_takes_a_token_that_is_not_honest(
    signed_in: Any, issuer: OidcIssuer, operations: list[str]
) -> None:
    tokens = {**issuer.dishonest_tokens(), "none": None, "unknown key": f"ph_{'0' * 16}_{'0' * 64}"}
    for operation in set(operations) - OPEN:
        for name, token in tokens.items():
            answer = call(signed_in, operation, token)
            assert answer.status_code == 401, f"{operation} with a token {name}: {answer.status_code}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_operation_lets_in_the_roles_it_says_and_no_other(
    signed_in: Any, issuer: OidcIssuer, operations: list[str]
) -> None:
    for operation in set(operations) - OPEN:
        for role in EVERYONE:
            answer = call(signed_in, operation, issuer.token(groups=["other", role]))
            assert answer.status_code != 401, operation
            refused = answer.status_code == 403
            assert refused == (role not in ALLOWED[operation]), f"{operation} as {role}: {answer.status_code}"
            assert not refused or answer.json()["code"] == "forbidden"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"groups": []}, "no-role"),
        ({"groups": None}, "no-role"),
        ({"groups": "stranger"}, "no-role"),
        ({"groups": {"admin": True}}, "no-role"),
        ({"tenant": None}, "no-tenant"),
        ({"tenant": ""}, "no-tenant"),
        ({"tenant": ["default"]}, "no-tenant"),
        ({"tenant": "x" * 65}, "no-tenant"),
        ({"tenant": "a\x00b"}, "no-tenant"),
    ],
)
def test_a_sign_in_without_role_or_tenant_is_refused(
    signed_in: Any, issuer: OidcIssuer, claims: dict[str, Any], code: str
) -> None:
    answer = call(signed_in, "GET /v1/jobs", issuer.token(**claims))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.json()["hint"]


def test_the_caller_sees_who_they_are(signed_in: Any, issuer: OidcIssuer) -> None:
    answer = signed_in.call("GET", "/v1/caller", token=issuer.token(groups=["reviewer"], tenant="acme")).json()
    assert answer == {"name": "camille", "tenant": "acme", "roles": ["reviewer", "user"], "keeps_models": False}
    assert signed_in.call("GET", "/v1/caller").json()["keeps_models"] is True
    nameless = signed_in.call("GET", "/v1/caller", token=issuer.token(preferred_username=None)).json()
    assert nameless["name"] == "person-1"


def test_keys_are_known_while_the_issuer_is_down_and_found_when_they_are_new(
    signed_in: Any, issuer: OidcIssuer, wait_until: Callable[..., None]
) -> None:
    former = issuer.token()
    assert signed_in.call("GET", "/v1/jobs", token=former).status_code == 200
    issuer.is_down = True
    try:
        assert signed_in.call("GET", "/v1/jobs", token=former).status_code == 200
        issuer.rotate("second")
        time.sleep(0.3)  # beyond the pause between two looks for an unknown key
        unknown = signed_in.call("GET", "/v1/jobs", token=issuer.token())
        assert (unknown.status_code, unknown.json()["code"]) == (503, "sign-in-unavailable")
        assert unknown.headers["retry-after"]
    finally:
        issuer.is_down = False
    wait_until(lambda: signed_in.call("GET", "/v1/jobs", token=issuer.token()).status_code == 200, "the new key")
    # What the issuer shows no longer is good no longer.
    assert signed_in.call("GET", "/v1/jobs", token=former).status_code == 401


def test_a_flood_of_unknown_keys_does_not_reach_the_issuer(signed_in: Any, issuer: OidcIssuer) -> None:
    signed_in.call("GET", "/v1/jobs", token=issuer.token())
    before, began = issuer.fetches, time.monotonic()
    for number in range(60):
        answer = signed_in.call("GET", "/v1/jobs", token=issuer.token(key_id=f"invented-{number}"))
        assert answer.status_code == 401
    assert issuer.fetches - before <= (time.monotonic() - began) / 0.2 + 1


def test_a_key_acts_with_its_roles_until_it_is_revoked(signed_in: Any, issuer: OidcIssuer) -> None:
    admin = PlatformClient(signed_in.url, issuer.token(tenant="keys"))
    made = admin.create_api_key("importer", [Role.USER])
    machine = PlatformClient(signed_in.url, made.key)
    assert machine.caller() == CallerSummary(name="importer", tenant="keys", roles=[Role.USER], keeps_models=False)
    assert machine.jobs().jobs == []
    assert signed_in.call("GET", "/v1/review-queue", token=made.key).status_code == 403
    (row,) = admin.api_keys().api_keys
    assert (row.name, row.created_by) == ("importer", "camille")
    assert row.last_used_at
    assert made.key.split("_")[2] not in admin.api_keys().model_dump_json()
    other = f"{made.key[:-1]}{'0' if made.key[-1] != '0' else '1'}"
    assert signed_in.call("GET", "/v1/jobs", token=other).status_code == 401
    admin.revoke_api_key(row.id)
    for _ in range(2):
        assert signed_in.call("GET", "/v1/jobs", token=made.key).status_code == 401
    with pytest.raises(ApiError) as caught:
        admin.revoke_api_key(row.id)
    assert caught.value.code == "api-key-missing"
    assert [event.action for event in admin.audit_events().events] == ["api-key.revoked", "api-key.created"]
    for client in (admin, machine):
        client.close()


def test_no_key_has_a_role_that_its_maker_has_not(signed_in: Any, issuer: OidcIssuer) -> None:
    wanted = {"name": "mighty", "roles": ["admin"]}
    for days, status in ((0, 422), (3651, 422), (1, 201)):
        answer = signed_in.call("POST", "/v1/api-keys", token=issuer.token(), json={**wanted, "days": days})
        assert answer.status_code == status
    key = answer.json()["key"]
    assert signed_in.call("POST", "/v1/api-keys", token=key, json=wanted).status_code == 201
    for roles in ([], ["emperor"]):
        refused = signed_in.call("POST", "/v1/api-keys", token=issuer.token(), json={"name": "n", "roles": roles})
        assert refused.status_code == 422


@pytest.fixture(scope="module")
def possessions(signed_in: Any, issuer: OidcIssuer) -> dict[str, str]:
    """What the tenant `owner` has: one of each kind of resource, by the name of its place in an address."""
    token = issuer.token(tenant="owner")
    client = PlatformClient(signed_in.url, token)
    job = client.wait(client.submit_job("the-owners-own-reference", [("owned.png", signed_in.picture(77_001))]).id, 60)
    (document,) = client.all_documents(job.id)
    client.review(client.document(document.id), "corrected", second_class(document))
    (example,) = client.add_examples("owners-class", [("example.png", signed_in.picture(77_002))]).examples
    key = signed_in.call("POST", "/v1/api-keys", token=token, json={"name": "owners-key", "roles": ["user"]}).json()
    client.close()
    return {
        **PLACES,
        "job_id": job.id,
        "document_id": document.id,
        "name": "owned.png",
        "example_id": example.id,
        "class_name": "owners-class",
        "key_id": key["id"],
        "etag": client_etag(signed_in, token, document.id),
        "class": second_class(document),
    }


def second_class(document: Any) -> str:
    return str(document.prediction.probabilities[1].class_name)


def client_etag(installation: Any, token: str, document_id: str) -> str:
    return str(installation.call("GET", f"/v1/documents/{document_id}", token=token).headers["etag"])


def test_no_operation_shows_or_changes_what_another_tenant_has(
    signed_in: Any, issuer: OidcIssuer, operations: list[str], possessions: dict[str, str]
) -> None:
    """The other tenant's admin calls every operation with the owner's ids, and learns nothing that is the owner's."""
    owner, stranger = issuer.token(tenant="owner"), issuer.token(tenant="stranger")
    before = state_of(signed_in, owner, possessions)
    secrets = [possessions[name] for name in ("job_id", "document_id", "example_id", "key_id")]
    secrets += ["owned.png", "owners-class", "the-owners-own-reference", "owners-key"]
    for operation in set(operations) - OPEN:
        answer = call(signed_in, operation, stranger, possessions)
        named = [place for place in re.findall(r"\{(\w+)", operation) if place in secrets_places(possessions)]
        if named and "class_name" not in named:
            assert answer.status_code in {404, 422, 428}, f"{operation}: {answer.status_code}"
        echoed = {possessions[place] for place in re.findall(r"\{(\w+)", operation)}
        told = [secret for secret in secrets if secret in answer.text and secret not in echoed]
        assert told == [], operation
    assert state_of(signed_in, owner, possessions) == before


def secrets_places(possessions: dict[str, str]) -> set[str]:
    return {place for place in possessions if possessions[place] != PLACES.get(place)} - {"class"}


def state_of(installation: Any, token: str, possessions: dict[str, str]) -> list[Any]:
    paths = [
        f"/v1/jobs/{possessions['job_id']}",
        f"/v1/classes/{possessions['class_name']}/examples",
        "/v1/api-keys",
        "/v1/corrections",
        "/v1/audit-sample",
        f"/v1/documents/{possessions['document_id']}/reviews",
        "/v1/audit-events",
    ]
    answers = [installation.call("GET", path, token=token) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [re.sub(r"expires=\d+&signature=[\w-]+", "", answer.text) for answer in answers]


def test_what_a_stranger_does_with_a_known_id_is_refused_as_if_it_were_none(
    signed_in: Any, issuer: OidcIssuer, possessions: dict[str, str]
) -> None:
    """As above, with requests that the owner could send: only the tenant is another."""
    token = issuer.token(tenant="stranger")
    document, job = possessions["document_id"], possessions["job_id"]
    review = {"decision": "corrected", "class": possessions["class"]}
    calls: list[tuple[str, str, dict[str, Any], str]] = [
        (
            "PATCH",
            f"/v1/documents/{document}/review",
            {"json": review, "headers": {"if-match": "*"}},
            "document-missing",
        ),
        (
            "POST",
            f"/v1/audit-sample/{document}/decision",
            {"json": {"class": possessions["class"]}, "headers": {"if-match": "*"}},
            "document-missing",
        ),
        ("GET", f"/v1/documents/{document}/reviews", {}, "document-missing"),
        ("PUT", f"/v1/jobs/{job}/documents/owned.png", {"content": b"x"}, "job-missing"),
        ("POST", "/v1/corrections/imports", {"json": {"document_ids": [document]}}, "not-reviewed"),
        ("DELETE", f"/v1/examples/{possessions['example_id']}", {}, "example-missing"),
        ("DELETE", f"/v1/api-keys/{possessions['key_id']}", {}, "api-key-missing"),
    ]
    for method, path, content, code in calls:
        answer = signed_in.call(method, path, token=token, **content)
        assert answer.json()["code"] == code, path


def test_an_audit_sample_is_its_tenants_own(signed_in: Any, issuer: OidcIssuer) -> None:
    owner, stranger = (PlatformClient(signed_in.url, issuer.token(tenant=name)) for name in ("audited", "stranger"))
    files = [(f"audited-{number}.png", signed_in.picture(77_040 + number)) for number in range(8)]
    owner.wait(owner.submit_job("audited", files).id, 60)
    drawn = owner.audit_sample().documents
    assert drawn
    assert stranger.audit_sample().documents == []
    for document in drawn:
        with pytest.raises(ApiError) as caught:
            stranger.decide_blind(document, "invoice")
        assert (caught.value.status, caught.value.code) == (404, "document-missing")
        assert owner.reviews(document.id) == []
    assert owner.audit_sample().documents == drawn
    for client in (owner, stranger):
        client.close()


def test_references_and_contents_of_tenants_do_not_meet(signed_in: Any, issuer: OidcIssuer) -> None:
    files = [("same.png", signed_in.picture(77_003))]
    first, second = (
        PlatformClient(signed_in.url, issuer.token(tenant=tenant)) for tenant in ("one-tenant", "another-tenant")
    )
    jobs = [client.submit_job("same-reference", files) for client in (first, second)]
    assert jobs[0].id != jobs[1].id
    for client, job in zip((first, second), jobs, strict=True):
        (document,) = client.all_documents(job.id)
        assert document.duplicate_of is None
        client.close()


def test_a_page_token_is_good_for_its_tenant_alone(signed_in: Any, issuer: OidcIssuer) -> None:
    client = PlatformClient(signed_in.url, issuer.token(tenant="pages"))
    for number in range(2):
        client.submit_job(f"page-{number}", [("p.png", signed_in.picture(77_010 + number))])
    token = client.jobs(page_size=1).next_page_token
    client.close()
    answer = signed_in.call(
        "GET", "/v1/jobs", token=issuer.token(tenant="others"), params={"page_size": 1, "page_token": token}
    )
    assert answer.json()["code"] == "page-token-invalid"


def test_models_are_kept_by_the_home_tenant(signed_in: Any, issuer: OidcIssuer) -> None:
    for operation in ("POST /v1/dataset-versions", "POST /v1/trainings", "PUT /v1/models/production"):
        answer = call(signed_in, operation, issuer.token(tenant="acme"))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), operation
        assert call(signed_in, operation, issuer.token()).status_code != 403


def test_the_home_tenants_dataset_has_what_others_have_given(signed_in: Any, issuer: OidcIssuer) -> None:
    """Another tenant's admin adds examples; the home tenant's admin freezes them and never sees them."""
    giver = PlatformClient(signed_in.url, issuer.token(tenant="giver"))
    home = PlatformClient(signed_in.url, issuer.token())
    for number, name in enumerate(("given-one", "given-two")):
        giver.add_examples(name, [("g.png", signed_in.picture(77_020 + number))])
    assert {"given-one", "given-two"} <= set(home.create_dataset_version().classes)
    assert not {"given-one", "given-two"} & {each.name for each in home.classes()}
    assert home.examples("given-one").examples == []
    giver.close()
    home.close()


def test_a_signed_address_is_good_for_its_document_alone(
    signed_in: Any, issuer: OidcIssuer, possessions: dict[str, str]
) -> None:
    token = issuer.token(tenant="owner")
    address = signed_in.call("GET", f"/v1/documents/{possessions['document_id']}", token=token).json()["thumbnail_url"]
    assert signed_in.call("GET", address, token=None).status_code == 200
    for changed in (address.replace("tenant=owner", "tenant=stranger"), address.replace("signature=", "signature=A")):
        assert signed_in.call("GET", changed, token=None).json()["code"] == "link-expired"


def test_every_answer_has_the_headers_that_keep_browsers_safe(signed_in: Any) -> None:
    for path in ("/v1/jobs", "/v1/nothing", "/livez", "/openapi.json"):
        headers = signed_in.call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in signed_in.call("GET", "/docs").headers["content-security-policy"]


def test_a_caller_that_calls_too_fast_is_told_when_to_call_again(module_installation: Callable[..., Any]) -> None:
    installation = module_installation(PIGEONHOLE_API_CALLS_PER_SECOND="0.02", PIGEONHOLE_API_CALLS_AT_ONCE="3")
    installation.start_api()
    answers = [installation.call("GET", "/v1/jobs") for _ in range(5)]
    assert [answer.status_code for answer in answers][:3] == [200] * 3
    limited = answers[-1]
    assert (limited.status_code, limited.json()["code"]) == (429, "rate-limited")
    assert 1 <= int(limited.headers["retry-after"]) <= 50
    assert installation.call("GET", "/readyz").status_code == 200
