"""How close reconstructions come to patients who were simulated, printed as a curve and read with errors."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

import tinycohort as tc

from .curves import digitise, kaplan_meier, log_hazard_ratio, simulate

__all__ = ["Accuracy", "measure", "two_arms"]

_MONTHS = np.arange(0.0, 31.0, 0.5)
_MEDIANS = (12.0, 16.0)


@dataclass
class Accuracy:
    """Differences of reconstructions from the truth, one for each trial or arm."""

    log_hazard_ratio: list[float] = field(default_factory=list)
    in_standard_errors: list[float] = field(default_factory=list)
    survival: list[float] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    within_ensemble: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def two_arms(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Log hazard ratio of the second to the first, and its standard error."""
    treated = np.repeat([0.0, 1.0], [len(one[0]), len(other[0])])
    return log_hazard_ratio(np.append(one[0], other[0]), np.append(one[1], other[1]), treated)


def measure(people: int, trials: int, with_table: bool, seed: int = 1, ensemble: int = 40) -> Accuracy:
    """Simulate trials of two arms, print and read their curves, reconstruct them, and compare."""
    rng = np.random.default_rng(seed)
    found = Accuracy()
    for _ in range(trials):
        truth, again = [], []
        for median in _MEDIANS:
            times, events = simulate(rng, people, median)
            read = digitise(rng, times, events)
            table = {"at_risk_times_months": read.at_risk_times, "at_risk": read.at_risk}
            begun = time.perf_counter()
            made = tc.reconstruct(
                read.times, read.survival, **(table if with_table else {"total": people}), ensemble=ensemble, seed=1
            )
            found.seconds.append(time.perf_counter() - begun)
            best = made.patients_of_best
            survival = kaplan_meier(best.times, best.events, _MONTHS) - kaplan_meier(times, events, _MONTHS)
            found.survival.append(float(np.abs(survival[times.max() >= _MONTHS]).mean()))
            found.events.append(int(best.events.sum() - events.sum()))
            found.within_ensemble.append(bool(made.events[0] <= events.sum() <= made.events[1]))
            truth.append((times, events))
            again.append((best.times, best.events))
        (true, error), (got, _) = two_arms(*truth), two_arms(*again)
        found.log_hazard_ratio.append(got - true)
        found.in_standard_errors.append((got - true) / error)
    return found
