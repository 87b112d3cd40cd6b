"""What a result of a calibration rests on: when it was made, and of which code."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ... import __version__

__all__ = ["code_digest", "stamp"]

_PACKAGE = Path(__file__).resolve().parents[2]
#: What may move a number.
_SOURCES = (
    "calibration/models", "compiled", "engines", "families", "likelihoods", "pooling", "posterior", "priors",
    "numerics.py", "polynomials.py",
)  # fmt: skip
_SECONDS = 10


@cache
def code_digest() -> str:
    """The first 16 digits of sha256 of all code that may move a number."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        place = _PACKAGE / source
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def stamp() -> dict[str, Any]:
    """Date, version, digest of the code, and the commit where the package runs from a git checkout."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": __version__,
        "code": code_digest(),
        "commit": _commit(),
    }


def _commit() -> str | None:
    """Short name of the commit, with a plus sign where the package has changed since; None without a checkout."""
    # A package that is installed in an environment inside somebody's repository is not tracked by that.
    if _git("ls-files", "--error-unmatch", str(Path(__file__))) is None:
        return None
    name = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", str(_PACKAGE))
    return None if name is None else f"{name}{'+' if changed else ''}"


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=_PACKAGE, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
