"""From the plan of a document to its pages: who and what, in which words, on which paper."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from pigeonhole.synthetic.blocks import Content, Lines, Paragraphs
from pigeonhole.synthetic.content import BUILDERS, Brief, pieces
from pigeonhole.synthetic.dial import Dial
from pigeonhole.synthetic.drawing.composing import compose_page
from pigeonhole.synthetic.drawing.layouts import layout_for
from pigeonhole.synthetic.drawing.paper import Leaf, choose_paper, cut_top, lay, lay_two
from pigeonhole.synthetic.drawing.sheets import Sheet, flatten
from pigeonhole.synthetic.drawing.stamping import stamp_marks, stamped_over
from pigeonhole.synthetic.draws import chance
from pigeonhole.synthetic.people import Person, company_pools, person_pools
from pigeonhole.synthetic.phrasing import Phrasing
from pigeonhole.synthetic.plan import DocumentPlan
from pigeonhole.synthetic.settings import CLASSES, LANGUAGES, GenerationSettings

PAGE_COUNTS = {1: 0.62, 2: 0.25, 3: 0.1, 4: 0.03}
SINGLE_PAGE_MEDIA = ("jpeg", "png")
_FIRST_DAY, _DAYS = date(2024, 1, 2), 900
_HIGHEST_CUT = 0.2
"""A scanner misses at most this share of a page's height."""


@dataclass(frozen=True)
class Draft:
    """The pages of a document and whose it is."""

    plan: DocumentPlan
    person: Person
    leaves: tuple[Leaf, ...]

    @property
    def text(self) -> str:
        """The words that can be read on its pages."""
        return "\n".join(leaf.text for leaf in self.leaves)


def draft_document(plan: DocumentPlan, settings: GenerationSettings) -> Draft:
    """Write and lay out every page of a document."""
    dial = Dial(settings.difficulty)
    draw = plan.draw("document")
    paper = choose_paper(plan.draw("paper"))
    brief = _brief(plan, dial, draw)
    first = _first_page(plan, settings, brief, dial, paper, draw)
    pages = _page_count(plan)
    further = (_further_page(plan, settings, brief, paper, draw) for _ in range(pages - 1))
    return Draft(plan, brief.person, (first, *further))


def _page_count(plan: DocumentPlan) -> int:
    if plan.medium in SINGLE_PAGE_MEDIA:
        return 1
    return plan.draw("pages").choices(tuple(PAGE_COUNTS), tuple(PAGE_COUNTS.values()))[0]


def _brief(plan: DocumentPlan, dial: Dial, draw: random.Random) -> Brief:
    people = [person for person in person_pools(plan.seed)[plan.family] if person.language == plan.language]
    person, other = draw.sample(people, 2)
    companies = company_pools(plan.seed)[plan.family][LANGUAGES.index(plan.language)]
    company, second_company = draw.sample(companies, 2)
    return Brief(
        language=plan.language,
        person=person,
        other=other,
        company=company,
        second_company=second_company,
        issued=_FIRST_DAY + timedelta(days=draw.randrange(_DAYS)),
        title_shown=True,
        confuser=chance(draw, dial.confuser),
        say=Phrasing(plan.class_name, plan.language, plan.family, draw, dial),
        draw=draw,
    )


def _first_page(
    plan: DocumentPlan,
    settings: GenerationSettings,
    brief: Brief,
    dial: Dial,
    paper: tuple[float, float],
    draw: random.Random,
) -> Leaf:
    fate = _title_fate(plan, dial)
    sheet = _compose(plan, settings, replace(brief, title_shown=fate != "missing"), BUILDERS[plan.class_name])
    if chance(draw, dial.stamp):
        sheet = _with_stamp(sheet, brief, draw)
    if chance(draw, dial.two_documents):
        return lay_two((sheet, _second_document(plan, settings, dial, draw)), paper, draw)
    if fate == "cropped" and (cut := _title_cut(sheet)):
        return cut_top(lay(sheet.without_title(cut, ()), paper, draw, may_turn=False), cut)
    if fate in ("cropped", "stamped"):
        sheet = stamped_over(sheet, _stamp_words(brief), draw)
    return lay(sheet, paper, draw, may_turn=plan.medium != "pdf")


def _title_fate(plan: DocumentPlan, dial: Dial) -> Literal["kept", "missing", "cropped", "stamped"]:
    """What becomes of the title; a file born digital keeps its words in the text layer, so there it can only miss."""
    draw = plan.draw("title")
    if chance(draw, dial.title_kept):
        return "kept"
    if plan.medium == "pdf":
        return "missing"
    return draw.choices(("missing", "cropped", "stamped"), (0.5, 0.2, 0.3))[0]


def _title_cut(sheet: Sheet) -> float:
    """How much to cut off so that half of the title is lost; 0 when the title stands too low, or there is none."""
    if sheet.title_box is None:
        return 0.0
    cut = (sheet.title_box[1] + sheet.title_box[3]) / 2
    return cut if cut < sheet.height * _HIGHEST_CUT else 0.0


def _compose(
    plan: DocumentPlan, settings: GenerationSettings, brief: Brief, build: Callable[[Brief], Content]
) -> Sheet:
    layout = layout_for(plan.class_name, plan.language, plan.family, settings.fonts)
    return flatten(compose_page(build(brief), layout, brief.draw), layout.skeleton.width)


def _stamp_words(brief: Brief) -> str:
    return brief.say.shared("stamps").format(date=brief.day(brief.later(1, 20)))


def _with_stamp(sheet: Sheet, brief: Brief, draw: random.Random) -> Sheet:
    x, y = sheet.width * draw.uniform(0.25, 0.75), sheet.height * draw.uniform(0.3, 0.9)
    size = min(sheet.width, sheet.height) * draw.uniform(0.022, 0.035)
    return replace(sheet, marks=sheet.marks + stamp_marks(_stamp_words(brief), x, y, size, draw))


def _second_document(plan: DocumentPlan, settings: GenerationSettings, dial: Dial, draw: random.Random) -> Sheet:
    """A document of any class, of the same family, that lies on the same scan."""
    neighbour = replace(plan, class_name=draw.choice(CLASSES))
    return _compose(neighbour, settings, _brief(neighbour, dial, draw), BUILDERS[neighbour.class_name])


def _further_page(
    plan: DocumentPlan, settings: GenerationSettings, brief: Brief, paper: tuple[float, float], draw: random.Random
) -> Leaf:
    """A blank back, an annex of sentences that any class has, or another page of the class for the same person."""
    kind = draw.choices(("blank", "annex", "same"), (0.4, 0.35, 0.25))[0]
    if kind == "blank":
        return Leaf(*paper)
    build = _annex if kind == "annex" else BUILDERS[plan.class_name]
    return lay(_compose(plan, settings, replace(brief, title_shown=False), build), paper, draw, may_turn=False)


def _annex(brief: Brief) -> Content:
    fillers = brief.say.fillers(brief.draw.randint(3, 6), phone=brief.company.phone, other=brief.other.formal_name)
    return Content(
        {
            "sender": pieces.issuer(brief),
            "recipient": (Lines((brief.person.formal_name,)),),
            "main": (Paragraphs(tuple(fillers)),),
            "legal": pieces.legal_line(brief),
        }
    )
