"""What stands on the pages: readable, inside the paper, marked as specimen where it must be."""

import itertools
from collections.abc import Iterator

import pytest

from pigeonhole.synthetic import CLASSES, LANGUAGES, FormatMix, GenerationSettings
from pigeonhole.synthetic.drafting import Draft, draft_document
from pigeonhole.synthetic.drawing.lettering import specimen_marks
from pigeonhole.synthetic.drawing.marks import Stroke, Text
from pigeonhole.synthetic.drawing.measuring import text_width
from pigeonhole.synthetic.drawing.painting import paint_pdf
from pigeonhole.synthetic.drawing.sheets import Sheet
from pigeonhole.synthetic.draws import child_draw
from pigeonhole.synthetic.plan import DocumentPlan, plan_corpus
from pigeonhole.synthetic.settings import FAMILIES
from pigeonhole.synthetic.vocabulary import read_words

pytestmark = pytest.mark.unit
BORN_DIGITAL = FormatMix(1, 0, 0, 0, 0)


def drafts(difficulty: float, count: int = 20, **settings: object) -> Iterator[Draft]:
    chosen = GenerationSettings(count=count, difficulty=difficulty, **settings)
    return (draft_document(plan, chosen) for plan in plan_corpus(chosen))


def first_sheet(draft: Draft) -> Sheet:
    return draft.leaves[0].placed[-1].sheet


@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_every_class_language_and_family_is_drawn(difficulty: float) -> None:
    settings = GenerationSettings(difficulty=difficulty, fonts="builtin")
    for class_name, language, family in itertools.product(CLASSES, LANGUAGES, range(FAMILIES)):
        draft = draft_document(DocumentPlan(class_name, language, family, 0, 0, "pdf"), settings)
        assert paint_pdf(draft.leaves).startswith(b"%PDF-")
        assert len(draft.text) > 60


@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_no_text_is_printed_over_another_or_leaves_the_page(difficulty: float) -> None:
    for draft in drafts(difficulty, formats=BORN_DIGITAL):
        for placed in itertools.chain.from_iterable(leaf.placed for leaf in draft.leaves):
            boxes = [text_box(mark) for mark in placed.sheet.marks if isinstance(mark, Text) and not mark.angle]
            for left, top, right, bottom in boxes:
                assert left >= 0
                assert top >= 0
                assert right <= placed.sheet.width + 1
                assert bottom <= placed.sheet.height
            assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))


def text_box(mark: Text) -> tuple[float, float, float, float]:
    """The letters' body: from the height of capitals to the baseline."""
    right = mark.x + text_width(mark.words, mark.font, mark.size) + mark.spacing * (len(mark.words) - 1)
    return (mark.x, mark.y - mark.size * 0.68, right, mark.y)


def overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 1


def test_what_is_placed_lies_on_the_paper_unless_a_scanner_missed_the_top() -> None:
    for draft in drafts(0.8):
        for leaf in draft.leaves:
            for placed in leaf.placed:
                assert placed.x >= -0.01
                assert placed.x + placed.size[0] <= leaf.width + 0.01
                assert placed.y + placed.size[1] <= leaf.height + 0.01
                assert placed.y >= -0.2 * leaf.height


def test_identity_papers_and_no_others_show_that_they_are_specimens() -> None:
    drawing = {mark.colour for mark in specimen_marks(400, 300, child_draw("specimen")) if isinstance(mark, Stroke)}
    for draft in drafts(0.5, count=30):
        sheets = [first_sheet(draft)]
        marked = [any(isinstance(mark, Stroke) and mark.colour in drawing for mark in sheet.marks) for sheet in sheets]
        assert all(marked) == (draft.plan.class_name == "identity_document")


def test_the_specimen_letters_lie_inside_the_page() -> None:
    for number, (width, height) in enumerate([(595, 842), (842, 595), (425, 272), (420, 595)] * 10):
        for mark in specimen_marks(width, height, child_draw("inside", number)):
            assert isinstance(mark, Stroke)
            assert all(0 <= x <= width and 0 <= y <= height for x, y in mark.points)


def test_at_difficulty_0_the_titles_are_there_and_the_class_can_be_told() -> None:
    titled = 0
    made = list(drafts(0.0, formats=BORN_DIGITAL))
    for draft in made:
        titles = read_words(draft.plan.class_name, draft.plan.language)["titles"]
        words = draft.text.upper().replace(" ", "")
        titled += any(title.upper().replace(" ", "") in words for title in titles)
    assert titled / len(made) > 0.88


def test_the_harder_the_fewer_titles_can_be_read() -> None:
    shares = []
    for difficulty in (0.0, 0.5, 1.0):
        sheets = [first_sheet(draft) for draft in drafts(difficulty)]
        readable = [any(title_is_readable(sheet, mark) for mark in sheet.marks) for sheet in sheets]
        shares.append(sum(readable) / len(readable))
    assert shares == sorted(shares, reverse=True)


def title_is_readable(sheet: Sheet, mark: object) -> bool:
    if sheet.title_box is None or not isinstance(mark, Text):
        return False
    left, top, right, bottom = sheet.title_box
    return mark.readable and left <= mark.x <= right and top <= mark.y <= bottom


def test_titles_are_lost_in_every_way_and_only_missing_where_there_is_a_text_layer() -> None:
    lost_in_scans = [first_sheet(draft) for draft in drafts(1.0, formats=FormatMix(0, 0, 1, 0, 0))]
    assert any(any(isinstance(mark, Text) and not mark.readable for mark in sheet.marks) for sheet in lost_in_scans)
    for draft in drafts(1.0, formats=BORN_DIGITAL):
        assert all(mark.readable for mark in first_sheet(draft).marks if isinstance(mark, Text))


def test_files_have_blank_backs_annexes_and_second_documents_at_the_middle_of_the_dial() -> None:
    leaves = [draft.leaves for draft in drafts(0.5, count=40)]
    assert any(not leaf.placed for pages in leaves for leaf in pages)
    assert any(len(pages[0].placed) == 2 for pages in leaves)
    assert {len(pages) for pages in leaves} >= {1, 2, 3}


def test_the_paper_s_size_does_not_depend_on_the_class() -> None:
    landscape = {class_name: [] for class_name in CLASSES}
    for draft in drafts(0.5, count=60):
        leaf = draft.leaves[0]
        landscape[draft.plan.class_name].append(leaf.width > leaf.height)
    shares = [sum(turned) / len(turned) for turned in landscape.values()]
    # 15 % of 60: two standard deviations are 9 points.
    assert all(0.02 <= share <= 0.31 for share in shares)
