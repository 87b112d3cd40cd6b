"""Whether fits saw the same data, so that what they say of them can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..compiled import CompiledModel
from ..issues import InputError, Issue
from ..likelihoods import SurvivalReports
from ..posterior import Fit

__all__ = ["named_fits", "order_of", "quasi_reason", "require_same_data"]

_MEND = "Compare models of the same numbers, or fit both to those that they share."


def named_fits(fits: Any) -> dict[str, Fit]:
    """The fits by name: as given in a mapping, or after their models, told apart where those are alike.

    Raises
    ------
    InputError
        Fewer than two, or what is no fit.
    """
    mend = "Give two fits or more, in a list or by name: [fit, other]; models go with the evidence to fit them to."
    if isinstance(fits, Mapping):
        found = {str(name): fit for name, fit in fits.items()}
    elif isinstance(fits, list | tuple):
        found = dict(zip(_names(fits), fits, strict=True))
    else:
        raise InputError(Issue("fits", f"{type(fits).__name__} holds no fits", mend))
    issues = [Issue(name, f"{type(one).__name__} is no fit", mend) for name, one in found.items() if not _is_fit(one)]
    if len(found) < 2:
        issues.append(Issue("fits", f"{len(found)} to compare", mend))
    if issues:
        raise InputError(issues)
    return found


def _is_fit(one: Any) -> bool:
    return isinstance(one, Fit)


def _names(fits: list[Any] | tuple[Any, ...]) -> list[str]:
    """A name for each: its model's, with its pooling where that is not enough, with a number where that is not."""
    short = [one.compiled.name if _is_fit(one) else f"number {k + 1}" for k, one in enumerate(fits)]
    longer = [
        f"{name}, {one.compiled.pooling.name}" if _is_fit(one) else name for name, one in zip(short, fits, strict=True)
    ]
    names = [long if short.count(name) > 1 else name for name, long in zip(short, longer, strict=True)]
    places = {name: [k for k, other in enumerate(names) if other == name] for name in names}
    return [name if len(places[name]) == 1 else f"{name} ({places[name].index(k) + 1})" for k, name in enumerate(names)]


def require_same_data(fits: Mapping[str, Fit]) -> None:
    """Refuse fits that may not be reported, or did not see the same outcome rows, kinds, people and units.

    Raises
    ------
    InputError
        All reasons at once.
    """
    issues = [
        Issue(name, f"may not be reported: {reason}", "Mend that first.")
        for name, fit in fits.items()
        for reason in fit.reasons
    ]
    (first, main), *others = fits.items()
    for name, other in others:
        found = differences(main.compiled, other.compiled)
        issues += [Issue(f"{first!r} and {name!r}", what, _MEND) for what in found]
    if issues:
        raise InputError(issues)


def differences(one: CompiledModel, other: CompiledModel) -> list[str]:
    """What two models did not see alike, a sentence each; empty if nothing."""
    found = list(_units(one, other))
    # Where a row has an identifier it says which number it is, whatever the cohort is called.
    by_id = all(len(set(ids)) == len(ids) and all(ids) for ids in map(_ids, (one, other)))
    ours, theirs = _seen(one, by_id), _seen(other, by_id)
    sides = ((ours, theirs, "first"), (theirs, ours, "second"))
    found += [f"only the {side} uses {key!r}" for a, b, side in sides for key in a if key not in b]
    found += [
        f"{key!r} is {_said(column, ours[key])} in the first, {_said(column, theirs[key])} in the second"
        for key in ours.keys() & theirs.keys()
        for column in dict.fromkeys([*ours[key], *theirs[key]])
        if not _same(ours[key].get(column), theirs[key].get(column))
    ]
    return found


def order_of(one: CompiledModel, other: CompiledModel) -> list[int]:
    """For each cohort of the first model its position in the second, which saw the same data."""
    by_id = all(len(set(ids)) == len(ids) and all(ids) for ids in map(_ids, (one, other)))
    places = {key: j for j, key in enumerate(_seen(other, by_id))}
    return [places[key] for key in _seen(one, by_id)]


def _units(one: CompiledModel, other: CompiledModel) -> Iterator[str]:
    if isinstance(one.likelihood, SurvivalReports) and isinstance(other.likelihood, SurvivalReports):
        return  # whatever their curves: deaths at times in months
    (a, scale), (b, another) = ((model.family.quantity, model.family.model_scale) for model in (one, other))
    if (a, scale) != (b, another):
        yield f"the first is of a {a}, on the {scale} scale, the second of a {b}, on the {another} scale"


def _ids(model: CompiledModel) -> list[str]:
    return [row.outcome_id for row in model.rows]


def _seen(model: CompiledModel, by_id: bool) -> dict[str, dict[str, Any]]:
    """What the model saw of each cohort: its kind and the columns of that, or its report of survival."""
    keys = _ids(model) if by_id else list(model.labels)
    seen: dict[str, dict[str, Any]] = {}
    if isinstance(model.likelihood, SurvivalReports):
        reports = model.likelihood.reports_of(model.data)
        return {
            key: {"report": report.to_dict(), "words": report.words} for key, report in zip(keys, reports, strict=True)
        }
    for part in model.parts:
        # Options of a kind (who was published) are beliefs about the same numbers, and may be compared.
        for k, j in enumerate(part.cohorts):
            columns = {name: float(column[k]) for name, column in part.data.items()}
            seen[keys[j]] = {"kind": part.kind.name, **columns}
    return {key: seen[key] for key in keys}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-12, atol=0.0))
    return bool(one == other)


def _said(column: str, seen: Mapping[str, Any]) -> str:
    if column == "report":
        return f"read as {seen['words']!r}" if "words" in seen else "no report of survival"
    value = seen.get(column)
    if column == "kind":
        return f"read as {value!r}"
    return f"without {column.replace('_', ' ')}" if value is None else f"{column.replace('_', ' ')} {value:g}"


def quasi_reason(model: CompiledModel) -> str | None:
    """Why the likelihood of a model is none in the strict sense; None where it is one."""
    if isinstance(model.likelihood, SurvivalReports):
        labels = [
            row.label
            for row, report in zip(model.rows, model.likelihood.reports_of(model.data), strict=True)
            if report.quasi
        ]
        if labels:
            return f"effective numbers stand for people who were not printed: {', '.join(labels)}"
    if model.discounted:
        return "a likelihood that is discounted by a power is none of data"
    return None
