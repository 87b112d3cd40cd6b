"""Survival curves for tests of reconstruction: patients, their Kaplan-Meier curve, its digitising, and Cox's model.

None of it imports the package: it is what reconstructions are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Digitised", "corners", "digitise", "kaplan_meier", "log_hazard_ratio", "numbers_at_risk", "simulate"]


def simulate(
    rng: np.random.Generator, people: int, median: float = 12.0, shape: float = 1.2, accrual: float = 24.0
) -> tuple[Any, Any]:
    """Times and events of a trial: Weibull survival, staggered entry, some lost on the way, closed 12 months after."""
    survival = median * (rng.exponential(size=people) / np.log(2.0)) ** (1.0 / shape)
    closing = 12.0 + accrual * rng.random(people)
    lost = rng.exponential(100.0, size=people)
    times = np.minimum(survival, np.minimum(closing, lost))
    return times, survival <= times


def kaplan_meier(times: Any, events: Any, at: Any) -> Any:
    """The estimator from its definition: of those there at each time of an event, the share that is left."""
    steps = np.unique(times[events])
    shares = [1.0 - np.sum((times == step) & events) / np.sum(times >= step) for step in steps]
    return np.append(1.0, np.cumprod(shares))[np.searchsorted(steps, np.atleast_1d(at), side="right")]


def corners(times: Any, events: Any) -> tuple[Any, Any]:
    """Where the curve steps, with the survival below each step, and its end."""
    at = np.unique(np.append(times[events], times.max()))
    return at, kaplan_meier(times, events, at)


def numbers_at_risk(times: Any, at: Any) -> Any:
    """People with neither event nor censoring before each time."""
    return np.array([int(np.sum(times >= month)) for month in at])


@dataclass(frozen=True)
class Digitised:
    """What somebody reads from a printed curve: points, and the table below it."""

    times: Any
    survival: Any
    at_risk_times: Any
    at_risk: Any


def digitise(
    rng: np.random.Generator, times: Any, events: Any, every: float = 6.0, noise: float = 0.0025, clicks: int = 3
) -> Digitised:
    """Click along a curve: corners of its steps and some points in between, each with an error.

    The error in time is as large on paper as that in survival: the same share of the axis.
    """
    last = times.max()
    between = np.sort(rng.uniform(0.0, last, clicks * 10))
    at = np.unique(np.concatenate([corners(times, events)[0], between]))
    read = kaplan_meier(times, events, at) + noise * rng.normal(size=len(at))
    months = np.clip(at + noise * last * rng.normal(size=len(at)), 0.0, None)
    table = np.arange(0.0, last, every)
    return Digitised(months, np.clip(read, 0.0, 1.0), table, numbers_at_risk(times, table))


def log_hazard_ratio(times: Any, events: Any, treated: Any) -> tuple[float, float]:
    """Cox's model of one covariate, ties after Efron, by Newton's steps: the estimate and its standard error."""
    beta = 0.0
    for _ in range(50):
        score = information = 0.0
        risk = np.exp(beta * treated)
        for step in np.unique(times[events]):
            there, dying = times >= step, (times == step) & events
            tied = int(dying.sum())
            for k in range(tied):
                weight = np.where(dying, 1.0 - k / tied, 1.0) * there * risk
                mean = (weight @ treated) / weight.sum()
                score -= mean
                information += (weight @ treated**2) / weight.sum() - mean**2
            score += treated[dying].sum()
        change = score / information
        beta += float(np.clip(change, -1.0, 1.0))
        if abs(change) < 1e-10:
            break
    return beta, float(information**-0.5)
