"""API keys: made, found when one is shown, and revoked; a revoked key's row stays for the audit trail."""

from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.auth.api_keys import ApiKey
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.database import Database, database_now, now
from pigeonhole_api.database.tables import api_keys
from pigeonhole_api.models import ApiKeyPage, ApiKeyRequest, ApiKeySummary
from pigeonhole_api.problems import database_unavailable, missing
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.retention import DAY
from pigeonhole_api.signing import Signer

_log = get_logger(__name__)
_USE_NOTED_SECONDS = 60
"""A key's last use is kept to this many seconds, so that a call by key is not a write each time."""

_IS_UNNOTED = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < database_now() - _USE_NOTED_SECONDS)
_IS_LIVE = api_keys.c.revoked_at.is_(None) & (api_keys.c.expires_at > database_now())


def insert_api_key(connection: Connection, key: ApiKey, wanted: ApiKeyRequest, caller: Caller) -> ApiKeySummary:
    """Keep a new key's hash and return what is known of it."""
    present = now(connection)
    connection.execute(
        insert(api_keys).values(
            id=key.id,
            tenant=caller.tenant,
            name=wanted.name,
            secret_sha256=key.secret_sha256,
            roles=sorted(set(wanted.roles)),
            created_by=caller.name,
            created_at=present,
            expires_at=present + wanted.days * DAY,
        )
    )
    record(connection, caller, "api-key.created", key.id, roles=",".join(sorted(set(wanted.roles))))
    return _to_summary(connection.execute(select(api_keys).where(api_keys.c.id == key.id)).one())


def list_api_keys(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> ApiKeyPage:
    """Return a page of a tenant's keys that can be used, the newest first."""
    page = read_page(
        connection,
        select(api_keys).where(api_keys.c.tenant == tenant, _IS_LIVE),
        request,
        signer,
        order=(api_keys.c.created_at, api_keys.c.id),
        key=lambda row: (row.created_at, row.id),
        descending=True,
    )
    return ApiKeyPage(api_keys=[_to_summary(row) for row in page.rows], next_page_token=page.next_page_token)


def revoke_api_key(connection: Connection, key_id: str, caller: Caller) -> None:
    """Let a key be of no use from now on.

    Raises:
        Refusal: 404 `api-key-missing`.
    """
    own = (api_keys.c.id == key_id, api_keys.c.tenant == caller.tenant, api_keys.c.revoked_at.is_(None))
    if connection.execute(update(api_keys).where(*own).values(revoked_at=database_now())).rowcount == 0:
        raise missing("api-key", key_id)
    record(connection, caller, "api-key.revoked", key_id)


class KeyHolders:
    """Finds out whose key was shown, with transactions of its own: no route has begun yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: ApiKey) -> Caller | None:
        """Return who a key acts as, or None when it is not one that can be used; its use is kept.

        Raises:
            Refusal: 503 `database-unavailable`.
        """
        try:
            with self._database.read() as connection:
                shown = select(api_keys, _IS_UNNOTED.label("unnoted")).where(api_keys.c.id == key.id, _IS_LIVE)
                row = connection.execute(shown).one_or_none()
            # Compared also when there is no such key, so that the time tells nothing.
            if not key.matches("" if row is None else row.secret_sha256) or row is None:
                return None
            if row.unnoted:
                with self._database.write() as connection:
                    unnoted = (api_keys.c.id == key.id, _IS_UNNOTED)
                    connection.execute(update(api_keys).where(*unnoted).values(last_used_at=database_now()))
        except SQLAlchemyError as error:
            _log.exception("database_failed")
            raise database_unavailable() from error
        roles = frozenset(Role(role) for role in row.roles)
        return Caller(row.name, tenant=row.tenant, roles=roles, key_id=row.id, expires_at=row.expires_at)


def _to_summary(row: Row[Any]) -> ApiKeySummary:
    return ApiKeySummary(
        id=row.id,
        name=row.name,
        roles=[Role(role) for role in row.roles],
        created_by=row.created_by,
        created_at=to_moment(row.created_at),
        expires_at=to_moment(row.expires_at),
        last_used_at=to_moment(row.last_used_at),
    )
