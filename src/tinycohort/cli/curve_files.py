"""The CSV files of `tinycohort reconstruct`: the points of a curve, and the numbers at risk below it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from ..issues import InputError, Issue
from .cohort_rows import number_problem
from .text_file import check_delimiter, read_rows

__all__ = ["CURVE", "RISK", "Columns", "in_its_place", "read_columns"]

CURVE = ("time_months", "survival")
RISK = ("time_months", "at_risk")


@dataclass(frozen=True)
class Columns:
    """Two columns of numbers.

    Parameters
    ----------
    path : str
        The file.
    names : tuple of str
        What they are called.
    numbers : dict of str to list of float
        By name.
    rows : list of int
        Where each number stands, as a spreadsheet counts rows.
    """

    path: str
    names: tuple[str, ...]
    numbers: dict[str, list[float]]
    rows: list[int]


def read_columns(path: str, names: tuple[str, ...]) -> Columns:
    """Read a file with these columns; everything that is wrong with it at once."""
    wanted = f"Columns are {', '.join(names)}, one row per point."
    rows = read_rows(path, wanted)
    header = [name.strip() for name in rows[0]]
    _check_header(f"{path}, row 1", header, names, wanted)
    issues: list[Issue] = []
    found = Columns(path, names, {name: [] for name in names}, [])
    for row, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            what = f"{len(cells)} cells under {len(header)} headings"
            mend = "Look for a missing or superfluous comma, or a quote left open."
            issues.append(Issue(f"{path}, row {row}", what, mend))
            continue
        found.rows.append(row)
        for name in names:
            text = cells[header.index(name)].strip()
            problem = number_problem(text)
            if problem:
                issues.append(Issue(f"{path}, row {row}, {name}", *problem))
            else:
                found.numbers[name].append(float(text))
    if not issues and not found.rows:
        issues.append(Issue(path, "there is a header and no point", "Add one row per point."))
    if issues:
        raise InputError(issues)
    return found


def _check_header(where: str, header: list[str], names: tuple[str, ...], wanted: str) -> None:
    check_delimiter(where, header)
    if header and all(number_problem(name) is None for name in header):
        raise InputError(
            Issue(where, f"numbers ({', '.join(header)}) where names were expected", f"Add them. {wanted}")
        )
    issues = []
    for name in dict.fromkeys(header):
        if name not in names:
            near = difflib.get_close_matches(name.lower(), {*names} - {*header}, n=1, cutoff=0.5)
            mend = f"Did you mean {near[0]!r}?" if near else "Remove it, or correct its name."
            issues.append(Issue(where, f"unknown column {name!r}", f"{mend} {wanted}"))
        elif header.count(name) > 1:
            issues.append(Issue(where, f"the column {name!r} stands there {header.count(name)} times", "Keep one."))
    issues += [Issue(where, f"the column {name!r} is missing", "Add it.") for name in names if name not in header]
    if issues:
        raise InputError(issues)


def in_its_place(issue: Issue, curve: Columns, risk: Columns | None) -> Issue:
    """The same issue with the file, row and column, or the option, that the name of an argument stands for."""
    places = {"times_months": (curve, "time_months"), "survival": (curve, "survival")}
    if risk is not None:
        places |= {"at_risk_times_months": (risk, "time_months"), "at_risk": (risk, "at_risk")}

    def place(argument: str) -> str:
        name, _, position = re.sub(r"\]$", "", argument).partition("[")
        if name not in places:
            return f"--{argument.replace('_', '-')}"
        columns, heading = places[name]
        row = f", row {columns.rows[int(position)]}" if position else ""
        return f"{columns.path}{row}, {heading}"

    where = "; ".join(place(argument) for argument in issue.where.split(", "))
    return Issue(where, issue.what, issue.mend, issue.severity)
