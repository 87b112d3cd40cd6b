"""What `show` returns: the same content as lines, as HTML and as plain types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..spec.display import as_html, as_text

__all__ = ["Section", "Shown", "printable"]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, each line with its label."""

    heading: str
    rows: Sequence[tuple[str, str]]


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

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        blocks = [
            as_text(printable(part.heading), [(label, printable(text)) for label, text in part.rows])
            if part.rows
            else printable(part.heading)
            for part in self.sections
        ]
        return "\n\n".join(blocks).split("\n")

    def to_dict(self) -> dict[str, Any]:
        """The same as dictionaries, lists, text, numbers, booleans and None."""
        return json.loads(json.dumps(self.content))

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "\n".join(as_html(part.heading, part.rows) for part in self.sections)


def printable(text: str) -> str:
    """Text from a file as a terminal may show it: line breaks and control characters become spaces."""
    return "".join(character if character.isprintable() else " " for character in text)
