"""Answers about survival: curves, hazards, medians, restricted means, and deaths to expect among new patients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .issues import InputError, Issue
from .likelihoods import Binomial, SurvivalReports
from .posterior import Fit, Interval, Marginal, Points, Target, check_target, marginal_of, require_reportable
from .posterior.curves import hazards, medians, over_times, restricted_means, survivals

if TYPE_CHECKING:
    import pandas

__all__ = ["CURVE_FUNCTIONALS", "curve_marginal", "longest_followup", "predicted_deaths", "survival_curve"]

#: What may be asked of a survival curve beside its median: survival at a time, the hazard per month there, and the mean
#: months lived up to it.
CURVE_FUNCTIONALS = ("survival", "hazard", "restricted_mean")
# What is known of some of them at time 0.
_AT_NOUGHT = {"survival": 1.0, "restricted_mean": 0.0}


def longest_followup(fit: Fit) -> float:
    """The longest time, in months, until which the evidence of a fit follows anybody: beyond, curves are extrapolated.

    Raises
    ------
    InputError
        A fit that is not of survival.
    """
    return max(report.longest_months for report in _reports(fit).reports_of(fit.compiled.data))


def _reports(fit: Fit) -> SurvivalReports:
    likelihood = fit.compiled.likelihood
    if not isinstance(likelihood, SurvivalReports):
        what = f"is of a {fit.compiled.family.quantity}, not of survival"
        raise InputError(Issue(fit.compiled.name, what, "Give a fit of a survival model."))
    return likelihood


def curve_marginal(
    fit: Fit, functional: str, time_months: float | None, target: Target = "typical", cohort: int | None = None
) -> Marginal:
    """The posterior of one number of a survival curve.

    Parameters
    ----------
    fit : Fit
        Of a survival model; it must be reportable.
    functional : {"survival", "hazard", "restricted_mean", "median"}
        What: a probability, per month, or months.
    time_months : float or None
        When, or up to when; None for the median.
    target : {"typical", "average", "new_cohort", "cohort"}
        Of which curve. The average is the mean curve over cohorts, its own median, restricted mean and hazard.
    cohort : int, optional
        The number of the cohort, for that target.

    Raises
    ------
    InputError
        A fit that is not of survival or may not be reported, an unknown functional or target, or a time that is none.

    Examples
    --------
    >>> import tinycohort as tc
    >>> reports = {
    ...     "patients": tc.from_patients([6, 20, 28, 31, 57], [True, True, True, True, False]),
    ...     "trial": tc.from_median(17.4, lower_months=15.2, upper_months=21.9),
    ... }
    >>> fit = tc.pool_survival(reports, mu="Normal(2.9, 1)", tau="HalfNormal(0.5)")
    >>> print(f"{tc.curve_marginal(fit, 'survival', 12).summary(0.95)['median']:.2f}")
    0.66
    """
    points = _points(fit, functional, [time_months], target, cohort)
    family, average = _reports(fit).family, target == "average"
    if functional == "median":
        return marginal_of(medians(family, points, average), points)
    assert time_months is not None
    of = {"survival": survivals, "hazard": hazards, "restricted_mean": restricted_means}[functional]
    return marginal_of(of(family, points, float(time_months), average), points)


def _points(
    fit: Fit, functional: str, times_months: Sequence[float | None], target: Target, cohort: int | None
) -> Points:
    """The points of the posterior that a functional at some times is asked of."""
    _reports(fit)
    require_reportable(fit)
    check_target(fit, target, cohort)
    issues = []
    if functional not in (*CURVE_FUNCTIONALS, "median"):
        known = ", ".join((*CURVE_FUNCTIONALS, "median"))
        issues.append(Issue("functional", f"{functional!r} is unknown", f"Known: {known}."))
    if functional != "median":
        issues += [
            Issue("time_months", f"{time!r}", "Give months above 0.") for time in times_months if not _is_time(time)
        ]
    points = fit.posterior.points(target, cohort)
    if points is None and not issues:
        what = (
            f"the {fit.posterior.engine} engine has no curve of {target!r} under pooling {fit.compiled.pooling.name!r}"
        )
        issues.append(Issue("target", what, 'Fit with engine="nuts", or ask for another target.'))
    if issues or points is None:
        raise InputError(issues)
    return points


def _is_time(value: Any) -> bool:
    """Whether a value is a number of months above 0; that something is true is none."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0.0


def predicted_deaths(
    fit: Fit, patients: int, time_months: float, target: Target = "new_cohort", cohort: int | None = None
) -> Any:
    """Posterior predictive probabilities of 0 to `patients` deaths by a time, among new patients of one cohort.

    Parameters
    ----------
    fit : Fit
        Of a survival model.
    patients : int
        How many new patients, all followed until then.
    time_months : float
        Until when.
    target : {"new_cohort", "typical", "cohort"}
        Where they are treated; the average is refused, for patients belong to one cohort.
    cohort : int, optional
        The number of the cohort, for that target.

    Returns
    -------
    array (patients + 1,)

    Raises
    ------
    InputError
        As `curve_marginal`, or a number of patients below 1.

    Examples
    --------
    >>> import tinycohort as tc
    >>> reports = {
    ...     "patients": tc.from_patients([6, 20, 28, 31, 57], [True, True, True, True, False]),
    ...     "trial": tc.from_median(17.4, lower_months=15.2, upper_months=21.9),
    ... }
    >>> fit = tc.pool_survival(reports, mu="Normal(2.9, 1)", tau="HalfNormal(0.5)")
    >>> chances = tc.predicted_deaths(fit, patients=10, time_months=12)
    >>> print(f"nobody among ten: {chances[0]:.2f}")
    nobody among ten: 0.06
    """
    if target == "average":
        raise InputError(Issue("target", "patients belong to one cohort", "Ask for typical or new_cohort."))
    if isinstance(patients, bool) or not isinstance(patients, int | np.integer) or patients < 1:
        raise InputError(Issue("patients", f"{patients!r} is not a whole number above 0", "Give one such as 20."))
    curve_marginal(fit, "survival", time_months, target, cohort)
    points = fit.posterior.points(target, cohort)
    family = _reports(fit).family
    assert points is not None
    alive = np.clip(survivals(family, points, float(time_months), False), 1e-300, 1.0 - 1e-16)
    data = {"events": np.arange(patients + 1.0), "total": np.full(patients + 1, float(patients))}
    theta = np.log1p(-alive) - np.log(alive)
    return points.weight @ np.exp(Binomial().log_likelihood(theta[:, None], data))


def survival_curve(
    fit: Fit,
    times_months: Sequence[float],
    target: Target = "typical",
    functional: str = "survival",
    level: float = 0.95,
    interval: Interval = "equal-tailed",
) -> pandas.DataFrame:
    """A survival curve, hazard or restricted mean over time, as a table.

    Parameters
    ----------
    fit : Fit
        Of a survival model; it must be reportable.
    times_months : sequence of float
        When.
    target : {"typical", "average", "new_cohort", "cohort"}
        Of which curve; of ``cohort``, every one.
    functional : {"survival", "hazard", "restricted_mean"}
        What.
    level : float
        Level of the credible intervals, at each time by itself.
    interval : {"equal-tailed", "shortest"}
        Which interval.

    Returns
    -------
    pandas.DataFrame
        Columns time_months, target, label, mean, sd, median, lower, upper, level, extrapolated: whether the time lies
        beyond the longest follow-up of the evidence.

    Raises
    ------
    InputError
        As `curve_marginal`, or no time at all.

    Examples
    --------
    >>> import tinycohort as tc
    >>> reports = {
    ...     "patients": tc.from_patients([6, 20, 28, 31, 57], [True, True, True, True, False]),
    ...     "trial": tc.from_median(17.4, lower_months=15.2, upper_months=21.9),
    ... }
    >>> fit = tc.pool_survival(reports, mu="Normal(2.9, 1)", tau="HalfNormal(0.5)")
    >>> table = tc.survival_curve(fit, [12, 24, 60], "new_cohort")
    >>> [round(float(alive), 1) for alive in table["median"]]
    [0.7, 0.4, 0.1]
    """
    import pandas

    if np.ndim(times_months) == 0 or len(times_months) == 0:
        raise InputError(Issue("times_months", f"{times_months!r}", "Give at least one time, in months, in a list."))
    model, longest = fit.compiled, longest_followup(fit)
    rows = []
    for cohort in range(model.cohorts) if target == "cohort" else [None]:
        found = iter(_marginals(fit, functional, times_months, target, cohort))
        for time in times_months:
            known: dict[str, Any] = {"time_months": float(time), "target": target}
            known["label"] = None if cohort is None else model.labels[cohort]
            if _is_known(functional, time):
                value = _AT_NOUGHT[functional]
                one: dict[str, Any] = {"mean": value, "sd": 0.0, **dict.fromkeys(("median", "lower", "upper"), value)}
            else:
                one = next(found).summary(level, interval)
            rows.append({**known, **one, "level": level, "extrapolated": bool(time > longest)})
    return pandas.DataFrame(rows)


def _is_known(functional: str, time: Any) -> bool:
    """Whether a curve needs no posterior there: at time 0, where everybody is alive."""
    return functional in _AT_NOUGHT and not isinstance(time, bool | np.bool_) and time == 0


def _marginals(
    fit: Fit, functional: str, times_months: Sequence[float], target: Target, cohort: int | None
) -> list[Marginal]:
    """`curve_marginal` at many times but those at which it is known; the points are taken once."""
    wanted = [time for time in times_months if not _is_known(functional, time)]
    points = _points(fit, functional, wanted, target, cohort)
    values = over_times(_reports(fit).family, points, wanted, functional, target == "average")
    return [marginal_of(one, points) for one in values]
