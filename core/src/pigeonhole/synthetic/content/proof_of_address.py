"""Papers that show where someone lives: bills, rent receipts, tax notices, insurance and hosting certificates."""

from pigeonhole.synthetic.blocks import Block, Content, Fields, Figure, Paragraphs, Table, Totals
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief

TABLE_KINDS = ("utility", "utility", "rent", "tax", "insurance")


def build_proof_of_address(brief: Brief) -> Content:
    """Write a proof of the brief's person's address; confusers share the wording of invoices."""
    if brief.confuser and brief.happens(0.35):
        return _hosting_letter(brief)
    return _statement(brief, brief.draw.choice(TABLE_KINDS))


def _statement(brief: Brief, kind: str) -> Content:
    rows = [
        (row, round(brief.draw.uniform(5, 420), 2)) for row in brief.say.rows("rows", brief.draw.randint(2, 7), kind)
    ]
    total = sum(amount for _, amount in rows)
    values = {
        "amount": brief.money(total),
        "person": brief.person.formal_name,
        "address": brief.person.address.on_one_line,
    }
    slots: dict[str, tuple[Block, ...]] = {
        "sender": pieces.issuer(brief),
        "recipient": pieces.addressee(brief.person),
        "title": pieces.heading(brief, brief.month(brief.issued) if brief.happens(0.4) else ""),
        "meta": (_references(brief, kind),),
        "intro": _paragraph(brief.say.sentences(kind, **values)),
        "main": (_charges(brief, kind, rows),),
        "totals": _totals(brief, total),
        "side": _consumption(brief, kind),
        "mark": pieces.marks(brief),
        "notes": pieces.notes(brief),
        "sign": pieces.optional_signature(brief, 0.8 if kind in ("rent", "insurance") else 0.1),
        "legal": pieces.legal_line(brief),
    }
    return Content(slots)


def _references(brief: Brief, kind: str) -> Fields:
    say = brief.say
    pairs = [(say.label("client"), brief.code()), (say.label("issued"), brief.day(brief.issued))]
    optional = [
        (say.label("contract"), brief.code()),
        (say.label("holder"), brief.person.name),
        (say.label("site"), brief.person.address.on_one_line),
        (say.label("period"), f"{brief.day(brief.later(-90, -60))} - {brief.day(brief.issued)}"),
        (say.label("due"), brief.day(brief.later(8, 30))),
    ]
    if kind == "utility":
        optional.append((say.label("meter"), brief.code()))
    return Fields(tuple(pairs + [pair for pair in optional if brief.happens(0.55)]))


def _charges(brief: Brief, kind: str, rows: list[tuple[str, float]]) -> Table:
    say = brief.say
    if kind != "utility":
        return Table(
            (say.label("item"), say.label("amount")),
            tuple((row, brief.money(value, sign=False)) for row, value in rows),
        )
    cells = []
    for row, value in rows:
        quantity = brief.draw.randint(2, 900)
        cells.append((row, str(quantity), brief.money(value / quantity, sign=False), brief.money(value, sign=False)))
    return Table((say.label("item"), say.label("quantity"), say.label("unit"), say.label("amount")), tuple(cells))


def _totals(brief: Brief, total: float) -> tuple[Block, ...]:
    return (Totals(((brief.say.label("total"), brief.money(total)),)),) if brief.happens(0.85) else ()


def _consumption(brief: Brief, kind: str) -> tuple[Block, ...]:
    if kind != "utility" or not brief.happens(0.6):
        return ()
    return (Figure("chart", brief.draw.randrange(10_000)),)


def _hosting_letter(brief: Brief) -> Content:
    body = brief.say.essential(
        "hosting",
        other=brief.other.formal_name,
        person=brief.person.formal_name,
        date=brief.day(brief.later(-900, -90)),
        address=brief.other.address.on_one_line,
    )
    slots: dict[str, tuple[Block, ...]] = {
        "sender": (*pieces.addressee(brief.other),),
        "recipient": pieces.addressee(brief.person) if brief.happens(0.3) else (),
        "title": pieces.heading(brief),
        "main": (Paragraphs(tuple(body)),),
        "mark": pieces.marks(brief, 0.1),
        "notes": pieces.notes(brief),
        "sign": pieces.signature(brief, brief.other.name),
    }
    return Content(slots)


def _paragraph(sentences: list[str]) -> tuple[Block, ...]:
    return (Paragraphs(tuple(sentences)),) if sentences else ()
