"""Estimates as a table: one row an estimand and cohort, each knowing the evidence it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .curves import CURVE_FUNCTIONALS, curve_marginal, predicted_deaths
from .issues import InputError, Issue
from .pooling import Regression
from .posterior import Fit, Interval, check_target, require_reportable
from .risks import is_of_odds, risk_at_baseline

if TYPE_CHECKING:
    import pandas

__all__ = [
    "count_summary", "estimate", "estimate_rows", "predicted_events", "prior_posterior_overlap", "probability_above",
]  # fmt: skip

_FEW = 30
_TARGETS = ("typical", "average", "new_cohort")
_OF_GROUPS = ("group", "new_cohort_in_group")


def estimate(fit: Fit, level: float | None = None, interval: Interval = "equal-tailed") -> pandas.DataFrame:
    """The estimands of a fit's model as a table.

    Parameters
    ----------
    fit : Fit
        A fit; of numbers typed in, the estimands are typical, average, new cohort and every cohort.
    level : float, optional
        Level of the credible intervals; the model's own (0.95 for numbers typed in) when not given.
    interval : {"equal-tailed", "shortest"}
        Which interval.

    Returns
    -------
    pandas.DataFrame
        Columns name, functional, target, label, mean, sd, median, lower, upper, level, interval, threshold, patients,
        baseline, probability, weight, shrinkage, exchangeable, overlap, outcome_ids, reportable. What a row does not
        have is missing, never left out. `probability` is P(quantity > threshold) for rows of that kind; `baseline` is
        the risk without the treatment at which a difference or a ratio of risks is taken; `exchangeable` is the
        posterior probability of a cohort to be exchangeable, where it may stand on its own; `overlap` is the share of
        tau's prior that its posterior still covers; `outcome_ids` are the rows of outcomes.csv that it rests on.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.estimate(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> list(table["target"][:4])
    ['typical', 'average', 'new_cohort', 'heterogeneity']
    """
    import pandas

    return pandas.DataFrame(estimate_rows(fit, level, interval))


def estimate_rows(fit: Fit, level: float | None = None, interval: Interval = "equal-tailed") -> list[dict[str, Any]]:
    """The same as a list of dictionaries, for programs that do without pandas."""
    # A report asks for the same rows again and again, and each takes some milliseconds of quadrature.
    key = ("estimates", level, interval)
    if key not in fit.kept:
        fit.kept[key] = [
            row
            for wanted in _wanted(fit)
            for row in _rows(fit, wanted, wanted["level"] if level is None else level, interval)
        ]
    return [dict(row) for row in fit.kept[key]]


def _wanted(fit: Fit) -> list[dict[str, Any]]:
    """The estimands: the model's own, or the usual ones."""
    heterogeneity = {"name": "heterogeneity", "functional": "heterogeneity", "target": None, "level": 0.95}
    quantity = fit.compiled.family.quantity
    if fit.model is None:
        targets = (*_TARGETS, None, *(_OF_GROUPS if fit.compiled.pooling.grouped else ()), "cohort")
        return [
            {"name": target, "functional": quantity, "target": target, "level": 0.95} if target else heterogeneity
            for target in targets
        ]
    found = [vars(estimand) for estimand in fit.model.estimands]
    return found if any(one["functional"] == "heterogeneity" for one in found) else [*found, heterogeneity]


def _rows(fit: Fit, wanted: dict[str, Any], level: float, interval: Interval) -> list[dict[str, Any]]:
    """The rows of one estimand: one, or one a cohort, one a group; of the heterogeneity one a standard deviation."""
    model, target = fit.compiled, wanted["target"]
    if wanted["functional"] == "heterogeneity" and model.pooling.grouped:
        return [_row(fit, {**wanted, "spread": name}, None, level, interval) for name in ("tau", "tau_group")]
    numbers = {"cohort": model.cohorts, **dict.fromkeys(_OF_GROUPS, len(model.group_labels))}
    places = range(numbers[target]) if target in numbers else [None]
    if wanted.get("at"):
        # Of a variant without covariates it is what it always was.
        fit = _at(fit, wanted["at"])
    return [_row(fit, wanted, place, level, interval) for place in places]


def _at(fit: Fit, covariates: Mapping[str, float]) -> Fit:
    """The fit at values of its covariates, each made once; the fit itself where it has none."""
    if not isinstance(fit.compiled.pooling, Regression):
        return fit
    key = ("at", tuple(sorted(covariates.items())))
    if key not in fit.kept:
        fit.kept[key] = fit.at(covariates)
    return fit.kept[key]


def _row(fit: Fit, wanted: dict[str, Any], number: int | None, level: float, interval: Interval) -> dict[str, Any]:
    row = _empty_row(fit, wanted, number, level, interval)
    of_curve = wanted.get("time_months") is not None
    if not fit.reportable or (of_curve and fit.posterior.points(wanted["target"], number) is None):
        return row
    return row | _found(fit, wanted, number, level, interval)


def _empty_row(
    fit: Fit, wanted: dict[str, Any], number: int | None, level: float, interval: Interval
) -> dict[str, Any]:
    """What a row is about, and the numbers it rests on; of what it says nothing yet."""
    model, target, spread = fit.compiled, wanted["target"], wanted.get("spread", "tau")
    used, label = model.rows, None
    if target in _OF_GROUPS and number is not None:
        label = model.group_labels[number]
        used = tuple(row for row in used if row.group == label)
    elif number is not None:
        used, label = (used[number],), used[number].label
    of_cohort = target == "cohort" and number is not None
    cohort = fit.summary(level, interval)["cohorts"][number] if of_cohort else {}
    return {
        "name": wanted["name"],
        "functional": wanted["functional"],
        "target": target or ("heterogeneity" if spread == "tau" else f"heterogeneity_{spread.removeprefix('tau_')}"),
        "label": label,
        **dict.fromkeys(("mean", "sd", "median", "lower", "upper")),
        "level": level,
        "interval": interval,
        "threshold": wanted.get("threshold"),
        "patients": wanted.get("patients"),
        "baseline": wanted.get("baseline"),
        "time_months": wanted.get("time_months"),
        "probability": None,
        "weight": cohort.get("weight"),
        "shrinkage": cohort.get("shrinkage"),
        "exchangeable": cohort.get("exchangeable"),
        "overlap": None,
        "outcome_ids": tuple(one.outcome_id for one in used if one.outcome_id),
        "reportable": fit.reportable,
    }


def _found(fit: Fit, wanted: dict[str, Any], number: int | None, level: float, interval: Interval) -> dict[str, Any]:
    """What an estimand comes to: the columns of its row that it fills."""
    functional, target = wanted["functional"], wanted["target"]
    of_curve = wanted.get("time_months") is not None
    if functional == "heterogeneity":
        spread = wanted.get("spread", "tau")
        summary = fit.summary(level, interval)[spread] or {}
        return {**summary, "overlap": prior_posterior_overlap(fit, spread)}
    if functional in ("probability_above", "probability_below"):
        above = _above(fit, wanted, target, number)
        return {"probability": above if above is None or functional == "probability_above" else 1.0 - above}
    if functional == "predicted_events":
        ask = partial(predicted_deaths, time_months=wanted["time_months"]) if of_curve else predicted_events
        return count_summary(ask(fit, wanted["patients"], target=target, cohort=number), level)
    if functional in CURVE_FUNCTIONALS:
        return curve_marginal(fit, functional, wanted["time_months"], target, number).summary(level, interval)
    if wanted.get("baseline") is not None:
        at = risk_at_baseline(fit, wanted["baseline"], target, number, level, interval) if is_of_odds(fit) else None
        return (at or {}).get(functional, {})
    found = _summarised(fit.summary(level, interval), target, number) or {}
    return {key: found.get(key) for key in ("mean", "sd", "median", "lower", "upper")}


def _above(fit: Fit, wanted: dict[str, Any], target: str, number: int | None) -> float | None:
    """P(quantity > threshold); of a survival curve at a time, where the estimand names one."""
    if wanted.get("time_months") is None:
        return probability_above(fit, wanted["threshold"], target, number)
    at = curve_marginal(fit, "survival", wanted["time_months"], target, number)  # type: ignore[arg-type]
    return at.probability_above(wanted["threshold"])


def _summarised(summary: dict[str, Any], target: str, number: int | None) -> dict[str, Any] | None:
    if number is None:
        found: dict[str, Any] | None = summary[target]
    elif target == "cohort":
        found = summary["cohorts"][number]
    else:
        found = summary["groups"][number]["typical" if target == "group" else "new_cohort"]
    return found


def probability_above(fit: Fit, threshold: float, target: str = "typical", cohort: int | None = None) -> float | None:
    """P(quantity > threshold) on the natural scale; None where the pooling has no such target.

    Parameters
    ----------
    fit : Fit
        A reportable fit.
    threshold : float
        On the natural scale.
    target : {"typical", "average", "new_cohort", "cohort", "group", "new_cohort_in_group"}
        Of what.
    cohort : int, optional
        Which cohort, or which group, by position, when `target` is of one.

    Examples
    --------
    >>> import tinycohort as tc
    >>> round(tc.probability_above(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]), 0.2), 2)
    0.64
    """
    require_reportable(fit)
    check_target(fit, target, cohort)
    marginal = fit.posterior.marginal(target, cohort, natural=True)  # type: ignore[arg-type]
    return None if marginal is None else marginal.probability_above(threshold)


def predicted_events(fit: Fit, patients: int, target: str = "new_cohort", cohort: int | None = None) -> Any:
    """Predictive probabilities of 0, 1, ... `patients` responders among new patients who share one response rate.

    Parameters
    ----------
    fit : Fit
        A reportable fit of proportions.
    patients : int
        How many new patients.
    target : {"new_cohort", "typical", "cohort", "group", "new_cohort_in_group"}
        Where they are treated.
    cohort : int, optional
        Which cohort, or which group, by position, when `target` is of one.

    Returns
    -------
    array, shape (patients + 1,), or None
        None where the pooling has no such target.

    Raises
    ------
    InputError
        A fit that is not of proportions or may not be reported, or a number of patients below 1.

    Examples
    --------
    >>> import tinycohort as tc
    >>> chances = tc.predicted_events(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]), patients=5)
    >>> print(f"no responder among five: {chances[0]:.2f}")
    no responder among five: 0.30
    """
    require_reportable(fit)
    if fit.compiled.family.quantity != "probability":
        what = f"a model of a {fit.compiled.family.quantity} predicts no counts"
        raise InputError(Issue("predicted_events", what, "Ask it of a model of proportions."))
    check_target(fit, target, cohort)
    if isinstance(patients, bool) or not isinstance(patients, int | np.integer) or patients < 1:
        raise InputError(Issue("patients", f"{patients!r} is not a whole number above zero", "Give one such as 20."))
    return fit.posterior.predicted_events(int(patients), target, cohort)  # type: ignore[arg-type]


def count_summary(probabilities: Any, level: float) -> dict[str, float | None]:
    """Mean, standard deviation and central interval of a distribution of counts: empty where there is none."""
    if probabilities is None:
        return {}
    counts, cumulative = np.arange(len(probabilities)), np.cumsum(probabilities)
    mean = float(counts @ probabilities)
    tail = 0.5 * (1.0 - level)
    lower, median, upper = (float(np.searchsorted(cumulative, p * (1 - 1e-12))) for p in (tail, 0.5, 1.0 - tail))
    sd = float(np.sqrt(max(counts**2 @ probabilities - mean**2, 0.0)))
    return {"mean": mean, "sd": sd, "median": median, "lower": lower, "upper": upper}


def prior_posterior_overlap(fit: Fit, parameter: str = "tau") -> float | None:
    """How much of a parameter's prior its posterior still covers: the integral of the smaller of the two densities.

    The integral is over a fine grid of prior and posterior quantiles, from their distribution functions. Schmid and
    Schmidt 2006, doi:10.1016/j.csda.2005.01.014.

    Parameters
    ----------
    fit : Fit
        A reportable fit.
    parameter : {"tau", "mu", "tau_group"}
        Of which parameter.

    Returns
    -------
    float or None
        1: the data said nothing; 0: the posterior lies where the prior did not. None where there is no such parameter.

    Raises
    ------
    InputError
        A fit that may not be reported.

    Examples
    --------
    >>> import tinycohort as tc
    >>> print(f"{tc.prior_posterior_overlap(tc.pool(events=[1, 7, 9], totals=[8, 27, 44])):.2f}")
    0.86
    """
    require_reportable(fit)
    marginal = fit.posterior.marginal(parameter)  # type: ignore[arg-type]
    prior = fit.compiled.level_priors.get(parameter)
    if marginal is None or prior is None:
        return None
    p = np.linspace(0.0005, 0.9995, 400 if fit.posterior.engine == "exact" else 60)
    # Where the posterior's quantiles lie need only be known well enough to look there.
    few = np.linspace(p[0], p[-1], _FEW)
    edges = np.unique(np.concatenate([prior.quantile(p), np.interp(p, few, marginal.quantile(few))]))
    before, after = (np.diff(np.concatenate([[0.0], cdf(edges), [1.0]])) for cdf in (prior.cdf, marginal.cdf))
    return float(np.minimum(before, after).sum())
