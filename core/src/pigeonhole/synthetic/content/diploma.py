"""Diplomas, transcripts with marks, and certificates written as letters."""

from pigeonhole.synthetic.blocks import Block, Content, Fields, Figure, Letterhead, Paragraphs, Table, Totals
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief


def build_diploma(brief: Brief) -> Content:
    """Write the award of the brief's person."""
    values = {
        "person": brief.person.formal_name,
        "degree": brief.say.one_of("degrees"),
        "field": brief.say.one_of("fields"),
        "honours": brief.say.one_of("honours"),
        "year": str(brief.issued.year),
    }
    slots: dict[str, tuple[Block, ...]] = {
        "sender": _school(brief),
        "title": pieces.heading(brief, values["field"] if brief.happens(0.3) else ""),
        "meta": (_candidate(brief, values),),
        "mark": (Figure("emblem", brief.draw.randrange(10_000)),) if brief.happens(0.4) else pieces.marks(brief, 0.2),
        "notes": pieces.notes(brief),
        "sign": pieces.signature(brief, brief.say.label("signed")),
        "legal": pieces.legal_line(brief) if brief.happens(0.4) else (),
    }
    if brief.confuser and brief.happens(0.5):
        slots |= _transcript(brief)
    elif brief.confuser and brief.happens(0.6):
        slots["recipient"] = pieces.addressee(brief.person)
        slots["main"] = (Paragraphs((*brief.say.essential("attest", **values),)),)
    else:
        slots["main"] = (Paragraphs((*brief.say.essential("grant", **values),), align="centre"),)
    return Content(slots)


def _school(brief: Brief) -> tuple[Block, ...]:
    name = brief.say.one_of("schools", share=0.5).format(town=brief.company.address.town)
    if brief.happens(0.2):
        name = brief.company.name
    lines = brief.company.address.lines if brief.happens(0.5) else ()
    return (Letterhead(name, lines, brief.company.logo if brief.happens(0.6) else None),)


def _candidate(brief: Brief, values: dict[str, str]) -> Fields:
    say, person = brief.say, brief.person
    pairs = [(say.label("student"), person.formal_name)]
    optional = [
        (say.label("birth"), brief.day(person.born)),
        (say.label("birthplace"), person.birthplace),
        (say.label("field"), values["field"]),
        (say.label("session"), values["year"]),
        (say.label("honours"), values["honours"]),
        (say.label("number"), brief.code()),
        (say.label("issued"), brief.day(brief.issued)),
    ]
    return Fields(tuple(pairs + [pair for pair in optional if brief.happens(0.5)]))


def _transcript(brief: Brief) -> dict[str, tuple[Block, ...]]:
    say = brief.say
    marks = [(unit, brief.draw.uniform(8, 18)) for unit in say.several_of("units", brief.draw.randint(4, 8))]
    rows = [(unit, str(brief.draw.randint(2, 8)), f"{mark:.2f}") for unit, mark in marks]
    average = sum(mark for _, mark in marks) / len(marks)
    return {
        "main": (Table((say.label("unit"), say.label("credits"), say.label("mark")), tuple(rows)),),
        "totals": (Totals(((say.label("total"), f"{average:.2f}"),)),),
    }
