"""The data package: a description of the eight tables for other software, made from the record types."""

from __future__ import annotations

from typing import Any, Final

from ..records import KEYS, RECORD_TYPES, columns_of
from ..records.cells import DATE_PATTERN, FALSE_VALUES, IDENTIFIER_PATTERN, TRUE_VALUES, Column

__all__ = ["datapackage"]

_TYPES: Final = {"integer": "integer", "number": "number", "boolean": "boolean"}


def _constraints(column: Column, required: bool) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if required else {}
    if column.kind == "word":
        constraints["enum"] = list(column.words)
    elif column.kind == "words":
        word = f"({'|'.join(column.words)})"
        constraints["pattern"] = rf"{word}( \+ {word})*"
    elif column.kind == "identifier":
        constraints["pattern"] = IDENTIFIER_PATTERN
    elif column.kind == "date":
        constraints["pattern"] = DATE_PATTERN
    for name, limit in (("minimum", column.minimum), ("maximum", column.maximum)):
        if limit is not None:
            constraints[name] = int(limit) if float(limit).is_integer() else limit
    return constraints


def _field(name: str, column: Column, required: bool) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": _TYPES.get(column.kind, "string"), "description": column.about}
    if column.kind == "boolean":
        field |= {"trueValues": [*TRUE_VALUES], "falseValues": [*FALSE_VALUES]}
    if constraints := _constraints(column, required):
        field["constraints"] = constraints
    return field


def _schema(table: str) -> dict[str, Any]:
    columns = columns_of(table)
    schema: dict[str, Any] = {
        "fields": [_field(name, column, required) for name, (column, required) in columns.items()],
        "missingValues": [""],
    }
    # A primary key may have no empty part; where one may be empty, tinycohort alone checks that rows differ.
    if all(columns[name][1] for name in KEYS[table]):
        schema["primaryKey"] = list(KEYS[table])
    references = [
        {
            "fields": [name],
            "reference": {
                "resource": "" if column.refers == table else column.refers,
                "fields": [*KEYS[column.refers]],
            },
        }
        for name, (column, _) in columns.items()
        if column.refers
    ]
    if references:
        schema["foreignKeys"] = references
    return schema


def datapackage() -> dict[str, Any]:
    """Describe the tables as a Frictionless data package.

    Returns
    -------
    dict
        Types, vocabularies, limits, primary and foreign keys of all eight tables; `seal` adds checksums.

    Examples
    --------
    >>> [resource["path"] for resource in datapackage()["resources"]][:2]
    ['sources.csv', 'cohorts.csv']
    """
    resources = [
        {
            "name": table,
            "type": "table",
            "path": f"{table}.csv",
            "description": (record_type.__doc__ or "").strip().splitlines()[0],
            "scheme": "file",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": _schema(table),
        }
        for table, record_type in RECORD_TYPES.items()
    ]
    return {
        "name": "tinycohort-evidence",
        "title": "Evidence of tiny cohorts: each reported number with its source",
        "description": "Generated from the record types of tinycohort; see docs/evidence.md.",
        "resources": resources,
    }
