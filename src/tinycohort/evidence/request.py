"""What may be asked of the evidence, and whether its words are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import vocabulary as v
from ..issues import InputError, Issue
from ..records import columns_of
from ..records.cells import CellError, Column, as_text, read_cell, suggestion
from ..tables import Tables

__all__ = ["Request", "Way", "check_request", "find_column"]


@dataclass(frozen=True, slots=True)
class Way:
    """A way in which a number may speak.

    Parameters
    ----------
    measures : sequence of str or None
        How it may have been printed; None admits anything.
    require : sequence of str
        Columns of outcomes that must be filled.
    paired : bool
        Whether it speaks together with the same number of its comparator.
    """

    measures: Sequence[str] | None = None
    require: Sequence[str] = ()
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the evidence; `Evidence.select` documents each part."""

    endpoint: str
    where: Mapping[str, Sequence[Any]]
    origins: Sequence[str]
    overlaps: Mapping[str, str]
    ways: Sequence[Way]
    level: str
    exclude: Sequence[str]
    prefer: Sequence[str]
    allow_selected: bool
    against: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...] | None:
        """Every measure that is admitted; None if any is."""
        found: list[str] = []
        for way in self.ways:
            if way.measures is None:
                return None
            found += way.measures
        return tuple(dict.fromkeys(found))


def find_column(name: str) -> tuple[str, Column] | None:
    """The table, cohorts before outcomes, that has a column of this name, and the column; None if neither has."""
    for table in ("cohorts", "outcomes"):
        if name in columns_of(table):
            return table, columns_of(table)[name][0]
    return None


def _check_words(name: str, words: Iterable[str], known: Sequence[str]) -> list[Issue]:
    wrong = [word for word in words if word not in known]
    return [Issue(f"[evidence] {name}", f"{word!r} is not known", suggestion(str(word), known)) for word in wrong]


def check_request(request: Request, tables: Tables) -> None:
    """Raise an InputError with every word that the evidence does not know."""
    issues = _check_words("endpoint", [request.endpoint], v.ENDPOINT)
    issues += _check_words("origins", request.origins, v.ORIGIN)
    issues += _check_words("measures", request.measures or (), v.MEASURE)
    issues += _check_words("level", [request.level], v.LEVEL)
    issues += _check_words("overlaps", request.overlaps, v.RELATION)
    issues += _check_words("overlaps", request.overlaps.values(), v.POLICY)
    for relation in v.RELATION:
        if relation not in request.overlaps:
            mend = f"Write one of: {', '.join(v.POLICY)}."
            issues.append(Issue("[evidence] overlaps", f"nothing is said about {relation!r}", mend))
    cohort_ids = [cohort.cohort_id for cohort in tables.cohorts]
    issues += _check_words("prefer", request.prefer, cohort_ids)
    issues += _check_words("exclude", request.exclude, [*cohort_ids, *(row.outcome_id for row in tables.outcomes)])
    for way in request.ways:
        issues += _check_words("require", way.require, list(columns_of("outcomes")))
    both = [*columns_of("cohorts"), *columns_of("outcomes")]
    issues += _check_conditions("where", request.where, both, "a column neither of cohorts nor of outcomes")
    # The comparator is a cohort; the number is the one that `where` speaks of.
    issues += _check_conditions("against", request.against, list(columns_of("cohorts")), "not a column of cohorts")
    if issues:
        raise InputError(issues)


def _check_conditions(
    name: str, conditions: Mapping[str, Sequence[Any]], known: Sequence[str], unknown: str
) -> Iterator[Issue]:
    for column, admitted in conditions.items():
        found = find_column(column)
        if found is None or column not in known:
            yield Issue(f"[evidence] {name}", f"{column!r} is {unknown}", suggestion(column, known))
            continue
        for value in admitted:
            try:
                read_cell(as_text(value), found[1], required=False)
            except CellError as error:
                yield Issue(f"[evidence] {name}.{column}", error.what, error.mend)
