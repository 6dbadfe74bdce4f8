"""Payslips: tables of contributions, and monthly summaries in prose."""

from datetime import timedelta

from pigeonhole.synthetic.blocks import Block, Content, Fields, Paragraphs, Table, Totals
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.identifiers import grouped, invalid_iban, invalid_social_number
from pigeonhole.synthetic.vocabulary import read_words


def build_payslip(brief: Brief) -> Content:
    """Write the payslip of the brief's person for the month of issue."""
    gross = round(brief.draw.uniform(1500, 5200), 2)
    job = brief.draw.choice(read_words("cv", brief.language)["roles"])
    slots: dict[str, tuple[Block, ...]] = {
        "sender": pieces.issuer(brief),
        "recipient": pieces.addressee(brief.person),
        "title": pieces.heading(brief, brief.month(brief.issued) if brief.happens(0.5) else ""),
        "meta": (_staff_fields(brief, job),),
        "totals": (_totals(brief, gross),),
        "side": _payment(brief),
        "mark": pieces.marks(brief, 0.15),
        "notes": pieces.notes(brief, *brief.say.sentences("keep")),
        "sign": pieces.optional_signature(brief, 0.2),
        "legal": pieces.legal_line(brief),
    }
    if brief.confuser and brief.happens(0.35):
        slots["main"] = _as_letter(brief, gross, job)
    else:
        slots["main"] = (_contributions(brief, gross),)
    return Content(slots)


def _staff_fields(brief: Brief, job: str) -> Fields:
    say, person = brief.say, brief.person
    pairs = [(say.label("period"), brief.month(brief.issued)), (say.label("staff"), brief.code())]
    optional = [
        (say.label("employer"), brief.company.name),
        (say.label("employee"), person.name),
        (say.label("job"), job),
        (say.label("hired"), brief.day(max(brief.later(-4000, -100), person.born + timedelta(days=18 * 366)))),
        (say.label("grade"), str(brief.draw.randint(100, 420))),
        (say.label("ssn"), invalid_social_number(brief.draw, person.sex, person.born, brief.language)),
        (say.label("paid"), brief.day(brief.later(1, 6))),
        (say.label("leave"), f"{brief.draw.uniform(0, 25):.1f}"),
    ]
    return Fields(tuple(pairs + [pair for pair in optional if brief.happens(0.5)]))


def _contributions(brief: Brief, gross: float) -> Table:
    say = brief.say
    columns = [say.label("item"), say.label("base"), say.label("rate"), say.label("amount")]
    with_employer = brief.happens(0.5)
    if with_employer:
        columns.append(say.label("employer_share"))
    rows = []
    for item in say.rows("rows", brief.draw.randint(4, 11)):
        base = gross * brief.draw.choice((1.0, 0.98, 0.6))
        rate = brief.draw.uniform(0.3, 9.5)
        row = [item, brief.money(base, sign=False), f"{rate:.3f}", brief.money(base * rate / 100, sign=False)]
        rows.append((*row, brief.money(base * rate / 60, sign=False)) if with_employer else tuple(row))
    return Table(tuple(columns), tuple(rows))


def _totals(brief: Brief, gross: float) -> Totals:
    say = brief.say
    pairs = [(say.label("gross"), brief.money(gross))]
    if brief.happens(0.5):
        pairs.append((say.label("taxable"), brief.money(gross * 0.81)))
    if brief.happens(0.4):
        pairs.append((say.label("withheld"), brief.money(gross * 0.06)))
    return Totals((*pairs, (say.label("total"), brief.money(gross * 0.77))))


def _payment(brief: Brief) -> tuple[Block, ...]:
    if not brief.happens(0.4):
        return ()
    account = grouped(invalid_iban(brief.draw, brief.language), 4)
    return (Fields((("IBAN", account),)),)


def _as_letter(brief: Brief, gross: float, job: str) -> tuple[Block, ...]:
    prose = brief.say.essential(
        "prose",
        person=brief.person.formal_name,
        gross=brief.money(gross),
        amount=brief.money(gross * 0.77),
        job=job.lower(),
    )
    return (Paragraphs((brief.say.shared("greetings"), *prose)),)
