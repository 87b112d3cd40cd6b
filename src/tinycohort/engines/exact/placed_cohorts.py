"""Cohorts that do not all stand around mu: some are shifted, some vary more or less than tau.

theta_j ~ Normal(mu + shift_j, sqrt((share_j tau)^2 + extra_j^2)). Cohorts that are placed alike are averaged together,
each by the rules of `Cohorts`, at their own mean and width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...likelihoods import Likelihood
from ...pooling import Common, Partial
from .cohorts import Accuracy, Cohorts

__all__ = ["Alike", "CommonPlaced", "PartialPlaced", "PlacedCohorts", "Placement"]


class Placement(NamedTuple):
    """Where cohorts stand and how much they vary: arrays (cohort,)."""

    shift: Any
    share: Any
    extra: Any

    def widths(self, tau: Any) -> Any:
        """Standard deviation around its mean of each cohort's theta (J, T), at each tau (T,)."""
        return np.hypot(self.share[:, None] * tau, self.extra[:, None])


class Alike:
    """The likelihoods of cohorts, in sets that are always placed alike; each made once for every accuracy.

    Parameters
    ----------
    likelihood, data
        As for `Cohorts`.
    members : sequence of array of int
        The cohorts of each set.
    """

    def __init__(self, likelihood: Likelihood, data: Mapping[str, Any], members: Sequence[Any]) -> None:
        self._likelihood, self._data, self.members = likelihood, dict(data), tuple(members)
        self._made: dict[float, list[Cohorts]] = {}

    def cohorts(self, step: float, placement: Placement) -> PlacedCohorts:
        """All of them, as they are placed."""
        if step not in self._made:
            own = [{name: column[some] for name, column in self._data.items()} for some in self.members]
            self._made[step] = [Cohorts(self._likelihood, each, step) for each in own]
        return PlacedCohorts(self._made[step], self.members, placement, step)


@dataclass(frozen=True, eq=False)
class PartialPlaced(Partial):
    """Partial pooling of cohorts that do not all stand around mu; `make` gives them, ready to be averaged."""

    make: Callable[[float], Cohorts]
    placement: Placement | None = None


@dataclass(frozen=True, eq=False)
class CommonPlaced(Common):
    """Complete pooling, likewise."""

    make: Callable[[float], Cohorts]
    placement: Placement | None = None


class PlacedCohorts(Cohorts):
    """As `Cohorts`, each at its own place.

    `centre` and `scale` are those of what a likelihood says of mu.
    """

    def __init__(self, parts: Sequence[Cohorts], members: Sequence[Any], placement: Placement, step: float) -> None:
        self.parts, self.members, self.placement, self.step = tuple(parts), tuple(members), placement, step
        order = np.concatenate(self.members)
        self._place = np.empty(len(order), int)
        self._place[order] = np.arange(len(order))
        names = ("centre", "scale", "flat", "lower", "upper")
        own = {name: np.concatenate([getattr(part, name) for part in parts])[self._place] for name in names}
        self.centre, self.scale = own["centre"] - placement.shift, np.hypot(own["scale"], placement.extra)
        self.flat, self.lower, self.upper = own["flat"], own["lower"], own["upper"]

    def log_averages(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        result = np.empty((len(self.scale), *mu.shape))
        widths = self.placement.widths(tau)
        for part, some in zip(self.parts, self.members, strict=True):
            first = some[0]
            result[some] = part.log_averages(mu + self.placement.shift[first], widths[first], accuracy)
        return result

    def of(self, j: int) -> tuple[Cohorts, int]:
        """The set that a cohort is in, and its number there."""
        for part, some in zip(self.parts, self.members, strict=True):
            if j in some:
                return part, int(np.flatnonzero(some == j)[0])
        raise IndexError(j)

    def moved(self, by: float) -> PlacedCohorts:
        """The same around another mu, which lies so much above this one."""
        placement = self.placement._replace(shift=self.placement.shift - by)
        return PlacedCohorts(self.parts, self.members, placement, self.step)
