"""Reading evidence and checking it: from a folder, from tables in memory, or that which comes with the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..issues import Issue
from ..resources import bundled
from ..tables import Tables, check_seal, read_folder, read_mapping
from .checked_tables import Evidence, evidence_of
from .plausibility import check_tables

__all__ = ["check", "read_evidence"]


def _read(source: str | Path | Mapping[str, Any] | None) -> tuple[Tables, list[Issue], Path | None]:
    if isinstance(source, Mapping):
        return *read_mapping(source), None
    folder = bundled("data") if source is None else Path(source)
    return *read_folder(folder), folder


def read_evidence(folder: str | Path | Mapping[str, Any] | None = None) -> Evidence:
    """Read and check the evidence.

    Parameters
    ----------
    folder : str, path, mapping or None
        Folder of the eight tables; or a mapping of table names to DataFrames or lists of dicts; None for the evidence
        that comes with the package.

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        With every error in every table. Doubts that are no errors are told by `check`.

    Examples
    --------
    >>> len(read_evidence().digest)
    64
    """
    return evidence_of(*_read(folder))


def check(folder: str | Path | Mapping[str, Any] | Evidence | None = None) -> list[Issue]:
    """Check evidence and return every problem, errors and doubts.

    Parameters
    ----------
    folder : str, path, mapping, Evidence or None
        As for `read_evidence`, or evidence already read.

    Returns
    -------
    list of Issue
        Empty if nothing is wrong. A folder that was sealed (``tinycohort check FOLDER --seal``) tells of every table
        that has changed since.

    Examples
    --------
    >>> [issue for issue in check() if issue.severity == "error"]
    []
    """
    if isinstance(folder, Evidence):
        return check_tables(folder.tables)
    tables, issues, place = _read(folder)
    return [*issues, *check_tables(tables), *(check_seal(place) if place else [])]
