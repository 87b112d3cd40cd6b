"""What comparisons have in common: a table, and what must be said beside it."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["Findings", "as_columns", "shown_number"]


class Findings(ABC):
    """A table with a title and remarks.

    Attributes
    ----------
    title : str
        What it is.
    remarks : tuple of str
        What must be said beside it, a sentence each.
    """

    title: str
    remarks: tuple[str, ...]

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `table` as dictionaries of plain values."""

    @abstractmethod
    def text(self) -> list[str]:
        """The table in lines of text, without title and remarks."""

    @property
    def table(self) -> pandas.DataFrame:
        """The rows as a table."""
        import pandas

        return pandas.DataFrame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, text, lists and dictionaries; what there is not is None."""
        return {"title": self.title, "rows": self.rows(), "remarks": list(self.remarks)}

    def __repr__(self) -> str:
        return "\n".join([self.title, *self.text(), *self.remarks])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def as_columns(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of text under their headers: the first column to the left, the others to the right."""
    lines = [list(headers), *map(list, rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(headers))]
    return [
        "  ".join(f"{cell:<{width}}" if k == 0 else f"{cell:>{width}}" for k, (cell, width) in
                  enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip


def shown_number(value: float | None, form: str = ".2f") -> str:
    """A number as a table shows it; a dash where there is none."""
    return "-" if value is None else format(value, form)


def plain(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with lists for tuples."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in mapping.items()}
