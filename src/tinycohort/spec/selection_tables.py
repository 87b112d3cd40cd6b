"""``[evidence]``: who may speak."""

from __future__ import annotations

from typing import Any

from .sections import Selection
from .table import Table, is_finite
from .words import DECISIONS, LEVELS, ORIGINS, POLICIES, RELATIONS, WORD, FrozenMapping, is_unicode

__all__ = ["read_selection"]


def read_selection(top: Table) -> Selection | None:
    """Which numbers may speak, or None where that cannot be told."""
    table = top.table("evidence", "Say who may speak: add [evidence].", "[evidence] ")
    if table is None:
        return None
    endpoint = table.word("endpoint", "Name an endpoint of the evidence.")
    where = _read_conditions(table, "where", "or {} to admit every cohort with this endpoint")
    origins = table.words("origins", ORIGINS, f"List the origins that you admit: {', '.join(ORIGINS)}.")
    inside = table.table("overlaps", "Say what to do about each relation of two cohorts.", "[evidence] overlaps.")
    overlaps = {}
    if inside is not None:
        overlaps = {relation: inside.choice(relation, POLICIES) for relation in RELATIONS}
        inside.finish()
    level = table.choice("level", LEVELS)
    prefer = table.words("prefer", None, "List identifiers of cohorts.", optional=True) or ()
    exclude = table.words("exclude", None, "List identifiers of cohorts.", optional=True) or ()
    for cohort in set(prefer) & set(exclude):
        table.report("exclude", f"{cohort!r} is preferred and excluded", "Decide for one.")
    decisions = _read_decisions(table)
    selected = table.flag("allow_selected") or False
    against = FrozenMapping()
    if "against" in table.values:
        against = _read_conditions(table, "against", "or leave it out") or against
    table.finish()
    if endpoint is None or where is None or origins is None or level is None:
        return None
    chosen = (endpoint, where, origins, FrozenMapping(overlaps), level, prefer, exclude, decisions, selected)
    return Selection(*chosen, against)


def _read_decisions(table: Table) -> FrozenMapping:
    if "decisions" not in table.values:
        return FrozenMapping()
    inside = table.table("decisions", 'Write { discrepancy = "other" }.', "[evidence] decisions.")
    return FrozenMapping({} if inside is None else {name: inside.choice(name, DECISIONS) for name in inside.values})


def _read_conditions(table: Table, name: str, otherwise: str) -> FrozenMapping | None:
    need = f'Write {{ column = ["admitted", "values"] }}, {otherwise}.'
    inside = table.table(name, need, f"[evidence] {name}.")
    if inside is None:
        return None
    where: dict[str, tuple[Any, ...]] = {}
    for column in inside.values:
        if not WORD.fullmatch(column):
            inside.report(column, f"{column!r} is no name of a column", "Use a column of cohorts or of outcomes.")
        values = inside.ask(column, "")
        if not isinstance(values, list) or not values:
            mend = f"Write {column} = [...] with at least one admitted value."
            inside.report(column, f"{values!r} is not a list of admitted values", mend)
            continue
        for number, value in enumerate(values):
            if not _is_cell(value):
                inside.report(
                    column, f"{value!r} will not do", 'Admit words, true, false, numbers, or "" for an empty cell.'
                )
            elif value in values[:number]:
                inside.report(column, f"{value!r} stands there twice", "Write it once.")
        where[column] = tuple(values)
    return FrozenMapping(where)


def _is_cell(value: Any) -> bool:
    """Whether a cell of the evidence may hold it."""
    if isinstance(value, str):
        return value == value.strip() and is_unicode(value)
    return isinstance(value, bool) or is_finite(value)
