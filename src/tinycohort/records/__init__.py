"""One frozen row type for each table of the evidence, and the reading and writing of their cells."""

from __future__ import annotations

from .rows import (
    KEYS,
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
    key_of,
    parse_row,
    write_row,
)

__all__ = [
    "KEYS",
    "RECORD_TYPES",
    "Characteristic",
    "Cohort",
    "Course",
    "Discrepancy",
    "Outcome",
    "Overlap",
    "Patient",
    "Record",
    "Source",
    "columns_of",
    "key_of",
    "parse_row",
    "write_row",
]
