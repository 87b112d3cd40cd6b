"""`plan`: how a trial would go that begins with what is known today."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..issues import InputError, Issue
from ..posterior import Fit
from .decisions import DecisionRule
from .mixture import Mixture
from .predictive import map_prior
from .trials import Trial, contrast_trial, one_arm, over_contrast, treated_at, two_arms

if TYPE_CHECKING:
    import pandas

__all__ = ["Plan", "as_prior", "make_trial", "plan", "plan_issues"]

#: The largest arm: the tables of two such are enumerated in a few seconds.
LARGEST = 1000
_TRUTHS = tuple(round(0.05 * k, 2) for k in range(1, 20))
_FEWER_TRUTHS = _TRUTHS[1::2]
_NULLS = 401
@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What `plan` returns.

    Attributes
    ----------
    patients, control_patients : int, int or None
        People in each arm.
    rule : DecisionRule
        When it succeeds.
    prior, control_prior : Mixture, Mixture or None
        What each arm begins with; of a log odds ratio, what is known of the controls, who borrow nothing.
    level : float
        Of the credible interval.
    rows : list of dict
        One a truth: `truth`, `control` (None without a control arm), `success` (the probability of it), and what is
        expected: `effective_sample_size` of the posterior, in people and by moments, and the weight of what was borrowed,
        `informative_weight`, where the prior has a vague component; of two arms those of the controls as well
        (`control_...`); of one arm `width` and `coverage` of the credible interval.
    type_one_error : dict
        `largest`: the largest probability of success where the rule's `null` is the truth, or worse; `at`: the rate
        (of the controls) where it is so large; `null`.
    assurance : float or None
        The probability of success given today's evidence: over the informative part of the prior, or over the design
        priors. None for a log odds ratio when nothing is said of the controls.
    trial : Trial
        Every table.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
    >>> found = tc.plan(prior, 20, tc.DecisionRule(0.2, 0.9))
    >>> print(f"{found.success(0.2):.3f} {found.success(0.4):.3f}")
    0.032 0.584
    """

    patients: int
    control_patients: int | None
    rule: DecisionRule
    prior: Mixture
    control_prior: Mixture | None
    level: float
    rows: list[dict[str, Any]]
    type_one_error: dict[str, float]
    assurance: float | None
    trial: Trial

    def success(self, truth: float, control: float = 0.0) -> float:
        """The probability of success at true rates; of a trial of one arm, without `control`."""
        return float(self.trial.expected(self.trial.success, truth, control))

    @property
    def boundary(self) -> list[int | None]:
        """The fewest events that succeed (the most, where fewer are better); a list, over the controls' events."""
        return self.trial.boundary

    @property
    def table(self) -> pandas.DataFrame:
        """`rows` as a table."""
        import pandas

        return pandas.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {
            "patients": self.patients,
            "control_patients": self.control_patients,
            "rule": {
                "thresholds": list(self.rule.thresholds),
                "probabilities": list(self.rule.probabilities),
                "above": self.rule.above,
                "scale": self.rule.scale,
                "null": self.rule.null,
            },
            "prior": self.prior.to_dict(),
            "control_prior": None if self.control_prior is None else self.control_prior.to_dict(),
            "level": self.level,
            "boundary": self.boundary,
            "type_one_error": self.type_one_error,
            "assurance": self.assurance,
            "rows": self.rows,
        }

    def __repr__(self) -> str:
        arms = f"{self.patients} people" + (f" and {self.control_patients} controls" if self.control_patients else "")
        lines = [
            f"A trial of {arms}, which succeeds if {self.rule}".replace("quantity", self._quantity),
            f"  prior: {Mixture.__repr__(self.prior)}",
        ]
        if self.control_prior is not None:
            lines.append(f"  prior of the controls: {Mixture.__repr__(self.control_prior)}")
        if self.control_patients is None:
            need = self.boundary[0]
            word = "fewest" if self.rule.above else "most"
            lines.append(f"  {word} responders that succeed: {'none do' if need is None else need}")
        error = self.type_one_error
        lines.append(f"  type I error: at most {error['largest']:.3f}, at a rate of {error['at']:.3g}")
        if self.assurance is not None:
            lines.append(f"  probability of success given today's evidence: {self.assurance:.3f}")
        return "\n".join([*lines, *self._row_lines()])

    @property
    def _quantity(self) -> str:
        if self.control_patients is None:
            return "rate"
        return "log odds ratio" if self._scale == "log_odds_ratio" else "difference"

    @property
    def _scale(self) -> str:
        return "log_odds_ratio" if self.prior.family == "normal" else self.rule.scale

    def _row_lines(self) -> list[str]:
        names = [name for name, value in self.rows[0].items() if value is not None]
        heads = [name.replace("_", " ").replace("effective sample size", "ESS") for name in names]
        cells = [[_cell(name, row[name]) for name in names] for row in self.rows]
        widths = [max(len(head), *(len(row[k]) for row in cells)) for k, head in enumerate(heads)]
        return ["  " + "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in [heads, *cells]]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if name.endswith("size") else f"{value:.2f}" if name in ("truth", "control") else f"{value:.3f}"


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

    Three kinds of trial: of one arm, whose response rate has a Beta mixture as its prior; of two arms, each with its own
    (the MAP prior of one of them, say, and a uniform one of the other); and of two arms whose log odds ratio has a normal
    mixture as its prior, such as the MAP prior of a model of randomised trials, read by the exact conditional likelihood.

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
    issues += _truth_issues(truths, control_truths, control_patients)
    issues += _design_issues(prior, design_prior, design_control_prior)
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
        trial,
    )


def as_prior(given: Mixture | Fit) -> Mixture:
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
    """The largest chance of success where the null holds: at its edge over all controls, or anywhere beyond it."""
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


def _assurance(trial: Trial, prior: Mixture, control: Mixture | None) -> float | None:
    treated, controls = trial.patients
    if prior.family == "normal":
        if control is None:
            return None
        return over_contrast(prior, control, partial(trial.expected, trial.success))
    of_control = np.ones(1) if control is None or controls == 0 else control.predictive(total=controls)
    return float(trial.averaged(trial.success, prior.predictive(total=treated), of_control))


def plan_issues(
    prior: Mixture,
    control: Mixture | None,
    patients: Any,
    control_patients: Any,
    rule: Any,
    level: Any = 0.95,
) -> list[Issue]:
    """What is wrong with the arms, their priors and the rule."""
    issues = _size_issues("patients", patients)
    issues += [] if control_patients is None else _size_issues("control_patients", control_patients)
    if not isinstance(rule, DecisionRule):
        issues.append(Issue("rule", f"{rule!r} is no rule", "Give DecisionRule(threshold, probability)."))
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        issues.append(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if prior.family == "gamma" or (prior.family == "normal" and control_patients is None):
        mend = "Give a Beta mixture, or a normal one of a log odds ratio with control_patients."
        issues.append(Issue("prior", f"a {prior.family} mixture of {prior.scale} and a trial of responders", mend))
    if prior.family == "normal" and prior.scale not in ("log odds ratio", "value"):
        mend = "Give one of a log odds ratio."
        issues.append(Issue("prior", f"a mixture of {prior.scale}, and counts speak of a log odds ratio", mend))
    if control is not None and control.family != "beta":
        issues.append(Issue("control_prior", f"a {control.family} mixture", "Give a Beta mixture."))
    if control is not None and control_patients is None:
        issues.append(Issue("control_patients", "not given, and there is a control_prior", "Say how many, or leave it out."))
    if control is None and control_patients is not None and prior.family == "beta":
        mend = 'Give one, such as Mixture("beta", [1], [1], [1]), which is uniform.'
        issues.append(Issue("control_prior", "not given, and there are controls", mend))
    return issues


def _size_issues(name: str, value: Any) -> list[Issue]:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if whole and 1 <= value <= LARGEST:
        return []
    return [Issue(name, f"{value!r} is not a whole number from 1 to {LARGEST}", "Give one such as 20.")]


def _truth_issues(truths: Any, control_truths: Any, control_patients: Any) -> list[Issue]:
    issues = []
    for name, values in (("truths", truths), ("control_truths", control_truths)):
        if values is None:
            continue
        try:
            good = len(values) > 0 and all(0.0 <= float(x) <= 1.0 for x in values)
        except (TypeError, ValueError):
            good = False
        if not good:
            issues.append(Issue(name, f"{values!r} are not rates between 0 and 1", "Give some, such as [0.2, 0.4]."))
    if control_truths is not None and control_patients is None:
        issues.append(Issue("control_truths", "given, and there are no controls", "Leave it out, or say control_patients."))
    return issues


def _design_issues(prior: Mixture, design: Any, control: Any) -> list[Issue]:
    issues = []
    for name, given, family in (("design_prior", design, prior.family), ("design_control_prior", control, "beta")):
        if given is not None and (not isinstance(given, Mixture) or given.family != family):
            issues.append(Issue(name, f"not a {family} mixture", f"Give a {family} mixture, as the prior is."))
    return issues
