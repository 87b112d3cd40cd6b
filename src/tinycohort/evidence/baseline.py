"""What is wrong with one cell of a baseline table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import vocabulary as v
from ..issues import Issue
from ..measures import numbers_in, prints_as
from ..records import Characteristic

__all__ = ["check_characteristic"]


def _percentage_in(printed: str) -> str | None:
    """The percentage of a cell: before its sign, or alone in round brackets, as in '12 (42.9)'.

    What stands in square brackets are words of whoever read it.
    """
    cell = re.sub(r"\[.*?\]", "", printed.replace("\N{MIDDLE DOT}", "."))
    number = r"([0-9]+(?:\.[0-9]+)?)"
    found = re.search(rf"{number}\s*%", cell) or re.search(rf"\(\s*{number}\s*(?:$|[),;])", cell)
    return found[1] if found else None


def check_characteristic(row: Characteristic, where: str) -> Iterator[Issue]:
    """Check one cell of a baseline table by itself.

    Parameters
    ----------
    row : Characteristic
        The cell.
    where : str
        Its place, for messages.

    Yields
    ------
    Issue
        A count among fewer people, one that was not printed, or a percentage that the count does not print.
    """
    if (row.count is None) != (row.category in v.STATISTIC):
        mend = f"Only the categories {', '.join(v.STATISTIC)} have no count."
        yield Issue(f"{where}, count", f"category {row.category!r} with count {row.count}", mend)
    if row.count is None:
        return
    if row.total is not None and row.count > row.total:
        yield Issue(f"{where}, count", f"{row.count} people among {row.total}", "Correct one of the two.")
    numbers = numbers_in(row.printed)
    if row.count not in [number for _, number in numbers]:
        what = f"{row.count} does not stand in {row.printed!r}"
        yield Issue(f"{where}, count", what, "Quote the cell as printed.")
    percentage = _percentage_in(row.printed)
    if row.total and percentage and not prints_as(row.count, row.total, percentage):
        what = f"{row.count} of {row.total} does not print as {percentage}%"
        yield Issue(f"{where}, printed", what, "Look again; if it is printed so, say so in discrepancies.csv.")
