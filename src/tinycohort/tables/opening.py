"""The text of a table's file, and its first row: what keeps it from being read at all."""

from __future__ import annotations

import codecs
import difflib
from pathlib import Path
from typing import Final

from ..issues import Issue
from ..records import columns_of

__all__ = ["LARGEST_FILE", "check_header", "header_line", "read_text"]

#: Bytes. The bundled tables take well under one million.
LARGEST_FILE: Final = 20_000_000

_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
_COMMAS: Final = "Save the file with commas, and with points in numbers; in LibreOffice: Save as, Edit filter settings."
_UTF_8: Final = "Save the file as CSV in UTF-8; in Excel that format is called CSV UTF-8."


def header_line(table: str) -> str:
    """The first row that a table must have."""
    return ",".join(columns_of(table))


def read_text(path: Path) -> tuple[str, list[Issue]]:
    """The text of a file; or nothing, and why."""
    name = path.name
    if not path.exists():
        return "", [Issue(name, f"there is no such file in {str(path.parent)!r}", _beside(path))]
    if not path.is_file():
        return "", [Issue(name, "this is a folder, and a file was expected", "Put the table in a file of that name.")]
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            what = f"the file has {size:,} bytes, more than the limit of {LARGEST_FILE:,}"
            return "", [Issue(name, what, "A table of evidence is far smaller: is this the right file?")]
        data = path.read_bytes()
    except OSError as error:
        return "", [Issue(name, f"the file cannot be read: {error.strerror}", "See to its permissions.")]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "", [Issue(f"{name}, line 1", "the file is UTF-16, which some programs call Unicode", _UTF_8)]
    if b"\0" in data:
        row = data[: data.index(b"\0")].count(b"\n") + 1
        what = "the file contains a NUL byte: is it a spreadsheet's own format?"
        return "", [Issue(f"{name}, line {row}", what, _UTF_8)]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        what = f"byte {data[error.start : error.start + 1]!r} is not UTF-8"
        return "", [Issue(f"{name}, line {row}", what, _UTF_8)]


def _beside(path: Path) -> str:
    """What to do about a file that is missing: save, or rename, the one that is meant."""
    try:
        names = sorted(item.name for item in path.parent.iterdir() if item.stem.lower() == path.stem)
    except OSError:
        names = []
    if names:
        return f"There is {names[0]!r}: save it as CSV, under the name {path.name}."
    return f"Add it, if only with its header: {header_line(path.stem)}"


def check_header(table: str, header: list[str], name: str) -> list[Issue]:
    """Everything that is wrong with the first row of a table."""
    known, where = list(columns_of(table)), f"{name}, row 1"
    only = header[0] if len(header) == 1 else ""
    for delimiter, plural in _DELIMITERS.items():
        if only.count(delimiter) >= 2:
            return [Issue(where, f"columns are separated by {plural} ({delimiter!r})", _COMMAS)]
    if not set(header) & set(known):
        what = f"{','.join(header)[:60]!r} names no column of {table}"
        return [Issue(where, what, f"Remove the rows above the header; it is: {header_line(table)}")]
    issues: list[Issue] = []
    missing = [column for column in known if column not in header]
    for column in filter(None, dict.fromkeys(header)):
        if header.count(column) > 1:
            what = f"the column {column!r} stands there {header.count(column)} times"
            issues.append(Issue(f"{where}, {column}", what, "Keep one."))
        if column not in known:
            near = difflib.get_close_matches(column.strip().lower().replace(" ", "_"), missing, n=1, cutoff=0.6)
            mend = f"Did you mean {near[0]!r}?" if near else "Remove it; what it says may stand in note."
            issues.append(Issue(f"{where}, {column}", f"{column!r} is not a column of {table}", mend))
    if "" in header:
        places = ", ".join(str(place) for place, column in enumerate(header, start=1) if not column)
        mend = "Delete columns that are not part of the table."
        issues.append(Issue(where, f"there is no heading over column {places}", mend))
    issues += [Issue(where, f"the column {column!r} is missing", "Add it.") for column in missing]
    return issues
