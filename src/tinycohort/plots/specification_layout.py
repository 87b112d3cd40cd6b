"""Where everything of a specification curve goes: words at the left, the estimates above, what differs below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .canvas import SIZE, SMALL, literal, text_width, too_small, wrapped
from .choices import Choice
from .specification_rows import Specification

__all__ = ["CHOICE_LINE", "KEY_AT", "KEY_GAP", "KEY_LINE", "MANY", "CurveLayout", "OptionRow", "lay_out_curve"]

# Inches.
CHOICE_LINE = 0.125
_EDGE, _GAP, _TICKS = 0.06, 0.12, 0.3
_PANEL, _PANEL_LEAST = 1.9, 1.0
_TOP, _UNDER = 0.12, 0.1
_BETWEEN = 0.045
_NAME_MOST, _OPTION_MOST = 1.25, 1.75
_COLUMN_LEAST, _COLUMN_WANTED = 0.13, 0.2
# Of so many columns that their names would be all there is to see: narrow ones, only the main analysis named.
MANY, _COLUMN_OF_MANY = 40, 0.09
_NAMES_MOST = 1.6
_SPACE = 0.05
_WORDS_LEAST = 1.6
# A line of the key beside the estimates, what stands before its text, and lines between it and what is above.
KEY_LINE, KEY_AT, KEY_GAP = 0.14, 0.24, 0.4


@dataclass(frozen=True)
class OptionRow:
    """One line of what can be chosen, or of what a variant rests on.

    Attributes
    ----------
    name : list of str
        Of the choice, in lines that begin beside its first option; empty beside the others.
    option : list of str
        In lines.
    height : float
        In inches.
    choice, option_index : int
        Which option of which choice; -1 in a row of numbers.
    numbers : tuple of str
        What stands in each column, in a row of numbers.
    """

    name: list[str]
    option: list[str]
    height: float
    choice: int = -1
    option_index: int = -1
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class CurveLayout:
    """Places in inches: across from the left end of the axes, down from their bottom.

    Attributes
    ----------
    width, left : float
        Of the figure, and where the axes begin.
    name_width : float
        Of the column of choices.
    rows : list of OptionRow
        Below the axes.
    names : list of str
        Of the variants, below the rows; each in one line or more.
    label : list of str
        What the estimates are, in lines.
    key : list of list of str
        What each mark means, in lines.
    spare : float
        How much higher it would be with the rows for which it is too narrow.
    """

    width: float
    left: float
    name_width: float
    rows: list[OptionRow]
    names: list[str]
    label: list[str]
    key: list[list[str]]
    spare: float

    @property
    def axes_width(self) -> float:
        return self.width - self.left - _EDGE

    @cached_property
    def below(self) -> float:
        """Room below the axes."""
        return _UNDER + sum(row.height for row in self.rows) + self.names_height + _EDGE

    @property
    def above(self) -> float:
        return _TOP

    @property
    def names_height(self) -> float:
        return _GAP + max(text_width(line, SMALL, "bold") for name in self.names for line in name.split("\n"))

    @property
    def height(self) -> float:
        """Of a figure of its own."""
        return self.above + max(_PANEL, self.key_height) + self.below

    @property
    def key_height(self) -> float:
        """Room for the words beside the estimates."""
        return (len(self.label) + sum(map(len, self.key)) + KEY_GAP) * KEY_LINE

    @property
    def tops(self) -> list[float]:
        """The upper end of each row."""
        heights = [row.height for row in self.rows]
        return [-_UNDER - sum(heights[:k]) for k in range(len(heights))]

    @property
    def names_at(self) -> float:
        """The upper end of the variants' names."""
        return -_UNDER - sum(row.height for row in self.rows) - 0.6 * _GAP

    @property
    def name_at(self) -> float:
        return _EDGE - self.left

    @property
    def option_at(self) -> float:
        return self.name_at + self.name_width + _GAP

    def check_room(self, width: float, height: float) -> None:
        """Refuse a box in which text would overlap.

        Raises
        ------
        InputError
            With the size that would do.
        """
        least = _COLUMN_OF_MANY if len(self.names) > MANY else _COLUMN_LEAST
        wide = self.left + _EDGE + least * len(self.names)
        high = self.above + max(_PANEL_LEAST, self.key_height) + self.below
        if width < wide - 1e-6 or height < high - 1e-6:
            raise too_small((width, height), (wide, high + self.spare), f"{len(self.names)} variants")


def lay_out_curve(
    columns: Sequence[Specification], found: Sequence[Choice], texts: Sequence[str], width: float, grow: bool
) -> CurveLayout:
    """The layout of so many variants in a figure of this width, or of a greater one where it may grow.

    Of `texts`, the first says what the estimates are, and the others what the marks mean.
    """
    rows = [row for i, choice in enumerate(found) for row in _option_rows(i, choice)]
    counted = _number_rows(columns)
    name_width = max((text_width(line, SMALL, "bold") for row in (*counted, *rows) for line in row.name), default=0.0)
    option_width = max((text_width(line, SMALL) for row in rows for line in row.option), default=0.0)
    words = max(name_width + _GAP + option_width, _WORDS_LEAST)
    left = _EDGE + words + _GAP + _TICKS
    label, *key = (wrapped(text, words - (KEY_AT if k else 0.0), SMALL if k else SIZE) for k, text in enumerate(texts))
    many = len(columns) > MANY
    if grow:
        width = max(width, left + _EDGE + (_COLUMN_OF_MANY if many else _COLUMN_WANTED) * len(columns))
    room = (width - left - _EDGE) / len(columns)
    # Numbers that would touch are left to the table.
    fitting = [row for row in counted if max(text_width(text, SMALL) for text in row.numbers) + _SPACE <= room]
    texts_below = [one.name if one.main else "" if many else one.short_name for one in columns]
    names = [_in_lines(literal(text), max(int(room / CHOICE_LINE), 1)) for text in texts_below]
    spare = sum(row.height for row in counted if row not in fitting)
    return CurveLayout(width, left, name_width, [*fitting, *rows], names, label, key, spare)


def _option_rows(i: int, choice: Choice) -> list[OptionRow]:
    """The options of one choice; the last is as high as the choice's name still needs."""
    name = wrapped(literal(choice.name), _NAME_MOST, SMALL)
    options = [wrapped(literal(text), _OPTION_MOST, SMALL) for text in choice.options]
    heights = [len(lines) * CHOICE_LINE + _BETWEEN for lines in options]
    heights[-1] += max(len(name) * CHOICE_LINE + _BETWEEN - sum(heights), 0.0)
    return [
        OptionRow(name if k == 0 else [], lines, height, i, k)
        for k, (lines, height) in enumerate(zip(options, heights, strict=True))
    ]


def _number_rows(columns: Sequence[Specification]) -> list[OptionRow]:
    counts = {
        "Number of cohorts": [one.cohorts for one in columns],
        "Number of people": [one.people for one in columns],
    }
    return [
        OptionRow([name], [], CHOICE_LINE + _BETWEEN, numbers=tuple("" if n is None else f"{n}" for n in numbers))
        for name, numbers in counts.items()
        if any(n is not None for n in numbers)
    ]


def _in_lines(name: str, most: int) -> str:
    """A name in no more lines than there is room for; what is cut off stands in the table."""
    lines = wrapped(name, _NAMES_MOST, SMALL)
    if len(lines) > most:
        while text_width(f"{lines[most - 1]}\N{HORIZONTAL ELLIPSIS}", SMALL) > _NAMES_MOST:
            lines[most - 1] = lines[most - 1][:-1]
        lines[most - 1 :] = [f"{lines[most - 1]}\N{HORIZONTAL ELLIPSIS}"]
    return "\n".join(lines)
