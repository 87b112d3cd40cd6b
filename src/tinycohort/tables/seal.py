"""The seal: size and checksum of each table in datapackage.json, so that no later change goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..issues import Issue, doubt
from ..records import RECORD_TYPES
from .descriptor import datapackage

__all__ = ["DESCRIPTOR", "check_seal", "seal", "sealed"]

DESCRIPTOR: Final = "datapackage.json"


def _marks(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}


def sealed(folder: str | Path) -> dict[str, Any]:
    """Describe the tables of a folder as a data package, with the size and the checksum of each as it is.

    Parameters
    ----------
    folder : str or path
        Folder of the eight tables.

    Returns
    -------
    dict
        The content of datapackage.json.
    """
    package = datapackage()
    for resource in package["resources"]:
        resource |= _marks(Path(folder) / resource["path"])
    return package


def seal(folder: str | Path) -> Path:
    """Write datapackage.json of a folder, whole or not at all, and return where it is."""
    target = Path(folder) / DESCRIPTOR
    draft = target.with_name(f".{DESCRIPTOR}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(sealed(folder), indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def check_seal(folder: str | Path) -> list[Issue]:
    """Compare the tables of a folder with its datapackage.json; without one, or without checksums, nothing is sealed.

    Returns
    -------
    list of Issue
        A doubt for each table that is not the one that was sealed.
    """
    folder = Path(folder)
    try:
        stored = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        resources = {resource.get("name"): resource for resource in stored["resources"]}
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"it cannot be read as a data package ({type(error).__name__})"
        return [doubt(DESCRIPTOR, what, "Write it anew: tinycohort check FOLDER --seal.")]
    return [issue for table in RECORD_TYPES for issue in _check_table(folder / f"{table}.csv", resources.get(table))]


def _check_table(path: Path, resource: Any) -> list[Issue]:
    given = resource if isinstance(resource, Mapping) else {}
    known = {key: given[key] for key in ("bytes", "hash") if key in given}
    try:
        found = _marks(path)
    except OSError:  # said by whoever reads the table
        return []
    if any(found[key] != value for key, value in known.items()):
        what = f"it is not the table that {DESCRIPTOR} was sealed with ({found['bytes']:,} bytes now)"
        mend = "Undo the change; or, if it is meant, seal the folder anew: tinycohort check FOLDER --seal."
        return [doubt(path.name, what, mend)]
    return []
