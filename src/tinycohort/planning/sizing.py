"""The smallest trial that is large enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..issues import InputError, Issue
from ..posterior import Fit
from .decisions import DecisionRule
from .front import as_prior, make_trial
from .mixture import Mixture
from .plan_refusals import plan_issues
from .trials import Trial

if TYPE_CHECKING:
    import pandas

__all__ = ["Size", "smallest_trial"]

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Size:
    """What `smallest_trial` returns.

    Attributes
    ----------
    patients : int or None
        The smallest number of people (in the treated arm) that reaches what was asked; None where none does.
    from_then_on : int or None
        The smallest from which on all larger ones do, up to the largest that was tried: counts are whole, so that power
        falls now and again as a trial grows.
    wanted : str
        What was asked, in words.
    sizes, values : array (size,)
        Every size that was tried, and what it reaches.
    """

    patients: int | None
    from_then_on: int | None
    wanted: str
    sizes: Any
    values: Any

    @property
    def table(self) -> pandas.DataFrame:
        """Columns patients and reached."""
        import pandas

        return pandas.DataFrame({"patients": self.sizes, "reached": self.values})

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        rows = [{"patients": int(n), "reached": float(x)} for n, x in zip(self.sizes, self.values, strict=True)]
        return {"wanted": self.wanted, "patients": self.patients, "from_then_on": self.from_then_on, "rows": rows}

    def __repr__(self) -> str:
        if self.patients is None:
            return f"{self.wanted}: not reached with {self.sizes[-1]} people"
        later = "" if self.from_then_on == self.patients else f", and always from {self.from_then_on or 'no size'} on"
        reached = float(self.values[int(np.searchsorted(self.sizes, self.patients))])
        return f"{self.wanted}: {self.patients} people ({reached:.3f}){later}"


def smallest_trial(
    prior: Mixture | Fit,
    rule: DecisionRule | None = None,
    *,
    truth: float | None = None,
    power: float | None = None,
    width: float | None = None,
    probability: float | None = None,
    control_prior: Mixture | Fit | None = None,
    control_truth: float | None = None,
    controls_per_patient: float | None = None,
    design_prior: Mixture | None = None,
    level: float = 0.95,
    at_most: int = 100,
) -> Size:
    """The smallest trial that reaches a stated power, or a stated precision.

    Power: with a `rule`, the probability of success at a true rate. Precision, of one arm: a credible interval that is
    expected to be no wider than `width`, or that is no wider with a stated `probability`; over what is believed today.

    Parameters
    ----------
    prior : Mixture or Fit
        As in `plan`.
    rule : DecisionRule, optional
        For power.
    truth : float, optional
        The true rate at which there must be power.
    power : float, optional
        The probability of success there.
    width : float, optional
        For precision: of the credible interval, on the scale of the probability.
    probability : float, optional
        With which the interval must be so narrow; it must be so on average when not given.
    control_prior : Mixture or Fit, optional
        As in `plan`.
    control_truth : float, optional
        The true rate of the controls.
    controls_per_patient : float, optional
        How many controls for each person treated (rounded); a trial of one arm when not given.
    design_prior : Mixture, optional
        What is believed today; the informative part of the prior when not given.
    level : float
        Of the credible interval.
    at_most : int
        The largest size that is tried.

    Returns
    -------
    Size

    Raises
    ------
    InputError
        Everything that is wrong with the choices, at once.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
    >>> tc.smallest_trial(prior, tc.DecisionRule(0.2, 0.9), truth=0.4, power=0.8)
    P(quantity > 0.2) > 0.9 with probability 0.8 at 0.4: 30 people (0.824), and always from 33 on
    >>> tc.smallest_trial(prior, width=0.3)
    an interval of 95% no wider than 0.3 on average: 14 people (0.294)
    """
    prior, control = as_prior(prior), None if control_prior is None else as_prior(control_prior)
    controls = None if controls_per_patient is None else 1
    issues = _issues(rule, truth, power, width, probability, control_truth, controls_per_patient, at_most)
    issues += plan_issues(prior, control, 1, controls, rule or DecisionRule(0.5, 0.5), level)
    if issues:
        raise InputError(issues)
    today = design_prior or prior.informative
    wanted = _wanted(rule, truth, power, width, probability, control_truth, level)
    bar = _bar(power, width, probability)
    sizes, values = np.arange(1, at_most + 1), np.empty(at_most)
    for k, n in enumerate(sizes.tolist()):
        arms = n, None if controls_per_patient is None else max(1, round(n * controls_per_patient))
        trial = make_trial(prior, control, arms, rule, None if width is None else level)
        values[k] = _reached(trial, today, truth, control_truth, width, probability)
    enough = values <= bar + _ROUNDING if probability is None and width is not None else values >= bar - _ROUNDING
    short = np.flatnonzero(~enough)
    always = 1 if not len(short) else int(sizes[short[-1]]) + 1
    first = int(sizes[int(np.argmax(enough))]) if enough.any() else None
    return Size(first, always if always <= at_most else None, wanted, sizes, values)


def _reached(
    trial: Trial,
    today: Mixture,
    truth: float | None,
    control: float | None,
    width: float | None,
    probability: float | None,
) -> float:
    if width is None:
        return float(trial.expected(trial.success, truth, 0.0 if control is None else control))
    widths, chances = trial.features["width"][:, 0], today.predictive(total=trial.patients[0])
    return float(chances @ widths if probability is None else chances @ (widths <= width))


def _bar(power: float | None, width: float | None, probability: float | None) -> float:
    found = power if width is None else width if probability is None else probability
    return math.nan if found is None else float(found)


def _wanted(
    rule: DecisionRule | None,
    truth: float | None,
    power: float | None,
    width: float | None,
    probability: float | None,
    control: float | None,
    level: float,
) -> str:
    if width is not None:
        often = "on average" if probability is None else f"with probability {probability:g}"
        return f"an interval of {level:.0%} no wider than {width:g} {often}"
    against = "" if control is None else f" against {control:g}"
    return f"{rule} with probability {power:g} at {truth:g}{against}"


def _issues(
    rule: Any, truth: Any, power: Any, width: Any, probability: Any, control: Any, ratio: Any, at_most: Any
) -> list[Issue]:
    """What is wrong with the question."""
    issues = []
    if (power is None) == (width is None):
        said = "neither power nor width" if power is None else "both power and width"
        issues.append(Issue("smallest_trial", f"{said} given", "Give one of the two."))
    elif power is not None:
        needed = {"rule": rule, "truth": truth, **({"control_truth": control} if ratio is not None else {})}
        issues += [Issue(name, "not given, and power needs it", "Give it.") for name, x in needed.items() if x is None]
    elif ratio is not None:
        issues.append(Issue("width", "given for two arms", "Ask for power, or leave controls_per_patient out."))
    shares = {"truth": truth, "power": power, "width": width, "probability": probability, "control_truth": control}
    for name, value in shares.items():
        if value is not None and not (_is_number(value) and 0.0 < value < 1.0):
            issues.append(Issue(name, f"{value!r} is not between 0 and 1", "Give one such as 0.4."))
    if probability is not None and width is None:
        issues.append(Issue("probability", "given without a width", "Give a width, or leave it out."))
    if ratio is not None and not (_is_number(ratio) and 0.0 < ratio <= 10.0):
        issues.append(Issue("controls_per_patient", f"{ratio!r} is not between 0 and 10", "Give one such as 1."))
    if isinstance(at_most, bool) or not isinstance(at_most, int) or not 1 <= at_most <= 500:
        issues.append(Issue("at_most", f"{at_most!r} is not a whole number from 1 to 500", "Give one such as 100."))
    return issues


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
