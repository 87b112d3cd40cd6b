"""What is wrong with a cell of a baseline table, or with the levels of one of its variables."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from .. import vocabulary as v
from ..issues import Issue, doubt
from ..measures import numbers_in, prints_as
from ..records import Characteristic
from ..tables import Tables

__all__ = ["check_characteristic", "check_levels"]


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
    if row.category == "p_value" and not any(0 <= number <= 1 for _, number in numbers_in(row.printed)):
        yield doubt(f"{where}, printed", f"{row.printed!r} is no p-value", "Quote the cell as printed.")
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


def _check_group(rows: list[tuple[str, Characteristic]], people: int | None, excused: bool) -> Iterator[Issue]:
    """The counts at the levels of one variable of one cohort, each with its place."""
    variable = rows[0][1].variable
    exclusive = variable not in v.SEVERAL_LEVELS
    totals = Counter(row.total for _, row in rows if row.total is not None)
    usual = max(totals, key=lambda total: totals[total], default=None)
    for where, row in rows:
        if row.total is not None and people is not None and row.total > people:
            what = f"{row.total} people in a baseline of {row.cohort_id!r}, which has {people}"
            yield doubt(f"{where}, total", what, "Correct one of the two.")
        if row.total != usual and exclusive:
            what = f"a total of {row.total}, and {usual} at the other levels of {variable}"
            yield doubt(f"{where}, total", what, "Correct the one that is wrong.")
    where, row = rows[-1]
    at_levels = sum(row.count or 0 for _, row in rows)
    if len(rows) > 1 and exclusive and not excused and usual is not None and at_levels != usual:
        what = f"the levels of {variable} of {row.cohort_id!r} add up to {at_levels} of {usual} people"
        mend = "Look for a wrong or a missing level; if it is printed so, say so in discrepancies.csv."
        yield doubt(f"{where}, count", what, mend)


def check_levels(tables: Tables) -> Iterator[Issue]:
    """Hold the levels of each variable against each other: of most variables each person is at one level.

    Parameters
    ----------
    tables : Tables
        As read.

    Yields
    ------
    Issue
        Doubts, unless a contradiction of the same variable is declared.
    """
    excused = {row.row_id.rpartition("/")[0] for row in tables.discrepancies if row.table == "characteristics"}
    groups: dict[tuple[str, str], list[tuple[str, Characteristic]]] = defaultdict(list)
    for index, row in enumerate(tables.characteristics):
        if row.count is not None:
            groups[row.cohort_id, row.variable].append((tables.where("characteristics", index), row))
    for (cohort_id, variable), rows in groups.items():
        people = getattr(tables.cohort.get(cohort_id), "total", None)
        yield from _check_group(rows, people, f"{cohort_id}/{variable}" in excused)
