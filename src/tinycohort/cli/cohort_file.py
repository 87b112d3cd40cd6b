"""The CSV file of `tinycohort pool`: read strictly, with every problem at once and in its place."""

from __future__ import annotations

import csv
import difflib
import io
import stat
from pathlib import Path
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

__all__ = [
    "COUNTS", "ESTIMATES", "GROUP", "LARGEST_COUNT", "LARGEST_FILE", "LARGEST_NUMBER", "MOST_COHORTS", "PERCENTAGES",
    "TWO_ARMS", "read_cohort_file",
]  # fmt: skip

#: What the columns of a file may be.
SHAPES = (COUNTS, PERCENTAGES, TWO_ARMS, ESTIMATES)

#: Bytes. Far more than the cohorts that can be pooled take.
LARGEST_FILE = 10_000_000
#: Each is left out in turn, which at this number takes many minutes.
MOST_COHORTS = 500

_ALSO = {
    "level": ", or type --given-level 0.95 if all intervals have that level",
    GROUP: ": --pooling nested must know which group each cohort belongs to",
}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
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
    rows = _split(path, _read_text(path))
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


def _read_text(path: str) -> str:
    place = Path(path)
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(Issue(path, "this is a folder, and a file was expected", "Give one of its files."))
        if not stat.S_ISREG(status.st_mode):
            raise InputError(Issue(path, "this is not a regular file", "Save the table in a file."))
        if status.st_size > LARGEST_FILE:
            what = f"the file has {status.st_size:,} bytes, more than the limit of {LARGEST_FILE:,}"
            raise InputError(Issue(path, what, "A table of cohorts is far smaller: is this the right file?"))
        with place.open("rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise InputError(Issue(path, "there is no such file", _neighbour(place))) from None
    except PermissionError:
        raise InputError(Issue(path, "there is no permission to read it", "Ask for it, or copy the file.")) from None
    except OSError as error:
        raise InputError(Issue(path, f"it cannot be read ({error.strerror})", "Give the path of a CSV file.")) from None
    except ValueError as error:  # a path with a NUL byte
        if isinstance(error, InputError):
            raise
        raise InputError(Issue(repr(path), f"this is no path ({error})", "Give the path of a CSV file.")) from None
    return _decode(path, data)


def _decode(path: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {data[error.start]:#04x} is not UTF-8"
        where = f"{path}, line {data[: error.start].count(b'\n') + 1}"
        raise InputError(Issue(where, what, "Save the file as CSV in UTF-8.")) from None
    if "\0" in text:
        where = f"{path}, line {text[: text.index('\0')].count('\n') + 1}"
        raise InputError(Issue(where, "the file contains a NUL byte", "Save it as CSV in UTF-8."))
    if not text.strip():
        raise InputError(Issue(path, "the file is empty", _WANTED))
    return text


def _neighbour(place: Path) -> str:
    """A file beside it that may be meant."""
    try:
        beside = sorted(item.name for item in place.parent.iterdir() if item.suffix.lower() in (".csv", ".txt"))
    except OSError:
        beside = []
    near = difflib.get_close_matches(place.name, beside, n=1, cutoff=0.5)
    return f"Did you mean {str(place.with_name(near[0]))!r}?" if near else "Give the path of a CSV file."


def _split(path: str, text: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        where = f"{path}, after row {max(len(rows), 1)}"
        raise InputError(Issue(where, f"this is not CSV ({error})", "Look for a stray quote.")) from None
    return rows


def _check_header(path: str, header: list[str], given_level: float | None, grouped: bool) -> tuple[str, ...]:
    """Which columns the file has, of counts or of estimates; everything that is wrong with the first row otherwise."""
    where = f"{path}, row 1"
    if not any(header):
        raise InputError(Issue(where, "the first row is empty", _WANTED))
    if len(header) == 1:
        for delimiter, plural in _DELIMITERS.items():
            if delimiter in header[0]:
                what = f"columns are separated by {plural} ({delimiter!r})"
                raise InputError(Issue(where, what, "Save the file with commas, and with points as decimal marks."))
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
