"""Identity papers, all marked SPECIMEN, with machine-readable lines whose check digits are wrong."""

from datetime import date

from pigeonhole.synthetic.blocks import Block, CodeLines, Content, Fields, Figure, Lines, Paragraphs
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.identifiers import digits, invalid_card_mrz, invalid_passport_mrz


def build_identity_document(brief: Brief) -> Content:
    """Write an identity paper of the brief's person: a card, a passport page, or the receipt of an application."""
    if brief.confuser and brief.happens(0.35):
        return _receipt(brief)
    expiry = brief.later(300, 3600)
    slots: dict[str, tuple[Block, ...]] = {
        "sender": _state(brief),
        "title": pieces.heading(brief, brief.code() if brief.happens(0.3) else ""),
        "meta": (_document_fields(brief, expiry),),
        "main": (_holder_fields(brief),),
        "mark": (_portrait(brief), *_chip(brief)),
        "side": _address(brief),
        "notes": _remarks(brief),
        "sign": (Lines((brief.say.label("signature"),)), Figure("signature", brief.draw.randrange(10_000))),
        "legal": _machine_lines(brief, expiry),
    }
    return Content(slots, specimen=True)


def _receipt(brief: Brief) -> Content:
    slots: dict[str, tuple[Block, ...]] = {
        "sender": _state(brief),
        "recipient": pieces.addressee(brief.person),
        "title": pieces.heading(brief),
        "meta": (_document_fields(brief, brief.later(90, 180)),),
        "intro": (Paragraphs(tuple(brief.say.sentences("receipt"))),),
        "main": (_holder_fields(brief),),
        "mark": (_portrait(brief),) if brief.happens(0.5) else pieces.marks(brief),
        "notes": pieces.notes(brief, *brief.say.sentences("remarks")),
        "sign": pieces.signature(brief),
        "legal": pieces.legal_line(brief),
    }
    return Content(slots, specimen=True)


def _state(brief: Brief) -> tuple[Block, ...]:
    lines = (brief.say.one_of("issuers", share=0.5),) if brief.happens(0.75) else (brief.company.address.town.upper(),)
    emblem: tuple[Block, ...] = (Figure("emblem", brief.draw.randrange(10_000)),) if brief.happens(0.6) else ()
    return (*emblem, Lines(lines, strong_first=True))


def _holder_fields(brief: Brief) -> Fields:
    say, person = brief.say, brief.person
    pairs = [
        (say.label("surname"), person.surname.upper()),
        (say.label("given"), person.given),
        (say.label("birth"), brief.day(person.born)),
        (say.label("birthplace"), person.birthplace),
    ]
    optional = [
        (say.label("sex"), person.sex),
        (say.label("nationality"), {"fr": "Utopienne", "en": "Utopian"}[brief.language]),
        (say.label("height"), f"1{brief.decimal_mark}{brief.draw.randint(52, 95)} m"),
        (
            say.label("eyes"),
            brief.draw.choice(("bleu", "marron", "vert") if brief.language == "fr" else ("blue", "brown", "green")),
        ),
    ]
    return Fields(tuple(pairs + [pair for pair in optional if brief.happens(0.55)]))


def _document_fields(brief: Brief, expiry: date) -> Fields:
    say = brief.say
    pairs = [(say.label("number"), "SP" + digits(brief.draw, 7)), (say.label("expiry"), brief.day(expiry))]
    optional = [
        (say.label("issued"), brief.day(brief.issued)),
        (say.label("authority"), brief.company.address.town),
        (say.label("category"), brief.draw.choice(("B", "P", "A1 B", "ID"))),
    ]
    return Fields(tuple(pairs + [pair for pair in optional if brief.happens(0.6)]))


def _portrait(brief: Brief) -> Figure:
    return Figure("photo", brief.draw.randrange(10_000))


def _chip(brief: Brief) -> tuple[Block, ...]:
    return (Figure("chip", brief.draw.randrange(10_000)),) if brief.happens(0.3) else ()


def _address(brief: Brief) -> tuple[Block, ...]:
    if not brief.happens(0.4):
        return ()
    return (Fields(((brief.say.label("address"), brief.person.address.on_one_line),)),)


def _remarks(brief: Brief) -> tuple[Block, ...]:
    texts = [*brief.say.sentences("remarks")[:2], *brief.say.foreign_phrases()]
    return (Paragraphs(tuple(texts), small=True),) if texts else ()


def _machine_lines(brief: Brief, expiry: date) -> tuple[Block, ...]:
    if not brief.happens(0.65):
        return ()
    person = brief.person
    write = brief.draw.choice((invalid_passport_mrz, invalid_card_mrz))
    return (CodeLines(write(brief.draw, person.surname, person.given, person.sex, person.born, expiry)),)
