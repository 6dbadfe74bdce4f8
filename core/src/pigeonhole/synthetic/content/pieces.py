"""Parts that documents of every class share: issuer, addressee, heading, notes, signature, legal line."""

from pigeonhole.synthetic.blocks import Block, Figure, Letterhead, Lines, Paragraphs, Title
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.people import Company, Person


def issuer(brief: Brief, company: Company | None = None) -> tuple[Block, ...]:
    """The letterhead of a company."""
    source = company or brief.company
    lines = [*source.address.lines]
    if brief.happens(0.6):
        lines.append(source.phone)
    if brief.happens(0.4):
        lines.append(source.mail)
    return (Letterhead(source.name, tuple(lines), source.logo if brief.happens(0.8) else None),)


def addressee(person: Person) -> tuple[Block, ...]:
    """Name and address as on an envelope."""
    return (Lines((person.formal_name, *person.address.lines), strong_first=True),)


def heading(brief: Brief, subtitle: str = "", title: str | None = None) -> tuple[Block, ...]:
    """The title when the document still has it, else nothing or words that any document may carry."""
    text = title or brief.say.title()
    if brief.title_shown:
        return (Title(text, subtitle),)
    return (Title(brief.say.neutral_title(), subtitle),) if brief.happens(0.4) else ()


def notes(brief: Brief, *texts: str) -> tuple[Block, ...]:
    """Remarks of the document, sentences of every class, and phrases of other classes."""
    fillers = brief.say.fillers(brief.draw.randint(1, 3), phone=brief.company.phone, other=brief.other.formal_name)
    sentences = [*texts, *fillers, *brief.say.foreign_phrases()]
    brief.draw.shuffle(sentences)
    return (Paragraphs(tuple(sentences), small=brief.happens(0.5)),)


def signature(brief: Brief, words: str = "") -> tuple[Block, ...]:
    """Place and date, closing words, a signature, and sometimes a round stamp."""
    place = brief.company.address.town
    line = f"{place}, {'le ' if brief.language == 'fr' else ''}{brief.day(brief.issued)}"
    blocks: list[Block] = [Lines((line, words or brief.say.shared("closings")))]
    blocks.append(Figure("signature", brief.draw.randrange(10_000)))
    if brief.happens(0.25):
        blocks.append(Figure("seal", brief.draw.randrange(10_000), brief.company.name.upper()))
    return tuple(blocks)


def optional_signature(brief: Brief, probability: float, words: str = "") -> tuple[Block, ...]:
    """A signature on some documents, nothing on the others."""
    return signature(brief, words) if brief.happens(probability) else ()


def marks(brief: Brief, probability: float = 0.3) -> tuple[Block, ...]:
    """A square or bar code on some documents of every class."""
    if not brief.happens(probability):
        return ()
    return (Figure(brief.draw.choice(("qr", "barcode")), brief.draw.randrange(10_000)),)


def legal_line(brief: Brief) -> tuple[Block, ...]:
    """The small print at the foot of the page."""
    company = brief.company
    text = brief.say.shared("legal").format(
        company=company.name,
        legal_form=company.legal_form,
        capital=company.capital,
        siret=company.siret,
        vat=company.vat,
        phone=company.phone,
        mail=company.mail,
        address=company.address.on_one_line,
        registration=brief.code(),
    )
    return (Paragraphs((text,), small=True, align="centre"),)
