"""Bank account slips, certificates of an account, and mandates."""

from pigeonhole.synthetic.blocks import Block, Cells, Content, Fields, Lines, Paragraphs, Table
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.identifiers import digits, grouped, invalid_bic, invalid_iban, invalid_rib_key


def build_bank_details(brief: Brief) -> Content:
    """Write the account details of the brief's person at the brief's company."""
    iban = invalid_iban(brief.draw, brief.language)
    account = _account_parts(brief)
    as_letter = brief.confuser and brief.happens(0.4)
    slots: dict[str, tuple[Block, ...]] = {
        "sender": pieces.issuer(brief),
        "recipient": pieces.addressee(brief.person),
        "title": pieces.heading(brief),
        "meta": (_holder(brief),),
        "main": _letter(brief, iban) if as_letter else (*_account(brief, account), _international(brief, iban)),
        "side": _agency(brief),
        "mark": pieces.marks(brief),
        "notes": pieces.notes(brief, *brief.say.sentences("mandate" if brief.happens(0.2) else "use")),
        "sign": pieces.optional_signature(brief, 0.8 if as_letter else 0.15),
        "legal": pieces.legal_line(brief),
    }
    return Content(slots)


def _account_parts(brief: Brief) -> tuple[tuple[str, str], ...]:
    say, draw = brief.say, brief.draw
    bank, branch, number = digits(draw, 5), digits(draw, 5), digits(draw, 11)
    if brief.language == "en":
        sort_code = grouped(digits(draw, 6), 2).replace(" ", "-")
        return ((say.label("branch"), sort_code), (say.label("account"), digits(draw, 8)))
    key = invalid_rib_key(draw, bank, branch, number)
    return (
        (say.label("bank"), bank),
        (say.label("branch"), branch),
        (say.label("account"), number),
        (say.label("key"), key),
    )


def _account(brief: Brief, parts: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    form = brief.draw.choice(("cells", "table", "fields", "none"))
    if form == "cells":
        return (Cells(parts),)
    if form == "table":
        return (Table(tuple(label for label, _ in parts), (tuple(value for _, value in parts),)),)
    return (Fields(parts),) if form == "fields" else ()


def _international(brief: Brief, iban: str) -> Fields:
    pairs = [(brief.say.label("iban"), grouped(iban, 4))]
    if brief.happens(0.8):
        pairs.append((brief.say.label("bic"), invalid_bic(brief.draw, brief.language)))
    return Fields(tuple(pairs))


def _holder(brief: Brief) -> Fields:
    say = brief.say
    pairs = [(say.label("holder"), brief.person.formal_name)]
    if brief.happens(0.4):
        pairs.append((say.label("currency"), "EUR" if brief.language == "fr" else "GBP"))
    if brief.happens(0.5):
        pairs.append((say.label("opened"), brief.day(brief.issued)))
    return Fields(tuple(pairs))


def _agency(brief: Brief) -> tuple[Block, ...]:
    if not brief.happens(0.6):
        return ()
    return (Lines((brief.say.label("agency"), brief.company.name, *brief.company.address.lines), strong_first=True),)


def _letter(brief: Brief, iban: str) -> tuple[Block, ...]:
    prose = brief.say.essential("prose", person=brief.person.formal_name, account=grouped(iban, 4))
    return (Paragraphs((brief.say.shared("greetings"), *prose)),)
