"""What a prior is worth, in observations.

ELIR, the expected local information ratio: E[i(p) / i_F(p)], where i is minus the second derivative of the log prior
and i_F Fisher's information of one observation (Neuenschwander and colleagues 2020, doi:10.1111/biom.13252). Moment:
the size of the one conjugate distribution with the same mean and standard deviation. Morita: the curvature at the mode,
beyond that of a flattened prior, over the expected information of one observation (Morita and colleagues 2008,
doi:10.1111/j.1541-0420.2007.00888.x; at the mode and without rounding, as in equation 9 of the former).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from .lines import line_of

__all__ = ["EffectiveSampleSize", "effective_sample_size", "elir_of"]

_METHODS = ("elir", "moment", "morita")
_NAMES = {"elir": "ELIR", "moment": "moment", "morita": "Morita"}
UNITS = {"beta": ("people",), "normal": ("observations",), "gamma": ("events", "person_time")}
# A flattened prior is this much flatter (Morita 2008).
VAGUE = 100.0
_ROUNDING = 1e-9
_AT_END = 30.0


@dataclass(frozen=True)
class EffectiveSampleSize:
    """Effective sample sizes, each None where it is not defined.

    Attributes
    ----------
    elir, moment, morita : float or None
        In `unit`; never negative.
    unit : str
        What is counted: people, events, person_time, or observations whose standard deviation is the reference.
    reasons : dict of str to str
        Why one is not defined, by its name.
    remarks : tuple of str
        What should be known of those that are.
    """

    elir: float | None
    moment: float | None
    morita: float | None
    unit: str
    reasons: dict[str, str]
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {**{name: getattr(self, name) for name in _METHODS}, "unit": self.unit, "reasons": dict(self.reasons),
                "remarks": list(self.remarks)}  # fmt: skip

    def __str__(self) -> str:
        found = {name: getattr(self, name) for name in _METHODS}
        said = ", ".join(f"{_NAMES[name]} {'undefined' if x is None else f'{x:.1f}'}" for name, x in found.items())
        return f"{said} {self.unit.replace('_', '-')}"


def effective_sample_size(mixture: Any, unit: str | None = None, vague: float = VAGUE) -> EffectiveSampleSize:
    """As `Mixture.effective_sample_size`; `vague` is how much flatter Morita's flattened prior is.

    Raises
    ------
    InputError
        A unit in which this family does not count.
    """
    units = UNITS[mixture.family]
    if (mixture.scale, mixture.reference_sd) == ("log hazard ratio", 2.0):
        # The variance of a log hazard ratio is four over the events, where the arms are as large as each other.
        units = ("events",)
    unit = units[0] if unit is None else unit
    if unit not in units:
        raise InputError(Issue("unit", f"{unit!r} of a {mixture.family} mixture", f"Choose {' or '.join(units)}."))
    reason = _no_unit(mixture)
    if reason:
        return EffectiveSampleSize(None, None, None, unit, dict.fromkeys(_METHODS, reason))
    reasons: dict[str, str] = {}
    found: dict[str, float | None] = {}
    edge = _edge(mixture)
    ways: dict[str, Callable[[], float | str]] = {
        "elir": lambda: f"{edge}, so that the integral diverges" if edge else elir_of(mixture, unit),
        "moment": lambda: _moment(mixture, unit),
        "morita": lambda: f"{edge}, which is its mode" if edge else _morita(mixture, unit, vague),
    }
    for name, way in ways.items():
        value = way()
        if not isinstance(value, str) and value < -_ROUNDING * (1.0 + abs(value)):
            value = "the prior is not peaked: its logarithm bends upwards more than downwards, which is worth no people"
        found[name] = None if isinstance(value, str) else max(value, 0.0)
        if isinstance(value, str):
            reasons[name] = value
    return EffectiveSampleSize(found["elir"], found["moment"], found["morita"], unit, reasons, _remarks(mixture))


def _no_unit(mixture: Any) -> str:
    if mixture.family != "normal":
        return ""
    if mixture.reference_sd is None:
        return "nobody said what one observation is: give reference_sd, its standard deviation"
    if math.isinf(mixture.reference_sd):
        return "the reference standard deviation is infinite: one observation says nothing"
    return ""


def _edge(mixture: Any) -> str:
    """Where the density is infinite, if it is."""
    if mixture.family == "normal":
        return ""
    ends = [mixture.first, mixture.second] if mixture.family == "beta" else [mixture.first]
    if any((end < 1.0).any() for end in ends):
        where = "0 or 1" if mixture.family == "beta" else "0"
        return f"a component has a parameter below 1: the density is infinite at {where}"
    return ""


def _remarks(mixture: Any) -> tuple[str, ...]:
    ends = {"beta": [mixture.first, mixture.second], "gamma": [mixture.first]}.get(mixture.family, [])
    if any((end == 1.0).any() for end in ends):
        return ("the density does not vanish at its end, where ELIR loses what it is worth there",)
    return ()


def _local(mixture: Any, line: Any) -> tuple[Any, Any]:
    """Log density on the line, and minus the second derivative of the log density of the quantity, times unit^2."""
    law = mixture.law
    with np.errstate(divide="ignore"):
        logs = np.log(mixture.weights) + law.log_density(line[:, None], mixture.first, mixture.second)
    peak = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - peak)
    total = shares.sum(axis=1)
    shares /= total[:, None]
    slope, bend = law.slopes(line[:, None], mixture.first, mixture.second)
    curvature = (shares * slope).sum(axis=1) ** 2 - (shares * (bend + slope**2)).sum(axis=1)
    return peak[:, 0] + np.log(total), curvature


def _log_ratio(mixture: Any, line: Any, unit: str) -> Any:
    """Logarithm of 1 / (i_F unit^2), by which a curvature becomes a number of observations."""
    law = mixture.law
    if mixture.family == "normal":
        return np.full(len(line), 2.0 * math.log(float(mixture.reference_sd or math.nan)))
    if mixture.family == "gamma" and unit == "events":
        return np.zeros(len(line))
    # i_F is 1 / (p (1 - p)) of a probability, 1 / rate of events in time: one over the unit.
    return -law.log_unit(line)


def elir_of(mixture: Any, unit: str) -> float:
    """The expected local information ratio, whether or not it can be called a sample size."""
    line, step = line_of(mixture.law, mixture.weights, mixture.first, mixture.second)
    log_density, curvature = _local(mixture, line)
    exponent = np.minimum(log_density + _log_ratio(mixture, line, unit), 700.0)
    return float((np.exp(exponent) * curvature * step).sum())


def _moment(mixture: Any, unit: str) -> float:
    mean, variance = mixture.mean, mixture.sd**2
    if mixture.family == "beta":
        return mean * (1.0 - mean) / variance - 1.0
    if mixture.family == "normal":
        return float(mixture.reference_sd or math.nan) ** 2 / variance
    return mean**2 / variance if unit == "events" else mean / variance


def _mode(mixture: Any) -> float | None:
    """The highest mode, on the line; None where the density is highest at an end, or everywhere."""
    line, _ = line_of(mixture.law, mixture.weights, mixture.first, mixture.second)
    inside = line[np.abs(line) < _AT_END] if mixture.family == "beta" else line
    density = _density_of_value(mixture, inside)
    top = int(density.argmax())
    if not 0 < top < len(inside) - 1 or density[top] - min(density[0], density[-1]) < _ROUNDING:
        return None
    low, high = inside[top - 1], inside[top + 1]
    for _ in range(60):  # golden section, on what is concave so close to its top
        left, right = low + 0.382 * (high - low), low + 0.618 * (high - low)
        if _density_of_value(mixture, np.array([left]))[0] >= _density_of_value(mixture, np.array([right]))[0]:
            high = right
        else:
            low = left
    return float(0.5 * (low + high))


def _density_of_value(mixture: Any, line: Any) -> Any:
    return _local(mixture, line)[0] - mixture.law.log_slope(line)


def _morita(mixture: Any, unit: str, vague: float) -> float | str:
    mode = _mode(mixture)
    if mode is None:
        return "the density is highest at its end, or everywhere, so that there is no mode to look at"
    at = np.array([mode])
    curvature = float(_local(mixture, at)[1][0])
    if mixture.family == "normal":
        flat = 0.0 if math.isinf(vague) else 1.0 / (vague * float((mixture.second**2).max()))
        return (curvature - flat) * float(mixture.reference_sd or math.nan) ** 2
    peak = float(mixture.law.value(mode))
    if mixture.family == "gamma":
        # Times the square of the mode, as the curvature is.
        flat = (1.0 if unit == "events" else peak) / vague - 1.0
        return (curvature - flat) / (1.0 if unit == "events" else mixture.mean)
    mean, rest = mixture.mean, 1.0 - peak
    flat = (peak / vague - 1.0) * rest**2 + (rest / vague - 1.0) * peak**2
    return (curvature - flat) / (mean * rest**2 + (1.0 - mean) * peak**2)
