"""The audit screen: who did what, and when."""

import re

import streamlit as st

from pigeonhole_api.models import AuditEvent
from pigeonhole_frontends.app_display.markup import escaped, table, unbroken
from pigeonhole_frontends.app_session import platform, show_screen
from pigeonhole_frontends.app_session.language import Language

_PAGES = "audit_pages_shown"
_ID_SHOWN = 8
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def draw(language: Language) -> None:
    """Draw the events, newest first."""
    st.write(language.text("audit.lead"))
    events, more = _events()
    if not events:
        st.info(language.text("audit.none"), icon=":material/info:")
        return
    head = [language.text(f"audit.{column}") for column in ("at", "actor", "action", "resource", "details", "request")]
    st.html(table(language.text("audit.title"), head, [_row(each, language) for each in events]))
    if more and st.button(language.text("list.more"), icon=":material/expand_more:"):
        st.session_state[_PAGES] = st.session_state.get(_PAGES, 1) + 1
        st.rerun()


def _row(event: AuditEvent, language: Language) -> list[str]:
    request_id = event.request_id or ""
    return [
        unbroken(language.moment(event.at)),
        escaped(event.actor),
        unbroken(language.known("action", event.action)),
        f"<code>{escaped(event.resource)}</code>",
        escaped(_details(event)),
        f'<code title="{escaped(request_id)}">{escaped(request_id[:_ID_SHOWN])}</code>',
    ]


def _details(event: AuditEvent) -> str:
    known = {name: str(value) for name, value in event.details.items() if value is not None}
    return ", ".join(f"{name}: {_HASH.sub(lambda found: found[0][:12], value)}" for name, value in known.items())


def _events() -> tuple[list[AuditEvent], bool]:
    events: list[AuditEvent] = []
    token: str | None = None
    for _ in range(st.session_state.get(_PAGES, 1)):
        page = platform().audit_events(page_token=token)
        events.extend(page.events)
        token = page.next_page_token
        if token is None:
            break
    return events, token is not None


if __name__ == "__main__":
    show_screen("audit.title", draw, no_model="model.none_for_admins")
