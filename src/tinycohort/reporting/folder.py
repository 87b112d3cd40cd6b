"""A folder of results that is whole or not there: written aside, moved into place, never over someone else's files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..issues import InputError, Issue

__all__ = [
    "MARKER", "REPORT", "REPRODUCTION", "digests", "list_files", "new_folder", "write_provenance", "write_text",
]  # fmt: skip

#: The file by which a folder of results is known, and what it then says of who made it.
MARKER, REPORT, REPRODUCTION = "provenance.json", "tinycohort report", "tinycohort reproduce"
# A report has fewer files, so that it must not take the place of tables and fits.
_REPLACES = {REPORT: (REPORT,), REPRODUCTION: (REPORT, REPRODUCTION)}
# What file managers leave behind.
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def new_folder(output: str | os.PathLike[str], made_by: str) -> Iterator[Path]:
    """A new folder beside `output` that takes its place when all went well, and vanishes otherwise.

    Parameters
    ----------
    output : str or path
        A folder that does not exist, is empty, or holds earlier results and nothing else.
    made_by : str
        `REPORT` or `REPRODUCTION`, as `write_provenance` is told.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    InputError
        Before anything is written: it is a file, holds something else, or may not be written to.
    """
    target = _resolve(output)
    _check_replaceable(target, made_by)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(Issue(str(target), what, "Choose a place that exists and that you may write to.")) from None
    try:
        # mkdtemp makes a private folder; results are as open as other new folders are.
        mask = os.umask(0)
        os.umask(mask)
        aside.chmod(0o777 & ~mask)
        yield aside
        _check_replaceable(target, made_by)
        _put_in_place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _resolve(output: str | os.PathLike[str]) -> Path:
    try:
        return Path(output).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(Issue(repr(os.fspath(output)), f"this is no path ({error})", "Give a folder.")) from None


def _check_replaceable(target: Path, made_by: str) -> None:
    """Refuse to take the place of anything but nothing, an empty folder, or earlier results.

    Raises
    ------
    InputError
        What stands there.
    """
    where = str(target)
    elsewhere = "Give another folder, or move this one away."
    if Path.cwd().is_relative_to(target):
        what = "this is the folder that you are in, or one around it"
        raise InputError(Issue(where, what, "Give a folder of its own, such as results."))
    if not target.parent.is_dir():
        raise InputError(Issue(where, f"there is no folder {str(target.parent)!r}", "Make it first."))
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(Issue(where, "this is a file, and a folder is to be written", elsewhere))
    try:
        found = set(list_files(target))
    except OSError as error:
        raise InputError(Issue(where, f"cannot be read ({error.strerror})", elsewhere)) from None
    if not found:
        return
    maker, files = _files_of(target)
    if maker and maker not in _REPLACES[made_by]:
        what = f"the folder holds what {maker} wrote, which {made_by} does not replace"
        raise InputError(Issue(where, what, elsewhere))
    strangers = sorted(found - files)
    if len(strangers) == len(found):
        what = f"the folder holds files that are no results of tinycohort, such as {strangers[0]!r}"
        raise InputError(Issue(where, what, elsewhere))
    if strangers:
        named = ", ".join(repr(name) for name in strangers[:5])
        raise InputError(Issue(where, f"tinycohort did not write {named}, and replaces nothing else", elsewhere))


def list_files(folder: Path) -> list[str]:
    """Paths of all files, relative to the folder, in order; without what file managers leave behind."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found if path.name not in _LITTER)


def _files_of(folder: Path) -> tuple[str, set[str]]:
    """Who made it by what an earlier run says, and what that wrote there; nothing if none did."""
    try:
        content: Any = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", set()
    if not isinstance(content, dict) or content.get("made_by") not in _REPLACES:
        return "", set()
    return content["made_by"], {*content.get("files", ()), MARKER}


def _put_in_place(aside: Path, target: Path) -> None:
    """Swap the folders by renaming, so that there is no moment with half a folder."""
    try:
        if not target.exists():
            aside.rename(target)
            return
        old = aside.with_name(f"{aside.name}-old")
        target.rename(old)
        try:
            aside.rename(target)
        except BaseException:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(Issue(str(target), what, "Choose another place.")) from None


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in list_files(folder)}


def write_text(path: Path, text: str) -> None:
    """Write a file, with the same bytes on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


def write_provenance(folder: Path, made_by: str, facts: Mapping[str, Any]) -> None:
    """Write how and when this was made, and what belongs to it: the only file, with the fits, that knows the time."""
    content = {"made_by": made_by, **facts, "files": digests(folder)}
    write_text(folder / MARKER, json.dumps(content, indent=1) + "\n")
