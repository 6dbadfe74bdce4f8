"""Invoices: itemised bills, fee notes written as letters, and bills that look like a utility's."""

from pigeonhole.synthetic.blocks import Block, Content, Fields, Paragraphs, Table, Totals
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.identifiers import grouped, invalid_iban


def build_invoice(brief: Brief) -> Content:
    """Write an invoice from the brief's company to its person."""
    lines = _item_lines(brief)
    net = sum(quantity * price for _, quantity, price in lines)
    slots: dict[str, tuple[Block, ...]] = {
        "sender": pieces.issuer(brief),
        "recipient": pieces.addressee(brief.person),
        "title": pieces.heading(brief, brief.code() if brief.happens(0.4) else ""),
        "meta": (_references(brief),),
        "totals": (_totals(brief, net),),
        "notes": pieces.notes(brief, *brief.say.sentences("terms")),
        "side": _payment(brief),
        "mark": pieces.marks(brief),
        "sign": pieces.optional_signature(brief, 0.3),
        "legal": pieces.legal_line(brief),
    }
    if brief.confuser and brief.happens(0.4):
        slots["main"] = _as_letter(brief, lines, net)
    else:
        slots["intro"] = _intro(brief)
        slots["main"] = (_items_table(brief, lines),)
    return Content(slots)


def _item_lines(brief: Brief) -> list[tuple[str, int, float]]:
    items = brief.say.rows("items", brief.draw.randint(1, 9))
    return [(item, brief.draw.randint(1, 12), round(brief.draw.uniform(4, 480), 2)) for item in items]


def _references(brief: Brief) -> Fields:
    say = brief.say
    pairs = [(say.label("number"), brief.code()), (say.label("date"), brief.day(brief.issued))]
    optional = [
        (say.label("due"), brief.day(brief.later(10, 60))),
        (say.label("client"), brief.code()),
        (say.label("order"), brief.code()),
        (say.label("billed"), brief.person.name),
    ]
    pairs += [pair for pair in optional if brief.happens(0.5)]
    return Fields(tuple(pairs))


def _items_table(brief: Brief, lines: list[tuple[str, int, float]]) -> Table:
    say = brief.say
    columns = [say.label("item"), say.label("quantity"), say.label("unit"), say.label("amount")]
    rows = [
        [item, str(quantity), brief.money(price, sign=False), brief.money(quantity * price, sign=False)]
        for item, quantity, price in lines
    ]
    if brief.happens(0.35):
        columns.insert(3, say.label("rate"))
        for row in rows:
            row.insert(3, "20 %")
    return Table(tuple(columns), tuple(tuple(row) for row in rows))


def _totals(brief: Brief, net: float) -> Totals:
    say = brief.say
    return Totals(
        (
            (say.label("subtotal"), brief.money(net)),
            (say.label("vat"), brief.money(net * 0.2)),
            (say.label("total"), brief.money(net * 1.2)),
        )
    )


def _intro(brief: Brief) -> tuple[Block, ...]:
    sentences = brief.say.sentences("intro")[:1]
    return (Paragraphs(tuple(sentences)),) if sentences else ()


def _as_letter(brief: Brief, lines: list[tuple[str, int, float]], net: float) -> tuple[Block, ...]:
    prose = brief.say.essential(
        "prose", item=", ".join(item for item, _, _ in lines), amount=brief.money(net), date=brief.day(brief.issued)
    )
    return (Paragraphs((brief.say.shared("greetings"), *prose)),)


def _payment(brief: Brief) -> tuple[Block, ...]:
    if not brief.happens(0.5):
        return ()
    account = grouped(invalid_iban(brief.draw, brief.language), 4)
    return (Fields(((brief.say.label("terms"), f"IBAN {account}"),)),)
