"""`plan`: how a trial would go that begins with what is known today."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..posterior import Fit
from .decisions import DecisionRule
from .mixture import Mixture
from .plan_refusals import design_issues, plan_issues, truth_issues
from .predictive import map_prior
from .result import Plan
from .trials import Trial, contrast_trial, one_arm, over_contrast, treated_at, two_arms

__all__ = ["as_prior", "make_trial", "plan"]

_TRUTHS = tuple(round(0.05 * k, 2) for k in range(1, 20))
_FEWER_TRUTHS = _TRUTHS[1::2]
_NULLS = 401


def plan(
    prior: Mixture | Fit,
    patients: int,
    rule: DecisionRule,
    *,
    control_prior: Mixture | Fit | None = None,
    control_patients: int | None = None,
    truths: Sequence[float] | None = None,
    control_truths: Sequence[float] | None = None,
    design_prior: Mixture | None = None,
    design_control_prior: Mixture | None = None,
    level: float = 0.95,
) -> Plan:
    """Operating characteristics of a trial that borrows, by enumerating everything that may happen.

    Three kinds of trial: of one arm, whose response rate has a Beta mixture as its prior; of two arms, each with its
    own (the MAP prior of one of them, say, and a uniform one of the other); and of two arms whose log odds ratio has a
    normal mixture as its prior, such as the MAP prior of a model of randomised trials, read by the exact conditional
    likelihood.

    Parameters
    ----------
    prior : Mixture or Fit
        Of the arm that is treated, or of the log odds ratio; of a fit, its MAP prior.
    patients : int
        People in the arm that is treated, at most 1000.
    rule : DecisionRule
        When the trial succeeds.
    control_prior : Mixture or Fit, optional
        Of the control arm; with a prior of the log odds ratio only what is thought of the controls, for the assurance.
    control_patients : int, optional
        People in the control arm; a trial of one arm when not given.
    truths : sequence of float, optional
        True rates in the treated arm; 0.05, 0.1 to 0.95 (of two arms, 0.1, 0.2 to 0.9) when not given.
    control_truths : sequence of float, optional
        True rates of the controls; the quartiles of their prior, or 0.25, 0.5 and 0.75, when not given.
    design_prior, design_control_prior : Mixture, optional
        What is believed today, over which the assurance is taken; the informative parts of the priors when not given.
    level : float
        Of the credible interval whose width and coverage are given for one arm.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Everything that is wrong with the choices, at once.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> found = tc.plan(tc.map_prior(fit).robust(0.2), 20, tc.DecisionRule(0.2, 0.9), truths=[0.2, 0.4])
    >>> [round(row["success"], 2) for row in found.rows]
    [0.03, 0.58]
    """
    prior, control = as_prior(prior), None if control_prior is None else as_prior(control_prior)
    issues = plan_issues(prior, control, patients, control_patients, rule, level)
    issues += truth_issues(truths, control_truths, control_patients)
    issues += design_issues(prior, design_prior, design_control_prior)
    if issues:
        raise InputError(issues)
    trial = make_trial(prior, control, (patients, control_patients), rule, level)
    usual = _TRUTHS if control_patients is None else _FEWER_TRUTHS
    rates = usual if truths is None else tuple(float(x) for x in truths)
    controls = _controls(control_patients, control, control_truths)
    today = design_prior or prior.informative, design_control_prior or (control and control.informative)
    return Plan(
        patients,
        control_patients,
        rule,
        prior,
        control,
        level,
        [_row(trial, truth, rate) for rate in controls for truth in rates],
        _type_one_error(trial, rule, prior.family == "normal"),
        _assurance(trial, *today),
        _expected_today(trial, *today),
        trial,
    )


def as_prior(given: Any) -> Mixture:
    """A prior as it is, or the MAP prior of a fit.

    Raises
    ------
    InputError
        Something else.
    """
    if isinstance(given, Mixture):
        return given
    if isinstance(given, Fit):
        return map_prior(given)
    what = f"{type(given).__name__} is neither a mixture nor a fit"
    raise InputError(Issue("prior", what, 'Give map_prior(fit), or Mixture("beta", [1], [1], [1]).'))


def make_trial(
    prior: Mixture,
    control: Mixture | None,
    patients: tuple[int, int | None],
    rule: DecisionRule | None,
    level: float | None,
) -> Trial:
    """Every table of the trial that these choices make; without a level, without intervals."""
    treated, controls = patients
    if controls is None:
        return one_arm(prior, treated, rule, level)
    assert rule is not None
    if prior.family == "normal":
        return contrast_trial(prior, (treated, controls), rule)
    assert control is not None
    return two_arms(prior, control, (treated, controls), rule)


def _controls(control_patients: int | None, control: Mixture | None, given: Sequence[float] | None) -> tuple[Any, ...]:
    if control_patients is None:
        return (None,)
    if given is not None:
        return tuple(float(x) for x in given)
    quarters = np.array([0.25, 0.5, 0.75])
    return tuple(float(x) for x in (quarters if control is None else control.informative.quantile(quarters)))


def _row(trial: Trial, truth: float, control: float | None) -> dict[str, Any]:
    rate = 0.0 if control is None else control
    row = {"truth": truth, "control": control, "success": float(trial.expected(trial.success, truth, rate))}
    for name, values in trial.features.items():
        row[name] = float(trial.expected(values, truth, rate))
    if trial.lower is not None:
        row["coverage"] = float(trial.expected((trial.lower <= truth) & (truth <= trial.upper), truth))
    return row


def _type_one_error(trial: Trial, rule: DecisionRule, contrast: bool) -> dict[str, float]:
    """The largest chance of success where the null holds: anywhere below its edge, or at its edge over all controls.

    Whatever the prior, more events make a higher rate more probable, so that no chance beyond the edge is larger.
    """
    if trial.patients[1] == 0:
        edge = min(max(rule.null, 0.0), 1.0)
        rates = np.linspace(0.0, edge, _NULLS) if rule.above else np.linspace(edge, 1.0, _NULLS)
        chances = trial.expected(trial.success, rates)
    else:
        rates = np.linspace(0.0, 1.0, _NULLS)
        truth = treated_at(rates, rule.null, "log_odds_ratio" if contrast else rule.scale)
        rates, truth = rates[~np.isnan(truth)], truth[~np.isnan(truth)]
        if not len(rates):
            return {"largest": 0.0, "at": math.nan, "null": rule.null}
        chances = trial.expected(trial.success, truth, rates)
    worst = int(np.argmax(chances))
    return {"largest": float(chances[worst]), "at": float(rates[worst]), "null": rule.null}


def _expected_today(trial: Trial, prior: Mixture, control: Mixture | None) -> dict[str, float]:
    """The mean of each feature over what is believed today; of a log odds ratio over what is believed of both."""
    if prior.family == "normal":
        if control is None:
            return {}
        return {
            name: over_contrast(prior, control, partial(trial.expected, values))
            for name, values in trial.features.items()
        }
    chances = _predicted(trial, prior, control)
    return {name: float(trial.averaged(values, *chances)) for name, values in trial.features.items()}


def _predicted(trial: Trial, prior: Mixture, control: Mixture | None) -> tuple[Any, Any]:
    """Predictive probabilities of the counts of either arm."""
    treated, controls = trial.patients
    of_control = np.ones(1) if control is None or controls == 0 else control.predictive(total=controls)
    return prior.predictive(total=treated), of_control


def _assurance(trial: Trial, prior: Mixture, control: Mixture | None) -> float | None:
    if prior.family == "normal":
        if control is None:
            return None
        return over_contrast(prior, control, partial(trial.expected, trial.success))
    return float(trial.averaged(trial.success, *_predicted(trial, prior, control)))
