"""Tables in, records out: eight CSV files of one folder, or their like in memory, with every problem at once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from ..issues import Issue
from ..records import (
    RECORD_TYPES,
    Characteristic,
    Cohort,
    Course,
    Discrepancy,
    Outcome,
    Overlap,
    Patient,
    Record,
    Source,
    columns_of,
    parse_row,
    write_row,
)
from ..records.cells import suggestion
from .opening import LARGEST_FILE, check_header, header_line, read_text

__all__ = ["LARGEST_FILE", "Tables", "digest", "read_folder", "read_mapping", "write_folder"]


@dataclass(frozen=True)  # no slots: the look-ups by identifier are made once and kept
class Tables:
    """The records of all eight tables in their order, and where each stands, for messages."""

    rows: Mapping[str, tuple[Record, ...]]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Tables of which some rows could not be read: an identifier missing from one may stand in such a row.
    incomplete: frozenset[str] = frozenset()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Rows of sources.csv."""
        return cast("tuple[Source, ...]", self.rows["sources"])

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Rows of cohorts.csv."""
        return cast("tuple[Cohort, ...]", self.rows["cohorts"])

    @property
    def patients(self) -> tuple[Patient, ...]:
        """Rows of patients.csv."""
        return cast("tuple[Patient, ...]", self.rows["patients"])

    @property
    def courses(self) -> tuple[Course, ...]:
        """Rows of courses.csv."""
        return cast("tuple[Course, ...]", self.rows["courses"])

    @property
    def characteristics(self) -> tuple[Characteristic, ...]:
        """Rows of characteristics.csv."""
        return cast("tuple[Characteristic, ...]", self.rows["characteristics"])

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Rows of outcomes.csv."""
        return cast("tuple[Outcome, ...]", self.rows["outcomes"])

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Rows of overlaps.csv."""
        return cast("tuple[Overlap, ...]", self.rows["overlaps"])

    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Rows of discrepancies.csv."""
        return cast("tuple[Discrepancy, ...]", self.rows["discrepancies"])

    @cached_property
    def source(self) -> dict[str, Source]:
        """Sources by identifier."""
        return {row.source_id: row for row in self.sources}

    @cached_property
    def cohort(self) -> dict[str, Cohort]:
        """Cohorts by identifier."""
        return {row.cohort_id: row for row in self.cohorts}

    @cached_property
    def patient(self) -> dict[str, Patient]:
        """Patients by identifier."""
        return {row.patient_id: row for row in self.patients}

    @cached_property
    def outcome(self) -> dict[str, Outcome]:
        """Reported numbers by identifier."""
        return {row.outcome_id: row for row in self.outcomes}

    @cached_property
    def discrepancy(self) -> dict[str, Discrepancy]:
        """Contradictions by identifier."""
        return {row.discrepancy_id: row for row in self.discrepancies}

    def where(self, table: str, index: int) -> str:
        """Say where the record of that index stands, such as "outcomes.csv, row 3"."""
        places = self.places.get(table, ())
        return places[index] if index < len(places) else f"{table}, record {index + 1}"


def _parse(table: str, text: str, name: str) -> tuple[list[Record], list[str], list[Issue]]:
    records: list[Record] = []
    places: list[str] = []
    issues: list[Issue] = []
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    try:
        header = next(lines, None)
        if not header:
            what = "the file is empty" if header is None else "the first row is empty"
            return [], [], [Issue(name, what, f"Start it with the header: {header_line(table)}")]
        if issues := check_header(table, header, name):
            return [], [], issues
        for row, cells in enumerate(lines, start=2):
            where = f"{name}, row {row}"
            if not any(cells):
                continue
            if len(cells) != len(header):
                what = f"{len(cells)} cells under {len(header)} headings"
                issues.append(Issue(where, what, "Look for a missing or superfluous comma, or a quote left open."))
                continue
            record, wrong = parse_row(table, dict(zip(header, cells, strict=True)), where)
            issues += wrong
            if record is not None:
                records.append(record)
                places.append(where)
    except csv.Error as error:
        issues.append(Issue(f"{name}, after row {max(row, 1)}", f"this is not CSV: {error}", "Look for a stray quote."))
    return records, places, issues


def _assemble(parts: Mapping[str, tuple[list[Record], list[str]]], issues: list[Issue]) -> tuple[Tables, list[Issue]]:
    rows = {table: tuple(parts[table][0]) if table in parts else () for table in RECORD_TYPES}
    places = {table: tuple(parts[table][1]) if table in parts else () for table in RECORD_TYPES}
    incomplete = {table for table in RECORD_TYPES if any(issue.where.startswith(table) for issue in issues)}
    return Tables(rows, places, frozenset(incomplete)), issues


def read_folder(folder: str | Path) -> tuple[Tables, list[Issue]]:
    """Read the eight tables of a folder.

    Parameters
    ----------
    folder : str or path
        Folder with sources.csv, cohorts.csv and the other six; a table may hold its header alone.

    Returns
    -------
    tables : Tables
        Every row that could be read.
    issues : list of Issue
        Every problem of every file, with its row as a spreadsheet counts it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "this is a file, and a folder was expected" if folder.exists() else "there is no such folder"
        return _assemble({}, [Issue(str(folder), what, "Give the folder that holds sources.csv, cohorts.csv, ...")])
    parts: dict[str, tuple[list[Record], list[str]]] = {}
    issues: list[Issue] = []
    for table in RECORD_TYPES:
        text, unreadable = read_text(folder / f"{table}.csv")
        issues += unreadable
        if not unreadable:
            records, places, wrong = _parse(table, text, f"{table}.csv")
            parts[table] = (records, places)
            issues += wrong
    return _assemble(parts, issues)


def _rows_of(value: Any) -> list[Mapping[str, Any]] | None:
    if hasattr(value, "to_dict") and hasattr(value, "columns"):  # a DataFrame, without importing pandas
        return list(value.to_dict(orient="records"))
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        rows = list(value)
        return rows if all(isinstance(row, Mapping) for row in rows) else None
    return None


def read_mapping(content: Mapping[str, Any]) -> tuple[Tables, list[Issue]]:
    """Read tables that are in memory.

    Parameters
    ----------
    content : mapping of str to DataFrame or list of dict
        Rows of each table by its name. Tables that are left out are empty; so are columns.

    Returns
    -------
    tables, issues
        As `read_folder`; rows are counted from 1.
    """
    parts: dict[str, tuple[list[Record], list[str]]] = {}
    issues: list[Issue] = []
    for table, value in content.items():
        if table not in RECORD_TYPES:
            issues.append(Issue(f"{table}", f"{table!r} is not a table of evidence", suggestion(table, RECORD_TYPES)))
            continue
        rows = _rows_of(value)
        if rows is None:
            what = f"{type(value).__name__} is neither a DataFrame nor a list of dicts"
            issues.append(Issue(table, what, "Give one row as one dict of column names and values."))
            continue
        records: list[Record] = []
        places: list[str] = []
        names = dict.fromkeys(name for row in rows for name in row)
        for name in [name for name in names if name not in columns_of(table)]:
            what = f"{name!r} is not a column of {table}"
            issues.append(Issue(table, what, suggestion(str(name), columns_of(table))))
        for number, row in enumerate(rows, start=1):
            record, wrong = parse_row(table, row, f"{table}, row {number}")
            issues += wrong
            if record is not None:
                records.append(record)
                places.append(f"{table}, row {number}")
        parts[table] = (records, places)
    return _assemble(parts, issues)


def write_folder(tables: Tables, folder: str | Path) -> None:
    """Write the eight tables to a folder, in the one form that reading gives back unchanged."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for table in RECORD_TYPES:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(columns_of(table)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(write_row(record) for record in tables.rows[table])
        (folder / f"{table}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")


def digest(tables: Tables) -> str:
    """SHA-256 of the content, the same for every way of writing it down: line ends, quotes, 0.50 or 0.5.

    The order of rows counts, because cohorts keep it in every answer.
    """
    content = {table: [list(write_row(record).values()) for record in tables.rows[table]] for table in RECORD_TYPES}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
