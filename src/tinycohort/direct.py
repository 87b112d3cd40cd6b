"""`pool`: numbers straight from the caller, with no files at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .compiled import CompiledModel, Row, label_issues
from .engines.run import run, run_issues
from .families import Contrast, Family, Proportion
from .issues import InputError, Issue
from .likelihoods import Binomial, Likelihood, NormalEstimate
from .likelihoods.normal import standard_error
from .pooling import POOLINGS, Partial, Pooling
from .posterior import Fit
from .priors import Beta, HalfNormal, Logistic, Prior, prior

__all__ = ["COUNT_COLUMNS", "ESTIMATE_COLUMNS", "pool"]

COUNT_COLUMNS = ("events", "total")
ESTIMATE_COLUMNS = ("estimate", "lower", "upper")
_GIVEN = ("estimate", "lower_given", "upper_given")
_USUAL_LEVEL = 0.95
_DEFAULTS: Mapping[str, Prior] = {"mu": Logistic(0.0, 1.0), "tau": HalfNormal(0.5)}


def pool(
    events: Sequence[int] | None = None,
    totals: Sequence[int] | None = None,
    *,
    estimates: Sequence[float] | None = None,
    lower: Sequence[float] | None = None,
    upper: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    data: Any = None,
    ratio: bool = False,
    level: float | Sequence[float] = 0.95,
    mu: Prior | str | None = None,
    tau: Prior | str | None = None,
    pooling: str = "partial",
    nu: float | None = None,
    engine: str = "auto",
    seed: int | None = None,
    **sampler: Any,
) -> Fit:
    """Pool counts, or estimates with their intervals, over cohorts.

    Parameters
    ----------
    events, totals : sequence of int, shape (cohort,)
        Responders and people, for a proportion.
    estimates, lower, upper : sequence of float, shape (cohort,)
        An estimate with its central interval, for a contrast; instead of counts.
    labels : sequence of str, optional
        Names of the cohorts; "cohort 1", "cohort 2" and so on when not given.
    data : DataFrame or mapping, optional
        Columns label, events, total or label, estimate, lower, upper, level; instead of the sequences.
    ratio : bool
        The estimates are ratios: pooled on the log scale, reported as ratios. Otherwise as given.
    level : float or sequence of float
        Level of the intervals given, for contrasts.
    mu, tau : Prior or str, optional
        Priors on the model scale (a Beta prior of a proportion's mu is on the probability scale). For counts,
        Logistic(0, 1) and HalfNormal(0.5) when not given; for contrasts they must be given.
    pooling : {"partial", "student", "common", "none"}
        How cohorts are alike.
    nu : float, optional
        Degrees of freedom of a Student t, for pooling ``student`` alone, which has no default.
    engine : {"auto", "exact", "nuts"}
        ``auto`` is exact here.
    seed : int, optional
        Of draws; drawn afresh and recorded when not given.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        Everything that is wrong with the numbers, the priors and the choices, at once.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> new = fit.summary()["new_cohort"]
    >>> print(f"{new['median']:.2f} ({new['lower']:.2f} to {new['upper']:.2f})")
    0.22 (0.09 to 0.46)
    """
    columns = _gather(data, events=events, total=totals, estimate=estimates, lower=lower, upper=upper, label=labels)
    counts = _is_counts(columns, data)
    issues: list[Issue] = []
    if not counts:
        columns.setdefault("level", level)
    elif ratio or np.ndim(level) or level != _USUAL_LEVEL:
        what = f"counts have no {'ratio' if ratio else 'level of intervals'}"
        issues.append(
            Issue("ratio" if ratio else "level", what, "Leave it out, or give estimates with their intervals.")
        )
    names = COUNT_COLUMNS if counts else (*ESTIMATE_COLUMNS, "level")
    columns = {name: _sequence(value) if name != "level" else value for name, value in columns.items()}
    size = len(columns[names[0]])
    numbers = {name: _numbers(name, columns[name], size, issues) for name in names}
    readable = not issues
    cohorts = _labels(columns.get("label"), size, issues)
    way = _pooling(pooling, {"nu": nu}, issues)
    family: Family = Proportion() if counts else Contrast("ratio" if ratio else "difference")
    kind: Likelihood = Binomial() if counts else NormalEstimate()
    priors = _priors({"mu": mu, "tau": tau}, way, counts, issues)
    issues += _prior_issues(family, priors) + run_issues(engine, seed, sampler, way.name)
    if readable and len(cohorts) == size:
        issues += label_issues(cohorts)
        issues += kind.check(numbers, cohorts) if counts else _interval_issues(family, numbers, cohorts)
    if issues:
        raise InputError(issues)
    stored = numbers if counts else _on_model_scale(family, numbers)
    given = {} if counts else dict(zip(_GIVEN, (numbers[name] for name in ESTIMATE_COLUMNS), strict=True))
    rows = tuple(Row(label) for label in cohorts)
    return run(CompiledModel("pool", family, kind, way, priors, rows, stored, given), engine, seed, **sampler)


def _sequence(values: Any) -> list[Any]:
    """One number is one cohort; text is not a sequence of letters."""
    several = hasattr(values, "__iter__") and not isinstance(values, str) and getattr(values, "ndim", 1) > 0
    return list(values) if several else [values]


def _gather(data: Any, **sequences: Any) -> dict[str, Any]:
    """The columns given, from `data` or one by one."""
    given = {name: value for name, value in sequences.items() if value is not None}
    if data is None:
        return given
    if given:
        what = f"{', '.join(given)} beside data"
        raise InputError(Issue("pool", what, "Give the numbers once: in data, or one by one."))
    names = getattr(data, "columns", data)
    if isinstance(data, str) or not hasattr(names, "__iter__") or not hasattr(data, "__getitem__"):
        mend = "Give a DataFrame or a mapping of columns; read a file first, or use the command line."
        raise InputError(Issue("data", f"{data!r} is not a table", mend))
    known = (*COUNT_COLUMNS, *ESTIMATE_COLUMNS, "label", "level")
    return {name: list(data[name]) for name in known if name in names}


def _is_counts(columns: Mapping[str, Any], data: Any) -> bool:
    """Whether these are counts; an error when they are neither counts nor estimates, or both."""
    argument = {
        "total": "total" if data is not None else "totals",
        "estimate": "estimate" if data is not None else "estimates",
    }
    kinds = []
    for names in (COUNT_COLUMNS, ESTIMATE_COLUMNS):
        missing = [argument.get(name, name) for name in names if name not in columns]
        if len(missing) < len(names):
            kinds.append((names is COUNT_COLUMNS, missing))
    if len(kinds) == 1 and not kinds[0][1]:
        return kinds[0][0]
    wanted = "Give events and totals, or estimates with lower and upper."
    if len(kinds) == 1:
        raise InputError(Issue("pool", f"{', '.join(kinds[0][1])} missing", wanted))
    what = "counts and estimates together" if kinds else "neither counts nor estimates"
    raise InputError(Issue("pool", what, wanted))


def _numbers(name: str, values: Any, size: int, issues: list[Issue]) -> Any:
    """A column of numbers; whatever is not a number is reported and becomes nan."""
    if name == "level":
        values = [values] * size if np.ndim(values) == 0 else list(values)
    if len(values) != size:
        what = f"{len(values)} values for {size} cohorts"
        issues.append(Issue(name, what, "Give one for each cohort."))
    found = np.full(len(values), np.nan)
    for j, value in enumerate(values):
        try:
            if isinstance(value, str | bytes | bool | np.bool_ | list | tuple | np.ndarray):
                raise TypeError
            found[j] = float(value)
        except (TypeError, ValueError):
            issues.append(Issue(f"{name}, cohort {j + 1}", f"{value!r} is not a number", "Give a number."))
            continue
        if not np.isfinite(found[j]):
            issues.append(Issue(f"{name}, cohort {j + 1}", f"{value!r} is not a finite number", "Give a number."))
    return found


def _labels(labels: Any, size: int, issues: list[Issue]) -> tuple[str, ...]:
    if labels is None:
        return tuple(f"cohort {j + 1}" for j in range(size))
    found = tuple("" if label is None or label != label else str(label).strip() for label in labels)
    if len(found) != size:
        issues.append(Issue("labels", f"{len(found)} labels for {size} cohorts", "Give one for each cohort."))
    issues += [
        Issue(f"labels, cohort {j + 1}", "the label is empty", "Give each cohort a name.")
        for j, label in enumerate(found)
        if not label
    ]
    return found


def _pooling(name: str, options: Mapping[str, Any], issues: list[Issue]) -> Pooling:
    """The pooling with what it is told; one that stands in for it where that is wrong."""
    given = {option: value for option, value in options.items() if value is not None}
    if name not in POOLINGS:
        issues.append(Issue("pooling", f"unknown pooling {name!r}", f"Choose one of {', '.join(POOLINGS)}."))
        return Partial()
    known = {field.name: field.metadata["need"] for field in dataclasses.fields(POOLINGS[name])}
    for option in given:
        if option not in known:
            mend = f"Leave {option} out, or choose another pooling."
            issues.append(Issue(option, f"{given[option]!r} for pooling {name!r}, which has no {option}", mend))
    missing = [option for option in known if option not in given]
    issues += [Issue(option, f"missing, and pooling {name!r} needs it", known[option]) for option in missing]
    try:
        return POOLINGS[name](**{option: given.get(option, 1.0) for option in known})
    except InputError as error:
        issues += error.issues
        return Partial()


def _priors(given: Mapping[str, Any], way: Pooling, counts: bool, issues: list[Issue]) -> dict[str, Prior]:
    found = {}
    for name, value in given.items():
        if name not in way.parameters:
            if value is not None:
                what = f"a prior for {name}, which pooling {way.name!r} does not have"
                issues.append(Issue(name, what, f"Leave {name} out, or choose another pooling."))
        elif value is not None:
            try:
                found[name] = prior(value, name)
            except InputError as error:
                issues += error.issues
        elif counts:
            found[name] = _DEFAULTS[name]
        else:
            what = "no prior, and for contrasts there is no default"
            mend = "Give one on the scale of the estimates (of their logarithm for ratios), such as Normal(0, 1)."
            issues.append(Issue(name, what, mend if name == "mu" else mend.replace("Normal(0, 1)", "HalfNormal(0.5)")))
    return found


def _prior_issues(family: Family, priors: Mapping[str, Prior]) -> list[Issue]:
    issues = []
    if "tau" in priors and priors["tau"].support[0] < 0:
        what = f"{priors['tau']} allows negative values"
        issues.append(Issue("tau", what, "Give a prior of the positive half line, such as HalfNormal(0.5)."))
    if "mu" in priors and isinstance(family.level_prior(priors["mu"]), Beta):
        what = f"{priors['mu']} is a prior of a probability"
        issues.append(Issue("mu", what, "Give a prior of the whole line, such as Normal(0, 1)."))
    return issues


def _interval_issues(family: Family, numbers: Mapping[str, Any], labels: Sequence[str]) -> list[Issue]:
    """Estimates outside their intervals, ratios that are not positive, levels that are none."""
    issues = []
    for j, label in enumerate(labels):
        estimate, low, high, level = (float(numbers[name][j]) for name in (*ESTIMATE_COLUMNS, "level"))
        where = f"cohort {label!r}"
        if family.model_scale == "log" and min(estimate, low) <= 0:
            what = f"ratio {estimate:g} ({low:g} to {high:g}) is not positive"
            issues.append(Issue(where, what, "Give ratios as they are, not their logarithms."))
        elif not low < estimate < high:
            what = f"estimate {estimate:g} is not inside its interval {low:g} to {high:g}"
            issues.append(Issue(where, what, "Correct one of the three."))
        if not 0 < level < 1:
            what = f"{level:g} is not between 0 and 1"
            issues.append(Issue(f"{where}, level", what, "Give a probability, such as 0.95."))
    return issues


def _on_model_scale(family: Family, numbers: Mapping[str, Any]) -> dict[str, Any]:
    theta = {name: np.asarray(family.theta(numbers[name])) for name in ESTIMATE_COLUMNS}
    error = standard_error(theta["lower"], theta["upper"], numbers["level"])
    return {"estimate": theta["estimate"], "standard_error": error}
