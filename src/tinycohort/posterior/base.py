"""What a posterior is to the rest of the package, whichever engine made it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..numerics import gauss_legendre

__all__ = ["INTERVALS", "TARGETS", "Interval", "LeaveOneOut", "Marginal", "Points", "Posterior", "Target"]

Target = Literal[
    "mu",
    "tau",
    "tau_group",
    "shape",
    "typical",
    "average",
    "new_cohort",
    "cohort",
    "group",
    "new_cohort_in_group",
    "exchangeable",
]
TARGETS: tuple[Target, ...] = get_args(Target)

Interval = Literal["equal-tailed", "shortest"]
_NODES = 200

INTERVALS: tuple[Interval, ...] = ("equal-tailed", "shortest")


@dataclass(frozen=True)
class Marginal:
    """The posterior of one scalar.

    Attributes
    ----------
    mean, sd : float
        nan where the moment does not exist.
    quantile, cdf : callable
        Vectorised.
    """

    mean: float
    sd: float
    quantile: Callable[[Any], Any]
    cdf: Callable[[Any], Any]

    def interval(self, level: float, kind: Interval = "equal-tailed") -> tuple[float, float]:
        """Credible interval of probability `level`."""
        tail = 0.5 * (1.0 - level)
        if kind == "shortest":
            # Golden section over the probability left below: the width is unimodal where the density is.
            tail = _golden(
                lambda below: float(np.diff(self.quantile(np.array([below, below + level])))[0]), 1.0 - level
            )
        low, high = self.quantile(np.array([tail, tail + level]))
        return float(low), float(high)

    def summary(self, level: float, kind: Interval = "equal-tailed") -> dict[str, float | None]:
        """mean, sd, median, lower and upper; None where a moment does not exist."""
        if kind == "equal-tailed":
            tail = 0.5 * (1.0 - level)
            lower, median, upper = (float(q) for q in self.quantile(np.array([tail, 0.5, 1.0 - tail])))
        else:
            lower, upper = self.interval(level, kind)
            median = float(self.quantile(np.array([0.5]))[0])
        moments = {
            name: value if math.isfinite(value) else None for name, value in (("mean", self.mean), ("sd", self.sd))
        }
        return {**moments, "median": median, "lower": lower, "upper": upper}

    def transformed(self, function: Callable[[Any], Any], inverse: Callable[[Any], Any]) -> Marginal:
        """The posterior of an increasing and bounded function of the scalar; its moments by quadrature of quantiles."""
        rule = gauss_legendre(_NODES)
        values = function(self.quantile(0.5 * (rule.nodes + 1.0)))
        mean = float(0.5 * rule.weights @ values)
        variance = float(0.5 * rule.weights @ (values - mean) ** 2)
        return Marginal(mean, math.sqrt(variance), lambda p: function(self.quantile(p)), lambda x: self.cdf(inverse(x)))

    def probability_above(self, threshold: float) -> float:
        """P(X > threshold)."""
        return float(np.clip(1.0 - self.cdf(np.array([threshold], float))[0], 0.0, 1.0))


def _golden(width: Callable[[float], float], spare: float) -> float:
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    low, high = 1e-9 * spare, (1 - 1e-9) * spare
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = width(left), width(right)
    for _ in range(60):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = width(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = width(right)
    return low if width(low) <= min(at_left, at_right) else 0.5 * (low + high)


class Points(NamedTuple):
    """Points of the posterior.

    Attributes
    ----------
    theta : array (P,)
        Of the target; of the average over cohorts it is mu.
    tau : array (P,)
        Standard deviation of theta between cohorts at each point.
    shape : array (P, number of shape numbers)
        Of the target.
    weight : array (P,)
        They sum to one.
    tau_shape : array (P,) or None
        Standard deviation of the shape between cohorts, where that varies.
    rows : int
        Points may come in rows, within which theta rises and all else is the same; then there are so many, else 0.
    below : array (rows, P / rows) or None
        The distribution function of each row at its points; those of all rows together end at one.
    """

    theta: Any
    tau: Any
    shape: Any
    weight: Any
    tau_shape: Any = None
    rows: int = 0
    below: Any = None


@dataclass(frozen=True)
class LeaveOneOut:
    """What the other cohorts say, for each cohort in turn; arrays of shape (cohort,).

    `log_predictive` is log p(y_j | y without j), every constant kept; the variances are those of mu and of theta_j
    without cohort j's data (infinite where they do not exist).
    """

    log_predictive: Any
    variance_mu: Any
    variance_theta: Any


class Posterior(ABC):
    """The posterior of one compiled model.

    Attributes
    ----------
    engine : str
        ``exact`` or ``nuts``.
    reasons : tuple of str
        Why its numbers may not be reported; empty when they may.
    diagnostics : dict
        Integration error, or R-hat, effective sample sizes and divergences.
    log_marginal_likelihood : float or None
        Every constant kept; None where the engine does not give it.
    """

    engine: str
    reasons: tuple[str, ...]
    diagnostics: dict[str, Any]
    log_marginal_likelihood: float | None

    @abstractmethod
    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        """The marginal of `target` on the model scale or the natural one; None where the pooling has no such thing.

        ``typical`` and ``average`` live on the natural scale only; ``mu``, ``tau`` and ``tau_group`` on the model scale
        only. `cohort` is the number of the cohort, or of the group for ``group`` and ``new_cohort_in_group``.
        """

    @abstractmethod
    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        """Posterior predictive probabilities of 0 to `patients` events among new patients who share one theta."""

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        """The posterior as weighted points, for functions of survival curves; None where there is no such target."""
        return None

    def at(self, move: Any) -> Posterior:
        """The same with mu, a typical and a new cohort so far from the covariates' centres, an array (covariate,)."""
        raise TypeError(f"the {self.engine} engine knows no covariates of this model")

    @abstractmethod
    def leave_one_out(self) -> LeaveOneOut | None:
        """Exact leave-one-cohort-out quantities; None where the engine has none."""

    def exchangeable(self) -> Any:
        """Posterior probability of each cohort to be exchangeable (cohort,); None where none may be otherwise."""
        return None

    def unseen(self) -> Marginal | None:
        """theta of a cohort without data, where that may be no exchangeable one; None elsewhere."""
        return None

    def without_its_data(self, cohort: int) -> Marginal | None:
        """theta of one of the cohorts given the others' data, where that is no new cohort to them; None elsewhere."""
        return None

    def exchangeability(self) -> dict[str, Any] | None:
        """Which cohorts share one theta, where that is unknown: see `Fit.summary`; None elsewhere."""
        return None

    @abstractmethod
    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """Posterior draws by name: mu, tau and theta_new_cohort (chain, draw), theta (chain, draw, cohort)."""
