"""One page of a listing, continued after the last row's key and never by counting rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, tuple_

from pigeonhole_api.signing import Key, Signer


@dataclass(frozen=True)
class PageRequest:
    """Which page of which listing: `listing` names it with its filters, `token` is the page before's."""

    listing: str
    size: int
    token: str | None


@dataclass(frozen=True)
class Page:
    """Rows, and the token of the page after them when there is one."""

    rows: Sequence[Row[Any]]
    next_page_token: str | None


def read_page(
    connection: Connection,
    statement: Select[Any],
    request: PageRequest,
    signer: Signer,
    *,
    order: Sequence[ColumnElement[Any]],
    key: Callable[[Row[Any]], Key],
    descending: bool = False,
) -> Page:
    """Return one page of a listing.

    Args:
        connection: The transaction.
        statement: The rows to page through, filtered and not yet ordered.
        request: Which page.
        signer: Makes and checks the tokens.
        order: The columns to order by; together they are unique.
        key: Returns those columns' values of a row.
        descending: Whether the greatest key comes first.

    Raises:
        Refusal: 422 `page-token-invalid`.
    """
    if request.token:
        last = signer.page_key(request.listing, request.token)
        here = tuple_(*order)
        statement = statement.where(here < last if descending else here > last)
    ordered = statement.order_by(*(column.desc() if descending else column.asc() for column in order))
    rows = connection.execute(ordered.limit(request.size + 1)).all()
    if len(rows) <= request.size:
        return Page(rows, None)
    rows = rows[: request.size]
    return Page(rows, signer.page_token(request.listing, key(rows[-1])))
