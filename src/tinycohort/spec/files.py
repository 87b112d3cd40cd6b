"""Where models come from: a bundled name, a file, or a dictionary."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..issues import InputError, Issue
from ..resources import bundled
from .combinations import PLUS, combine_variants
from .model import ModelSpec
from .reading import read_content
from .words import WORD, suggest

__all__ = ["bundled_models", "read_model"]

_LARGEST_BYTES = 1_000_000


def bundled_models() -> tuple[str, ...]:
    """Names of the models that come with the package, in alphabetical order.

    Examples
    --------
    >>> "response_pd1" in bundled_models()
    True
    """
    return tuple(sorted(path.stem for path in bundled("models").glob("*.toml")))


def read_model(model: str | os.PathLike[str] | Mapping[str, Any] | ModelSpec) -> ModelSpec:
    """Read a model, and refuse what it does not know.

    Parameters
    ----------
    model : str, path, mapping or ModelSpec
        The name of a bundled model (`bundled_models`), the path of a model file, or the content of one; a name or a
        path may end in ``:variant``, or in several with a plus between them. A model that was read already comes back
        as it is.

    Returns
    -------
    ModelSpec
        The model, with all its variants read and found right.

    Raises
    ------
    InputError
        Everything that is wrong with it: where, what, and how to mend it.

    Examples
    --------
    >>> model = read_model("response_pd1")
    >>> model.priors["mu"]
    Logistic(mu=0.0, scale=1.0)
    >>> read_model("response_pd1:common").pooling.kind
    'common'
    """
    if isinstance(model, ModelSpec):
        return model
    if isinstance(model, Mapping):
        name = model.get("name")
        return read_content(model, f"model {name!r}" if isinstance(name, str) else "model")
    if isinstance(model, str):
        return _read_text(model)
    if isinstance(model, os.PathLike):
        return _read_file(Path(model))
    what = f"{type(model).__name__} is no model"  # type: ignore[unreachable]
    raise InputError(Issue("model", what, "Give the name of a bundled model, a path, or a dictionary."))


def _read_text(text: str) -> ModelSpec:
    """Read a name or a path, with or without a variant."""
    names = bundled_models()
    if text in names:
        return _read_file(bundled("models") / f"{text}.toml")
    head, colon, variant = text.rpartition(":")
    parts = variant.split(PLUS)
    if colon and all(map(WORD.fullmatch, parts)) and (head in names or head.endswith(".toml")):
        found = _read_text(head)
        return found.variant(variant) if len(parts) == 1 else combine_variants(found, parts)
    looks_like_path = text.endswith(".toml") or "/" in text or os.sep in text
    if looks_like_path or (text and "\0" not in text and os.path.lexists(text)):
        return _read_file(Path(text))
    mend = f"{suggest(text, names)} Or give the path of a file that ends in .toml."
    raise InputError(Issue("model", f"no bundled model is called {text!r}", mend))


def _read_file(path: Path) -> ModelSpec:
    content = _load(path)
    name = content.get("name")
    if isinstance(name, str) and name != path.stem:
        # One more problem among the others, so that all of them are said at once.
        what, mend = f"{name!r} is not the name of the file, {path.stem!r}", "Rename one of the two."
        mismatch = Issue(f"{path.name}, name", what, mend)
        try:
            read_content(content, path.name)
        except InputError as error:
            raise InputError([mismatch, *error.issues]) from None
        raise InputError(mismatch)
    return read_content(content, path.name)


def _load(path: Path) -> dict[str, Any]:
    raw = _read_bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"byte {raw[error.start]:#04x} in line {line} is not UTF-8"
        raise InputError(Issue(str(path), what, "Save the file as UTF-8.")) from None
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(Issue(str(path), "it is nested too deeply", "Write it as docs/models.md shows.")) from None
    except ValueError as error:
        raise InputError(_syntax(path, text, str(error))) from None


def _syntax(path: Path, text: str, message: str) -> Issue:
    """Where TOML broke off: the line and column that its reader names, and the line itself."""
    found = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if found is None:
        return Issue(str(path), f"not TOML: {message}", "Correct it.")
    what = f"not TOML: {message[: found.start()]}"
    lines = text.splitlines() or [""]
    if found[1] is None:
        return Issue(f"{path}, end of file", what, "Complete the last line.")
    number, column = int(found[1]), int(found[2])
    shown = lines[number - 1].strip()[:80] if number <= len(lines) else ""
    return Issue(f"{path}, line {number}, column {column}", f"{what}, in {shown!r}", "Correct this line.")


def _read_bytes(path: Path) -> bytes:
    where = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            inside = sorted(item.name for item in path.glob("*.toml"))[:10]
            mend = f"Choose one of its files: {', '.join(inside)}." if inside else "Give the path of a model file."
            raise InputError(Issue(where, "a folder, where a model file was meant", mend))
        if not stat.S_ISREG(status.st_mode):
            raise InputError(Issue(where, "not a regular file", "Give the path of a model file."))
        if status.st_size > _LARGEST_BYTES:
            what = f"{status.st_size:,} bytes, and a model file has at most {_LARGEST_BYTES:,}"
            raise InputError(Issue(where, what, "Give the path of a model file."))
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(Issue(where, "there is no such file", _neighbours(path))) from None
    except PermissionError:
        raise InputError(Issue(where, "no permission to read it", "Ask for permission, or copy it.")) from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Issue(where, f"it cannot be read: {reason}", "Give the path of a model file.")) from None


def _neighbours(path: Path) -> str:
    """Files beside it that may be meant."""
    try:
        beside = sorted(item.name for item in path.parent.glob("*.toml"))
    except OSError:
        beside = []
    near = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {str(path.with_name(near[0]))!r}?"
    return f"Give the path of a model file, or the name of a bundled model: {', '.join(bundled_models())}."
