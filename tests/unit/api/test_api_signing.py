"""Page tokens and image addresses cannot be forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_api.problems import Refusal
from pigeonhole_api.signing import Signer

pytestmark = pytest.mark.unit
SIGNER = Signer("a secret of the platform", url_seconds=3600)
PATH = "/v1/documents/doc_1/thumbnail"
TENANT = "a tenant & co"


def parts(path: str) -> tuple[str, str]:
    query = dict(each.split("=", 1) for each in path.partition("?")[2].split("&"))
    return query["expires"], query["signature"]


@given(st.lists(st.one_of(st.text(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False)), max_size=3))
def test_a_page_token_gives_its_key_back(key: list[str | int | float]) -> None:
    assert SIGNER.page_key("jobs", SIGNER.page_token("jobs", tuple(key))) == tuple(key)


@given(st.text())
def test_any_other_text_is_no_page_token(token: str) -> None:
    with pytest.raises(Refusal) as caught:
        SIGNER.page_key("jobs", token)
    assert (caught.value.status, caught.value.code) == (422, "page-token-invalid")


def test_a_page_token_of_another_listing_or_platform_is_refused() -> None:
    token = SIGNER.page_token("jobs", ("job_1",))
    for signer, listing in ((SIGNER, "documents"), (Signer("another secret", url_seconds=3600), "jobs")):
        with pytest.raises(Refusal):
            signer.page_key(listing, token)


def test_a_signed_path_is_good_for_itself_until_its_end() -> None:
    now = 1_000_000.0
    expires, signature = parts(SIGNER.signed_path(PATH, TENANT, now))
    assert SIGNER.allows(PATH, TENANT, expires, signature, now)
    assert SIGNER.allows(PATH, TENANT, expires, signature, now + 3600)
    assert not SIGNER.allows(PATH, TENANT, expires, signature, now + 7200)
    assert not SIGNER.allows("/v1/documents/doc_2/thumbnail", TENANT, expires, signature, now)
    assert not SIGNER.allows(PATH, TENANT, str(int(expires) + 1), signature, now)
    assert not SIGNER.allows(PATH, "another", expires, signature, now)
    for wrong in ("", "é", "A" * 22):
        assert not SIGNER.allows(PATH, TENANT, expires, wrong, now)
    for wrong in ("", "-1", "1e9", "٣", "9" * 30):
        assert not SIGNER.allows(PATH, TENANT, wrong, signature, now)


def test_a_signed_path_stays_the_same_for_a_while_so_that_browsers_keep_the_image() -> None:
    start = 3600.0 * 300
    assert SIGNER.signed_path(PATH, TENANT, start) == SIGNER.signed_path(PATH, TENANT, start + 3599)
    assert SIGNER.signed_path(PATH, TENANT, start) != SIGNER.signed_path(PATH, TENANT, start + 3600)
