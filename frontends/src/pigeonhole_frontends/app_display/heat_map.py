"""Confusion matrices as tables whose cells are coloured by their share of the row."""

from collections.abc import Callable, Sequence

from pigeonhole_frontends.app_display.markup import breakable, escaped
from pigeonhole_frontends.app_session.language import Language

Matrix = Sequence[Sequence[int]]
_MOST_COLOUR = 62
"""Percent of colour in the darkest cell: the text on it stays readable in light and in dark mode."""


def heat_map(labels: Sequence[str], confusion: Matrix, language: Language) -> str:
    """Return a confusion matrix: rows are true classes, columns predicted ones; each cell has count and row share."""

    def cell(row: int, column: int) -> str:
        count, total = confusion[row][column], sum(confusion[row])
        share = count / total if total else 0.0
        hue = "right" if row == column else "wrong"
        detail = language.html("heat_map.cell", true=labels[row], predicted=labels[column], count=count, total=total)
        return _cell(hue, share, language.whole(count), language.percent(share) if total else "–", detail)

    return _matrix(labels, language.text("heat_map.caption"), cell, language)


def difference_map(labels: Sequence[str], before: Matrix, after: Matrix, language: Language) -> str:
    """Return what changed from one matrix to the other, in points of the row's share and in documents."""

    def cell(row: int, column: int) -> str:
        change = _share(after, row, column) - _share(before, row, column)
        better = change == 0 or (change > 0) == (row == column)
        count = after[row][column] - before[row][column]
        detail = language.html(
            "heat_map.change", true=labels[row], predicted=labels[column], before=before[row][column],
            after=after[row][column],
        )  # fmt: skip
        points = language.text("heat_map.points", points=language.signed(100 * change, 0))
        return _cell("right" if better else "wrong", abs(change), language.signed(count, 0), points, detail)

    return _matrix(labels, language.text("heat_map.difference_caption"), cell, language)


def _matrix(labels: Sequence[str], caption: str, cell: Callable[[int, int], str], language: Language) -> str:
    columns = "".join(f'<th scope="col">{breakable(label)}</th>' for label in labels)
    rows = "".join(
        f'<tr><th scope="row">{breakable(label)}</th>' + "".join(cell(i, j) for j in range(len(labels))) + "</tr>"
        for i, label in enumerate(labels)
    )
    axes = f"{language.html('heat_map.rows')} \u2193 \u00a0 {language.html('heat_map.columns')} \u2192"
    return (
        f'<p class="ph-muted">{escaped(caption)}</p>'
        f'<div class="ph-scroll" role="region" aria-label="{escaped(caption)}" tabindex="0">'
        f'<table class="ph-heat"><caption class="ph-hidden">{escaped(caption)}</caption>'
        f'<thead><tr><td class="ph-axes">{axes}</td>{columns}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(hue: str, strength: float, count: str, share: str, detail: str) -> str:
    amount = round(_MOST_COLOUR * min(1.0, strength))
    return (
        f'<td class="ph-{hue}" style="--ph-amount:{amount}%" title="{detail}">'
        f"<b>{escaped(count)}</b><small>{escaped(share)}</small></td>"
    )


def _share(matrix: Matrix, row: int, column: int) -> float:
    total = sum(matrix[row])
    return matrix[row][column] / total if total else 0.0
