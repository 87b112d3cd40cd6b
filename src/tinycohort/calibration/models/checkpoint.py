"""Finished chunks in a file: an interrupted calibration goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...issues import InputError, Issue

__all__ = ["Checkpoint", "open_checkpoint"]

_KIND = "tinycohort calibration"


class Checkpoint:
    """A file with a line for what is run, and one for each finished chunk; a line counts when it is whole.

    Attributes
    ----------
    done : dict of str to Any
        Finished chunks by name.
    """

    def __init__(self, path: Path, done: Mapping[str, Any]) -> None:
        self.path, self.done = path, dict(done)
        self._file = path.open("ab")

    def keep(self, name: str, found: Any) -> None:
        """Write a chunk; on return it is on the disk."""
        self.done[name] = found
        self._file.write(_line([name, found]))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def open_checkpoint(path: str | os.PathLike[str], identity: Mapping[str, Any]) -> Iterator[Checkpoint]:
    """Begin a checkpoint, or go on with one.

    Parameters
    ----------
    path : str or path
        A file: none yet, or one that an earlier run with the same identity began.
    identity : mapping
        What fixes the results: settings, model, data and code, as JSON has them.

    Raises
    ------
    InputError
        The file is something else, is about something else, or cannot be read or written.
    """
    target = Path(path)
    try:
        done = _read(target, identity)
        if done is None:
            target.write_bytes(_line([_KIND, dict(identity)]))
        checkpoint = Checkpoint(target, done or {})
    except OSError as error:
        what = f"cannot be used ({error.strerror})"
        raise InputError(Issue(str(target), what, "Name a file in a folder that you may write to.")) from None
    try:
        yield checkpoint
    finally:
        checkpoint.close()


def _read(path: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Finished chunks; None where nothing was begun. A last line that was not finished is cut off."""
    if not path.exists():
        return None
    stored = path.read_bytes()
    if not stored:
        return None
    lines = [_parse(line) for line in stored.splitlines(keepends=True)]
    if lines[0] is None and b"\n" not in stored and _line([_KIND, dict(identity)]).startswith(stored):
        return None  # begun, and interrupted at once
    if lines[0] is None or lines[0][0] != _KIND:
        what = "is not a checkpoint of a calibration"
        raise InputError(Issue(str(path), what, "Name another file; this one is left as it is."))
    differs = _differences(lines[0][1], json.loads(json.dumps(identity)))
    if differs:
        what = f"holds a calibration of something else: {', '.join(differs)}"
        mend = "Run what it was begun with, or name another file; this one is left as it is."
        raise InputError(Issue(str(path), what, mend))
    whole = 0
    for line in lines:
        if line is None:
            break
        whole += 1
    kept = b"".join(stored.splitlines(keepends=True)[:whole])
    if len(kept) < len(stored):
        with path.open("r+b") as file:
            file.truncate(len(kept))
    return {line[0]: line[1] for line in lines[1:whole] if line is not None}


def _line(content: list[Any]) -> bytes:
    """JSON with its own checksum before it, on one line."""
    text = json.dumps(content, separators=(",", ":")).encode()
    return hashlib.sha256(text).hexdigest()[:16].encode() + b" " + text + b"\n"


def _parse(line: bytes) -> Any:
    """What a whole line says; None of any other."""
    checksum, _, text = line.partition(b" ")
    if not line.endswith(b"\n") or hashlib.sha256(text.rstrip(b"\n")).hexdigest()[:16].encode() != checksum:
        return None
    return json.loads(text)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, with both values where they are short."""
    found = []
    for name in dict.fromkeys([*then, *now]):
        if then.get(name) != now.get(name):
            was, here = (json.dumps(each.get(name)) for each in (then, now))
            short = len(was) + len(here) < 120
            found.append(f"{name} is {was} there and {here} here" if short else f"another {name}")
    return found
