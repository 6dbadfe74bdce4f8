"""Lives on a page: headed CVs, and applications written as letters."""

from pigeonhole.synthetic.blocks import (
    Block,
    Bullets,
    Content,
    Entries,
    Entry,
    Figure,
    Heading,
    Letterhead,
    Lines,
    Paragraphs,
)
from pigeonhole.synthetic.content import pieces
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.vocabulary import read_words


def build_cv(brief: Brief) -> Content:
    """Write the CV of the brief's person, or the letter that comes with it."""
    if brief.confuser and brief.happens(0.45):
        return _letter(brief)
    person = brief.person
    slots: dict[str, tuple[Block, ...]] = {
        "sender": (Letterhead(person.name, _contact_lines(brief), person.born.day if brief.happens(0.1) else None),),
        "title": pieces.heading(brief, brief.say.one_of("roles") if brief.happens(0.6) else ""),
        "intro": _profile(brief),
        "main": (*_experience(brief), *_education(brief)),
        "side": _side(brief),
        "mark": (Figure("photo", brief.draw.randrange(10_000)),) if brief.happens(0.4) else (),
        "notes": pieces.notes(brief),
        "sign": pieces.optional_signature(brief, 0.1),
    }
    return Content(slots)


def _contact_lines(brief: Brief) -> tuple[str, ...]:
    person = brief.person
    lines = [*person.address.lines, person.phone, person.mail]
    if brief.happens(0.35):
        lines.append(brief.day(person.born))
    return tuple(lines)


def _profile(brief: Brief) -> tuple[Block, ...]:
    sentences = brief.say.sentences("profile")
    if not sentences:
        return ()
    return (Heading(brief.say.label("profile")), Paragraphs(tuple(sentences)))


def _experience(brief: Brief) -> tuple[Block, ...]:
    year = brief.issued.year
    entries = []
    for role in brief.say.several_of("roles", brief.draw.randint(1, 4)):
        start = max(year - brief.draw.randint(1, 5), brief.person.born.year + 18)
        if start >= year:
            break
        details = tuple(brief.say.sentences("bullets")[:3])
        employer = f"{brief.draw.choice((brief.company, brief.second_company)).name}, {brief.company.address.town}"
        entries.append(Entry(f"{start} - {year}", role, employer, details))
        year = start
    return (Heading(brief.say.label("experience")), Entries(tuple(entries)))


def _education(brief: Brief) -> tuple[Block, ...]:
    year = min(brief.person.born.year + 22, brief.issued.year - 1)
    schools = read_words("diploma", brief.language)["schools"]
    entries = []
    for degree in brief.say.several_of("degrees", brief.draw.randint(1, 3)):
        school = brief.draw.choice(schools).format(town=brief.person.birthplace)
        entries.append(Entry(str(year), degree, school))
        year -= brief.draw.randint(1, 3)
    return (Heading(brief.say.label("education")), Entries(tuple(entries)))


def _side(brief: Brief) -> tuple[Block, ...]:
    parts = (("skills", "skills", 5), ("languages", "languages_known", 2), ("interests", "interests", 3))
    blocks: list[Block] = []
    for label, words, count in parts:
        if brief.happens(0.75):
            blocks.append(Heading(brief.say.label(label)))
            blocks.append(Bullets(tuple(brief.say.several_of(words, brief.draw.randint(2, count)))))
    return tuple(blocks)


def _letter(brief: Brief) -> Content:
    person, say = brief.person, brief.say
    body = say.essential(
        "letter", role=say.one_of("roles").lower(), company=brief.company.name, degree=say.one_of("degrees")
    )
    body = [text for text in body if brief.happens(0.8)] or body[:1]
    slots: dict[str, tuple[Block, ...]] = {
        "sender": (Letterhead(person.name, _contact_lines(brief)),),
        "recipient": (Lines((brief.second_company.name, *brief.second_company.address.lines)),),
        "title": pieces.heading(brief),
        "intro": (Paragraphs((say.shared("greetings"),)),),
        "main": (Paragraphs((*body, *say.sentences("profile"))),),
        "side": _side(brief) if brief.happens(0.3) else (),
        "notes": pieces.notes(brief),
        "sign": pieces.signature(brief, person.name),
    }
    return Content(slots)
