"""The CSV file of `tinycohort pool`: read strictly, with every problem at once and in its place."""

from __future__ import annotations

import difflib
from typing import Any

from ..issues import InputError, Issue
from .cohort_rows import (
    COUNTS,
    ESTIMATES,
    GROUP,
    LARGEST_COUNT,
    LARGEST_NUMBER,
    PERCENTAGES,
    TWO_ARMS,
    check_label,
    check_level,
    check_together,
    read_row,
)
from .text_file import LARGEST_FILE, check_delimiter, read_rows

__all__ = [
    "COUNTS", "ESTIMATES", "GROUP", "LARGEST_COUNT", "LARGEST_FILE", "LARGEST_NUMBER", "MOST_COHORTS", "PERCENTAGES",
    "TWO_ARMS", "read_cohort_file",
]  # fmt: skip

#: What the columns of a file may be.
SHAPES = (COUNTS, PERCENTAGES, TWO_ARMS, ESTIMATES)

#: Each is left out in turn, which at this number takes many minutes.
MOST_COHORTS = 500

_ALSO = {
    "level": ", or type --given-level 0.95 if all intervals have that level",
    GROUP: ": --pooling nested must know which group each cohort belongs to",
}
_WANTED = f"Columns are {'; or '.join(', '.join(shape) for shape in SHAPES)}."


def read_cohort_file(
    path: str, given_level: float | None = None, ratio: bool = False, grouped: bool = False
) -> dict[str, list[Any]]:
    """Read the cohorts of a CSV file.

    Parameters
    ----------
    path : str
        The file: UTF-8 with or without a byte-order mark, commas, one row per cohort.
    given_level : float, optional
        Level of all intervals, where the file has no column of it.
    ratio : bool
        Whether estimates are ratios, and so must be positive.
    grouped : bool
        Whether there must be a column of groups.

    Returns
    -------
    dict of str to list
        Columns label and events, total; or percentage (as text), total; or events, total, control_events,
        control_total; or estimate, lower, upper, level. And group, if the file has it.

    Raises
    ------
    InputError
        Everything that is wrong with it, each with its row as a spreadsheet counts it.
    """
    rows = read_rows(path, _WANTED)
    header = [name.strip() for name in rows[0]]
    names = _check_header(path, header, given_level, grouped)
    issues: list[Issue] = []
    columns: dict[str, list[Any]] = {name: [] for name in names}
    first_use: dict[str, int] = {}
    for row, cells in enumerate(rows[1:], start=2):
        where = f"{path}, row {row}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            what = f"{len(cells)} cells under {len(header)} headings"
            issues.append(Issue(where, what, "Look for a missing or superfluous comma, or a quote left open."))
            continue
        values = read_row(dict(zip(header, cells, strict=True)), names, where, issues)
        if given_level is not None and "level" in columns:
            values["level"] = given_level
        check_label(values["label"], row, first_use, where, issues)
        check_together(values, where, ratio, issues)
        for name in names:
            columns[name].append(values[name])
    if not issues and not columns["label"]:
        issues.append(Issue(path, "there is a header and no cohort", "Add one row per cohort."))
    if len(columns["label"]) > MOST_COHORTS:
        what = f"{len(columns['label']):,} cohorts, and at most {MOST_COHORTS} can be pooled at once"
        issues.append(Issue(path, what, "Is this the right file? Add up patients into cohorts."))
    if issues:
        raise InputError(issues)
    return columns


def _check_header(path: str, header: list[str], given_level: float | None, grouped: bool) -> tuple[str, ...]:
    """Which columns the file has, of counts or of estimates; everything that is wrong with the first row otherwise."""
    where = f"{path}, row 1"
    if not any(header):
        raise InputError(Issue(where, "the first row is empty", _WANTED))
    check_delimiter(where, header)
    issues = []
    known = {name for shape in SHAPES for name in shape} | {GROUP}
    for name in dict.fromkeys(header):
        if name not in known:
            near = difflib.get_close_matches(name.lower(), known - {*header}, n=1, cutoff=0.6)
            mend = f"Did you mean {near[0]!r}?" if near else "Remove it, or correct its name."
            issues.append(Issue(where, f"unknown column {name!r}", f"{mend} {_WANTED}"))
        elif header.count(name) > 1:
            issues.append(Issue(where, f"the column {name!r} stands there {header.count(name)} times", "Keep one."))
    names = shape = _find_shape(header, where, issues)
    if GROUP in header or grouped:
        names = (*shape, GROUP)
    missing = [name for name in names if name not in header and (name, given_level is None) != ("level", False)]
    for name in missing:
        also = _ALSO.get(name, "")
        issues.append(Issue(where, f"the column {name!r} is missing", f"Add it{also}."))
    if given_level is not None:
        issues += _check_given_level(given_level, header, shape is ESTIMATES)
    if issues:
        raise InputError(issues)
    return names


def _find_shape(header: list[str], where: str, issues: list[Issue]) -> tuple[str, ...]:
    """Which columns are meant; an error when they are of two shapes that exclude each other."""
    counts, controls, percentages, estimates = (
        [name for name in names if name in header]
        for names in (COUNTS[1:], TWO_ARMS[3:], PERCENTAGES[1:2], ESTIMATES[1:])
    )
    both = None
    if estimates and (counts or controls or percentages):
        others = ", ".join([*percentages, *counts, *controls])
        both = f"counts ({others}) and estimates ({', '.join(estimates)}) together"
    elif percentages and ("events" in counts or controls):
        others = ", ".join(name for name in [*counts, *controls] if name != "total")
        both = f"counts ({others}) and percentages together"
    if both is not None:
        raise InputError([*issues, Issue(where, both, "Give one or the other.")])
    if estimates:
        return ESTIMATES
    return PERCENTAGES if percentages else TWO_ARMS if controls else COUNTS


def _check_given_level(level: float, header: list[str], estimates: bool) -> list[Issue]:
    if not estimates:
        return [Issue("--given-level", "counts have no intervals", "Leave it out.")]
    if "level" in header:
        return [Issue("--given-level", "the file has a column 'level' of its own", "Keep one of the two.")]
    return check_level(level, "--given-level")
