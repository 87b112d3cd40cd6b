"""A page of labelled lines, and what it looks like as text of any width and as HTML."""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["NARROWEST", "WIDTH", "Row", "Section", "Shown"]

#: Characters in a line of text where nothing else is asked for, and the fewest that may be asked for.
WIDTH, NARROWEST = 80, 60

_INDENT, _GAP = 2, 2
#: Columns in front of the text may take so much of a line; the few cells that are longer stand out of line.
_MOST_IN_FRONT = 1 / 2
#: Text of several lines stands beside the columns, where the section asks for it, if they take no more than this.
_MOST_BESIDE = 2 / 5


@dataclass(frozen=True)
class Row:
    """Something said: `lead` stands in front in aligned columns, the text flows, each of `below` begins a line."""

    text: str = ""
    lead: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it.

    Attributes
    ----------
    heading : str
        In a line or more.
    rows : sequence of Row
        What stands under it.
    level : int
        0 is the whole page, 1 a part of it, 2 a part of that.
    beside : bool
        Whether text of several lines stands beside what is in front of it, and not below.
    """

    heading: str
    rows: Sequence[Row] = ()
    level: int = 1
    beside: bool = False


@dataclass(frozen=True)
class Shown:
    """What `show` found.

    Attributes
    ----------
    sections : tuple of Section
        For people.
    content : mapping
        For programs; `to_dict` gives a copy in plain types.
    """

    sections: tuple[Section, ...]
    content: Mapping[str, Any] = field(repr=False)

    def text(self, width: int = WIDTH) -> str:
        """The page as text.

        Parameters
        ----------
        width : int
            Longest line, in characters; at least 60 are used. Addresses of the web are never cut.
        """
        return "\n".join(_page_lines(self.sections, max(width, NARROWEST)))

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        return self.text().split("\n")

    def to_dict(self) -> dict[str, Any]:
        """The same as dictionaries, lists, text, numbers, booleans and None."""
        return json.loads(json.dumps(self.content))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return "\n".join(_section_html(section) for section in self.sections)


# -- text --


def _page_lines(sections: Iterable[Section], width: int) -> Iterator[str]:
    for number, section in enumerate(sections):
        if number and section.level < 2:
            yield ""
        margin = _INDENT * max(section.level - 1, 0)
        yield from _wrapped(section.heading, width, margin, margin + 2 * _INDENT)
        columns = _columns(section.rows, int(_MOST_IN_FRONT * (width - margin)))
        for row in section.rows:
            yield from _row_lines(row, columns, margin + _INDENT, width, section.beside)


def _wrapped(text: str, width: int, first: int, others: int) -> list[str]:
    lines = textwrap.wrap(
        _printable(text),
        width,
        initial_indent=" " * first,
        subsequent_indent=" " * others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    # A word that is too long for its place moves to the left: addresses and identifiers are never cut.
    return [line if len(line) <= width else line.strip().rjust(width) for line in lines]


def _columns(rows: Sequence[Row], most: int) -> tuple[int, ...]:
    """Widths of the columns in front: of most rows the longest cell, without the few that would take too much."""
    leads = [row.lead for row in rows if row.lead]
    lengths = [
        sorted({len(lead[k]) for lead in leads if k < len(lead)}) for k in range(max(map(len, leads), default=0))
    ]
    while sum(each[-1] + _GAP for each in lengths) > most:
        longest = max(lengths, key=lambda each: each[-1] if len(each) > 1 else 0)
        if len(longest) == 1:
            break
        longest.pop()
    return tuple(each[-1] for each in lengths)


def _fits(lead: Sequence[str], columns: Sequence[int]) -> bool:
    return len(lead) <= len(columns) and all(len(cell) <= room for cell, room in zip(lead, columns, strict=False))


def _row_lines(row: Row, columns: tuple[int, ...], margin: int, width: int, beside: bool) -> Iterator[str]:
    if not row.lead:
        yield from _wrapped(row.text, width, margin, margin)
        yield from _below(row, margin + _INDENT, width)
        return
    padded = [cell.ljust(room) for cell, room in zip(row.lead, columns, strict=False)]
    front = " " * margin + (" " * _GAP).join([*padded, *row.lead[len(padded) :]])
    start = margin + sum(room + _GAP for room in columns)
    if not _fits(row.lead, columns):
        front = front.rstrip()
        start = len(front) + _GAP
    if start + len(row.text) <= width:
        yield _printable(f"{front.ljust(start)}{row.text}").rstrip()
        yield from _below(row, margin + 2 * _INDENT, width)
    elif beside and _fits(row.lead, columns) and start <= _MOST_BESIDE * width and _breaks(row, width - start):
        lines = _wrapped(row.text, width, start, start)
        yield _printable(front.ljust(start)) + lines[0][start:]
        yield from lines[1:]
        yield from _below(row, start, width)
    else:
        yield from _front_lines(front.rstrip(), margin, width)
        yield from _wrapped(row.text, width, margin + 2 * _INDENT, margin + 2 * _INDENT)
        yield from _below(row, margin + 2 * _INDENT, width)


def _breaks(row: Row, room: int) -> bool:
    """Whether no word is longer than the room that there is."""
    return all(len(word) <= room for text in (row.text, *row.below) for word in text.split())


def _front_lines(front: str, margin: int, width: int) -> list[str]:
    """What stands in front, alone on its line: with its columns if it fits, wrapped if not."""
    if len(front) <= width:
        return [_printable(front)]
    empty = len(front) - len(front.lstrip())  # a first column that is empty, as it is the same as in the row above
    indent = empty if empty < width / 3 else margin
    return _wrapped(front.strip(), width, indent, indent + _INDENT)


def _below(row: Row, margin: int, width: int) -> Iterator[str]:
    for text in row.below:
        yield from _wrapped(text, width, margin, margin + _INDENT)


def _printable(text: str) -> str:
    """Text from a file as a terminal may show it: line breaks and control characters become spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


# -- HTML --


def _section_html(section: Section) -> str:
    columns = max((len(row.lead) for row in section.rows), default=0)
    body = "".join(_row_html(row, columns) for row in section.rows)
    heading = f"h{min(section.level, 2) + 3}"
    table = f"<table><tbody>{body}</tbody></table>" if body else ""
    return f"<{heading}>{html.escape(_printable(section.heading))}</{heading}>{table}"


def _row_html(row: Row, columns: int) -> str:
    style = "text-align:left;vertical-align:top"
    front = "".join(f'<th scope="row" style="{style}">{html.escape(_printable(cell))}</th>' for cell in row.lead)
    below = "".join(f"<div>{html.escape(_printable(text))}</div>" for text in row.below)
    span = columns + 1 - len(row.lead)
    return f'<tr>{front}<td colspan="{span}" style="{style}">{html.escape(_printable(row.text))}{below}</td></tr>'
