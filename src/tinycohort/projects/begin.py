"""Begin a project: everything is written aside and moved into place, over nothing, all of it or none."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .. import __version__
from ..issues import InputError, Issue
from ..records import columns_of
from ..tables import data_dictionary, read_mapping, write_folder
from .example import EXAMPLE

__all__ = ["Project", "begin_project"]

_TEMPLATE: Final = Path(__file__).with_name("template")
_COLUMNS_HEAD: Final = """# Columns

What each column of the tables holds, which cells are needed in every row, and the words that a column takes. An empty
cell means "not printed" or "does not apply"; `unstated` means that what was read does not say.
"""


@dataclass(frozen=True)
class Project:
    """What was made.

    Attributes
    ----------
    folder : Path
        The project, as it was named.
    files : tuple of str
        Every file, relative to the folder.
    """

    folder: Path
    files: tuple[str, ...]


def begin_project(folder: str | os.PathLike[str]) -> Project:
    """Write the tables, the example, the model and the README of a new project.

    Parameters
    ----------
    folder : str or path
        A folder that does not exist yet, or one in which nothing of a project stands; other files in it are let be.

    Returns
    -------
    Project
        What was made.

    Raises
    ------
    InputError
        Everything that stands in the way; nothing has been written then.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     begin_project(f"{place}/mystudy").files[:3]
    ('README.md', 'columns.md', 'evidence/characteristics.csv')
    """
    target = _resolve(folder)
    _check_place(target)
    made = not target.exists()
    moved: list[Path] = []
    try:
        target.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinycohort-", dir=target) as aside:
            parts = _write_parts(Path(aside), target.name)
            _check_free(target, Path(folder), [part.name for part in parts])
            for part in parts:
                # A name that was taken meanwhile must not be replaced, as rename does where it can.
                _check_free(target, Path(folder), [part.name])
                moved.append(part.rename(target / part.name))
    except BaseException as error:
        _undo(moved, target if made else None)
        if isinstance(error, OSError):
            what = f"cannot be written ({error.strerror or error})"
            raise InputError(Issue(str(target), what, "Choose a place that you may write to.")) from None
        raise
    files = (path for part in moved for path in ([part] if part.is_file() else part.rglob("*")) if path.is_file())
    return Project(Path(folder), tuple(sorted(path.relative_to(target).as_posix() for path in files)))


def _resolve(folder: str | os.PathLike[str]) -> Path:
    try:
        return Path(folder).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(Issue(repr(os.fspath(folder)), f"this is no path ({error})", "Give a folder.")) from None


def _check_place(target: Path) -> None:
    """Refuse a place that cannot be a folder."""
    if target.exists() and not target.is_dir():
        raise InputError(Issue(str(target), "this is a file, and a folder is to be made", "Give another name."))
    if not target.parent.is_dir():
        raise InputError(Issue(str(target), f"there is no folder {str(target.parent)!r}", "Make it first."))


def _check_free(target: Path, given: Path, names: list[str]) -> None:
    """Refuse to write over anything: all that stands in the way at once."""
    mend = "Move it away, or begin the project in a new folder: tinycohort init FOLDER."
    issues = [
        Issue(str(given / name), f"this {'folder' if (target / name).is_dir() else 'file'} is there already", mend)
        for name in names
        if os.path.lexists(target / name)
    ]
    if issues:
        raise InputError(issues)


def _write_parts(aside: Path, name: str) -> list[Path]:
    """Everything that belongs to a project, made from the definitions of the tables; README and model are copied."""
    for folder, rows in (("evidence", {}), ("example", EXAMPLE)):
        tables, issues = read_mapping(rows)
        if issues:
            raise InputError(issues)
        write_folder(tables, aside / folder)
    _write(aside / "columns.md", f"{_COLUMNS_HEAD}\n{data_dictionary(2)}")
    for path in sorted(_TEMPLATE.rglob("*")):
        if path.is_file() and path.suffix in (".md", ".toml"):
            _write(aside / path.relative_to(_TEMPLATE), _fill(path.read_text(encoding="utf-8"), name))
    return sorted(aside.iterdir())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _fill(text: str, name: str) -> str:
    """Put the name of the project, the version and the columns that every row needs into the template."""
    title = "".join(character if character.isprintable() else " " for character in name).strip() or "A project"
    words = {"title": title, "version": __version__}

    def word(match: re.Match[str]) -> str:
        return words[match[1]] if match[1] in words else _needed(match[2])

    return re.sub(r"\{(title|version|needed:(\w+))\}", word, text)


def _needed(table: str) -> str:
    names = ", ".join(f"`{name}`" for name, (_, required) in columns_of(table).items() if required)
    return textwrap.fill(names, 120, break_long_words=False)


def _undo(moved: list[Path], made: Path | None) -> None:
    for path in moved:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if made is not None and made.is_dir() and not any(made.iterdir()):
        made.rmdir()
