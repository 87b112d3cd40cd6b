"""What a pooling must know of each cohort, read from its row: its group or class, its covariates, its power."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..evidence import Used
from ..issues import InputError, Issue
from ..pooling.commensurate import CURRENT, HISTORICAL
from ..records import Cohort, columns_of
from ..records.cells import suggestion
from ..spec import ModelSpec
from ..vocabulary import DESIGN
from .model import Row
from .sources import row_of

__all__ = ["rows_of"]

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_MONTHS, _DAYS = 12.0, 365.25


def rows_of(model: ModelSpec, numbers: Sequence[Sequence[Used]]) -> tuple[Row, ...]:
    """Where the numbers of each cohort come from, and what the pooling must know of it.

    Parameters
    ----------
    model : ModelSpec
        Its ``[pooling]`` says what that is.
    numbers : sequence of sequence of Used
        What each cohort says.

    Raises
    ------
    InputError
        A column or a design that there is not, a cohort that is named and does not speak, a covariate that is missing:
        all of them at once.
    """
    told, where = model.pooling.told, f"{model.name}, [pooling]"
    rows = [row_of(one, model.pooling.group) for one in numbers]
    cohorts = [one[0].cohort for one in numbers]
    issues = _named_issues(where, told, cohorts)
    if issues:
        raise InputError(issues)
    if "classes" in told:
        rows = [_in_class(row, cohort, told["classes"], issues) for row, cohort in zip(rows, cohorts, strict=True)]
    if "current" in told:
        kinds = [CURRENT if cohort.cohort_id in told["current"] else HISTORICAL for cohort in cohorts]
        rows = [replace(row, group=kind) for row, kind in zip(rows, kinds, strict=True)]
    if "discount" in told:
        powers = [_power(cohort, told["discount"], where, issues) for cohort in cohorts]
        rows = [replace(row, power=power) for row, power in zip(rows, powers, strict=True)]
    if "covariates" in told:
        values = [_covariates(cohort, told["covariates"], issues) for cohort in cohorts]
        rows = [replace(row, covariates=each) for row, each in zip(rows, values, strict=True)]
    if issues:
        raise InputError(issues)
    return tuple(rows)


def _named_issues(where: str, told: Mapping[str, Any], cohorts: Sequence[Cohort]) -> list[Issue]:
    """Words of the evidence that there are not."""
    issues, known = [], columns_of("cohorts")
    for name, designs in told.get("classes", {}).items():
        issues += [
            Issue(f"{where} classes, {name}", f"{one!r} is no design", suggestion(one, DESIGN))
            for one in designs
            if one not in DESIGN
        ]
    columns = [("discount", one["column"]) for one in told.get("discount", ()) if "column" in one]
    columns += [(f"covariates, {name}", one["column"]) for name, one in told.get("covariates", {}).items()]
    issues += [
        Issue(f"{where} {word}", f"{column!r} is not a column of cohorts", suggestion(column, known))
        for word, column in columns
        if column not in known
    ]
    there = [cohort.cohort_id for cohort in cohorts]
    named = [("current", one) for one in told.get("current", ())]
    named += [("discount", one["cohort"]) for one in told.get("discount", ()) if "cohort" in one]
    mend = "Leave it out, or let it speak."
    issues += [
        Issue(f"{where} {word}", f"no cohort that speaks is called {one!r}", f"{suggestion(one, there)} {mend}")
        for word, one in named
        if one not in there
    ]
    return issues


def _in_class(row: Row, cohort: Cohort, classes: Mapping[str, Any], issues: list[Issue]) -> Row:
    for name, designs in classes.items():
        if cohort.design in designs:
            return replace(row, group=name)
    mend = f"Add {cohort.design!r} to one of {', '.join(classes)}, or exclude the cohort."
    issues.append(Issue(f"cohort {cohort.cohort_id!r}", f"its design, {cohort.design!r}, is of no class", mend))
    return row


def _power(cohort: Cohort, discounts: Sequence[Mapping[str, Any]], where: str, issues: list[Issue]) -> float:
    """The power of a cohort: stated for it, or for a value of a column that it has; 1 where nothing is stated."""
    found = [
        one
        for one in discounts
        if one.get("cohort") == cohort.cohort_id or ("column" in one and getattr(cohort, one["column"]) == one["value"])
    ]
    if len(found) > 1:
        what = f"cohort {cohort.cohort_id!r} is discounted {len(found)} times"
        issues.append(Issue(f"{where} discount", what, "State one power for each cohort."))
    return float(found[0]["power"]) if found else 1.0


def _covariates(cohort: Cohort, covariates: Mapping[str, Any], issues: list[Issue]) -> tuple[float, ...]:
    found = []
    for name, told in covariates.items():
        value = getattr(cohort, told["column"])
        if "values" in told:
            found.append(float(value in told["values"] or (value is None and "" in told["values"])))
            continue
        number = _number(value)
        if number is None:
            empty = value is None
            is_what = "empty" if empty else f"{value!r}, which is no number"
            what = f"covariate {name}: its {told['column']} is {is_what}"
            mend = "Fill it in in cohorts.csv, or exclude the cohort" + (
                "." if empty else '; or say which values = ["..."] count.'
            )
            issues.append(Issue(f"cohort {cohort.cohort_id!r}", what, mend))
            continue
        found.append(number)
    return tuple(found)


def _number(value: Any) -> float | None:
    """A number as it is; a date in years, its beginning where only a month or a year was printed."""
    if isinstance(value, bool | int | float):
        return float(value)
    date = _DATE.fullmatch(value) if isinstance(value, str) else None
    if date is None:
        return None
    year, month, day = (int(part) if part else 1 for part in date.groups())
    return year + (month - 1) / _MONTHS + (day - 1) / _DAYS
