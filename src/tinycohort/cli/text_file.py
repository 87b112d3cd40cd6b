"""CSV files that a command reads: opened, decoded and split, or refused with what is wrong with them."""

from __future__ import annotations

import csv
import difflib
import io
import stat
from pathlib import Path

from ..issues import InputError, Issue

__all__ = ["LARGEST_FILE", "check_delimiter", "read_rows"]

#: Bytes. Far more than the tables that commands read take.
LARGEST_FILE = 10_000_000

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_rows(path: str, wanted: str) -> list[list[str]]:
    """The cells of each row of a file, the header among them; `wanted` says what an empty file should hold."""
    return _split(path, _read_text(path, wanted))


def check_delimiter(where: str, header: list[str]) -> None:
    """Refuse a header of one column that is several, separated by something else than commas."""
    if len(header) == 1:
        for delimiter, plural in _DELIMITERS.items():
            if delimiter in header[0]:
                what = f"columns are separated by {plural} ({delimiter!r})"
                raise InputError(Issue(where, what, "Save the file with commas, and with points as decimal marks."))


def _read_text(path: str, wanted: str) -> str:
    place = Path(path)
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(Issue(path, "this is a folder, and a file was expected", "Give one of its files."))
        if not stat.S_ISREG(status.st_mode):
            raise InputError(Issue(path, "this is not a regular file", "Save the table in a file."))
        if status.st_size > LARGEST_FILE:
            what = f"the file has {status.st_size:,} bytes, more than the limit of {LARGEST_FILE:,}"
            raise InputError(Issue(path, what, "Such a table is far smaller: is this the right file?"))
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
    return _decode(path, data, wanted)


def _decode(path: str, data: bytes, wanted: str) -> str:
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
        raise InputError(Issue(path, "the file is empty", wanted))
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
