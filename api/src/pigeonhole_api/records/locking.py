"""Rows that several workers could take, locked by one of them."""

from sqlalchemy import Select, select


def locked(chosen: Select[tuple[str]]) -> Select[tuple[str]]:
    """Return the ids of rows that are chosen and locked once, whatever the planner would make of a subquery."""
    rows = chosen.cte("chosen").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(rows.c.id)
