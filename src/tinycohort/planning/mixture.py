"""A mixture of conjugate distributions: a prior that can be written down, updated by hand, and planned with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from .laws import LAWS, Law
from .lines import quantiles
from .refusals import check_data, column_of, number_issues, robust_issues, unknown_family
from .sample_size import EffectiveSampleSize, effective_sample_size

__all__ = ["Mixture"]

_TAIL = 1e-10
_MOST_EVENTS = 100_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of Beta, normal or gamma distributions.

    Parameters
    ----------
    family : {"beta", "normal", "gamma"}
        Beta of a probability, normal of a logarithm (or of a difference), gamma of a rate.
    weights : sequence of float, shape (component,)
        They sum to one.
    first, second : sequence of float, shape (component,)
        alpha and beta; mean and standard deviation; shape and rate.
    reference_sd : float, optional
        Of a normal mixture: the standard deviation of one observation on its scale, the unit in which its information
        is counted. 2 for a log hazard ratio counts events.
    scale : str
        What the numbers are of, in words.
    vague : sequence of bool, shape (component,), optional
        The components that stand for no information: what `robust` adds.

    Raises
    ------
    InputError
        Everything that is wrong with the numbers.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.Mixture("beta", [0.6, 0.4], [19.2, 3.5], [57.8, 9.4])
    >>> print(f"{prior.mean:.3f} (sd {prior.sd:.3f})")
    0.258 (sd 0.085)
    >>> after = prior.update(events=4, total=20)
    >>> after
    0.67 Beta(23.2, 73.8) + 0.33 Beta(7.5, 25.4)
    """

    family: str
    weights: Any
    first: Any
    second: Any
    reference_sd: float | None = None
    scale: str = ""
    vague: Any = field(default=None)

    def __post_init__(self) -> None:
        issues = [] if self.family in LAWS else [unknown_family(self.family)]
        columns = {name: column_of(getattr(self, name), name, issues) for name in ("weights", "first", "second")}
        issues += [] if issues else number_issues(LAWS[self.family], columns, self.reference_sd)
        if issues:
            raise InputError(issues)
        vague = np.zeros(len(columns["weights"]), bool) if self.vague is None else np.asarray(self.vague, bool)
        columns["weights"] = columns["weights"] / columns["weights"].sum()
        for name, column in {**columns, "vague": vague}.items():
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if not self.scale:
            object.__setattr__(self, "scale", self.law.scale)

    @property
    def law(self) -> Law:
        """What is known of its components' family."""
        return LAWS[self.family]

    @property
    def components(self) -> int:
        """How many."""
        return len(self.weights)

    @cached_property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.law.moments(self.first, self.second)[0])

    @cached_property
    def sd(self) -> float:
        """Standard deviation."""
        mean, variance = self.law.moments(self.first, self.second)
        return math.sqrt(float(self.weights @ (variance + (mean - self.mean) ** 2)))

    def density(self, x: Any) -> Any:
        """Density at `x`; nought outside the support."""
        x = np.asarray(x, float)
        low, high = self.law.support
        inside = (x > low) & (x < high)
        line = self.law.line(np.where(inside, x, 0.5))[..., None]
        logs = self.law.log_density(line, self.first, self.second) - self.law.log_slope(line)
        return np.where(inside, np.exp(logs) @ self.weights, 0.0)

    def cdf(self, x: Any) -> Any:
        """P(X <= x)."""
        return self.law.below(np.asarray(x, float)[..., None], self.first, self.second) @ self.weights

    def probability_above(self, x: Any) -> Any:
        """P(X > x), with all its digits where that is small.

        Examples
        --------
        >>> import tinycohort as tc
        >>> after = tc.Mixture("beta", [1.0], [0.6], [0.4]).update(events=16, total=23)
        >>> print(f"{after.probability_above(0.6):.7f}")
        0.8359808
        """
        return self.law.above(np.asarray(x, float)[..., None], self.first, self.second) @ self.weights

    def quantile(self, p: Any) -> Any:
        """Where the distribution function reaches `p`."""
        p = np.asarray(p, float)
        found = quantiles(self.law, self.weights, self.first, self.second, p.ravel())
        return found.reshape(p.shape)[()]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval of this probability."""
        tail = 0.5 * (1.0 - level)
        low, high = self.quantile(np.array([tail, 1.0 - tail]))
        return float(low), float(high)

    def draw(self, size: int, seed: int) -> Any:
        """Draws from it, an array (size,)."""
        rng = np.random.default_rng(seed)
        component = rng.choice(self.components, size=size, p=self.weights)
        return self.law.draw(self.first[component], self.second[component], rng)

    def update(self, **data: float) -> Mixture:
        """The posterior given new data: each component updated, and weighted by how well it predicted them.

        Parameters
        ----------
        **data
            ``events`` and ``total`` of a Beta mixture; ``estimate`` and ``standard_error`` of a normal one; ``events``
            and ``person_time`` of a gamma one.

        Raises
        ------
        InputError
            Other data than these, or impossible ones.
        """
        check_data(self.law, data)
        first, second, log_marginal = self.law.updated(self.first, self.second, data)
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) + log_marginal
        weights = np.exp(logs - logs.max())
        return Mixture(
            self.family, weights / weights.sum(), first, second, self.reference_sd, self.scale, self.vague.copy()
        )

    def log_marginal_likelihood(self, **data: float) -> float:
        """log p(data), every constant kept; data as for `update`."""
        check_data(self.law, data)
        found = self.law.updated(self.first, self.second, data)[2]
        peak = found.max()
        return float(peak + np.log(self.weights @ np.exp(found - peak)))

    def predictive(self, **size: float) -> Any:
        """The predictive distribution of new data of this size.

        Parameters
        ----------
        **size
            ``total`` of a Beta mixture: probabilities of 0 to that many events (beta-binomial). ``person_time`` of a
            gamma mixture: of 0, 1, ... events, until less than 1e-10 is left (negative binomial). ``standard_error`` of
            a normal mixture: the estimate's distribution, a `Mixture`.

        Raises
        ------
        InputError
            Another size than these, or an impossible one.

        Examples
        --------
        >>> import tinycohort as tc
        >>> chances = tc.Mixture("beta", [1.0], [1.0], [1.0]).predictive(total=4)
        >>> print(chances.round(3))
        [0.2 0.2 0.2 0.2 0.2]
        """
        wanted = self.law.data[1]
        check_data(self.law, size, (wanted,))
        if self.family == "normal":
            wider = np.hypot(self.second, size[wanted])
            return Mixture("normal", self.weights.copy(), self.first.copy(), wider, self.reference_sd, self.scale)
        return self._counts(float(size[wanted]))

    def _counts(self, size: float) -> Any:
        """Probabilities of counts, of so many people or so much time."""
        if self.family == "beta":
            events = np.arange(size + 1.0)[:, None]
            logs = self.law.updated(self.first, self.second, {"events": events, "total": size})[2]
            return np.exp(logs) @ self.weights
        last = 64
        while last < _MOST_EVENTS:
            events = np.arange(last + 1.0)[:, None]
            logs = self.law.updated(self.first, self.second, {"events": events, "person_time": size})[2]
            found = np.exp(logs) @ self.weights
            if 1.0 - found.sum() < _TAIL:
                return found[: int(np.searchsorted(np.cumsum(found), 1.0 - _TAIL)) + 1]
            last *= 4
        what = f"{size:g} is so much that more than {_MOST_EVENTS} events may be seen"
        raise InputError(Issue("person_time", what, "Give less."))

    def robust(self, weight: float, mean: float | None = None, n: float = 1.0) -> Mixture:
        """The same with a vague component beside it, so that data which contradict it are believed.

        Schmidli and colleagues 2014, doi:10.1111/biom.12242. The vague component holds as much as `n` observations: of
        a Beta mixture Beta((n + 1) mean, (n + 1) (1 - mean)), uniform as it stands; of a normal one Normal(mean,
        reference_sd / sqrt(n)); of a gamma one Gamma(n mean, n).

        Parameters
        ----------
        weight : float
            Of the vague component, between 0 and 1: the probability that the new trial is not like those before.
        mean : float, optional
            Of the vague component; 1/2 of a Beta mixture, else the mixture's own, when not given.
        n : float
            How many observations it is worth.

        Raises
        ------
        InputError
            A weight outside (0, 1), a mean outside the support, or a normal mixture without a reference_sd.

        Examples
        --------
        >>> import tinycohort as tc
        >>> tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
        0.80 Beta(4, 16) + 0.20 Beta(1, 1), vague
        """
        centre = (0.5 if self.family == "beta" else self.mean) if mean is None else mean
        issues = robust_issues(self, weight, centre, n)
        if issues:
            raise InputError(issues)
        if self.family == "beta":
            added = (n + 1.0) * centre, (n + 1.0) * (1.0 - centre)
        elif self.family == "gamma":
            added = n * centre, n
        else:
            added = centre, float(self.reference_sd or math.nan) / math.sqrt(n)
        return Mixture(
            self.family,
            np.append((1.0 - weight) * self.weights, weight),
            np.append(self.first, added[0]),
            np.append(self.second, added[1]),
            self.reference_sd,
            self.scale,
            np.append(self.vague, True),
        )

    @property
    def informative(self) -> Mixture:
        """The same without its vague components; itself where it has none, or nothing else."""
        kept = ~self.vague
        if kept.all() or not kept.any():
            return self
        columns = (self.weights[kept], self.first[kept], self.second[kept])
        return Mixture(self.family, columns[0] / columns[0].sum(), *columns[1:], self.reference_sd, self.scale)

    def effective_sample_size(self, unit: str | None = None) -> EffectiveSampleSize:
        """What it is worth, in observations: by ELIR, by moments and after Morita.

        Parameters
        ----------
        unit : {"events", "person_time"}, optional
            Of a gamma mixture, what is counted; events when not given.

        Returns
        -------
        EffectiveSampleSize

        Examples
        --------
        >>> import tinycohort as tc
        >>> print(tc.Mixture("beta", [0.8, 0.2], [10, 1], [2, 1]).effective_sample_size())
        ELIR 7.7, moment 3.2, Morita 8.5 people
        """
        return effective_sample_size(self, unit)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        rows = zip(self.weights, self.first, self.second, self.vague, strict=True)
        names = self.law.parameters
        return {
            "family": self.family,
            "scale": self.scale,
            "components": [
                {"weight": float(w), names[0]: float(a), names[1]: float(b), "vague": bool(vague)}
                for w, a, b, vague in rows
            ],
            "reference_sd": self.reference_sd,
            "mean": self.mean,
            "sd": self.sd,
        }

    def __repr__(self) -> str:
        rows = zip(self.weights, self.first, self.second, self.vague, strict=True)
        return " + ".join(
            f"{w:.2f} {self.law.symbol}({_three(a)}, {_three(b)}){', vague' if vague else ''}"
            for w, a, b, vague in rows
        )


def _three(x: float) -> str:
    return f"{x:.3g}" if abs(x) < 1e4 else f"{x:.0f}"
