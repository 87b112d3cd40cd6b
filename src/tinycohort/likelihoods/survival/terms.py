"""What a survival report says, as products and mixtures of densities and of probabilities between two times.

Every kind of report comes down to this, so that its log-likelihood is evaluated in one place for both engines:

    log L = constant + sum of weight * log f(t) + sum of weight * log(S(start) - S(stop))
            + sum of log Normal(log m | log median, se)
            + sum over factors of weight * log(sum over atoms of exp(log_weight + the same sums over its own terms))

A person known to have died at t is a density; one alive at c is an interval from c to infinity; one who entered at e is
an interval from e to infinity of weight -1 beside it; an integral over an unknown time is a factor whose atoms are the
nodes of a rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Atom", "Density", "Factor", "Interval", "LogMedian", "Terms", "alive_after"]

_LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Density:
    """weight * log f(time_months)."""

    time_months: float
    weight: float = 1.0


@dataclass(frozen=True)
class Interval:
    """weight * log(S(start_months) - S(stop_months)); the stop may be infinite, the start nought."""

    start_months: float
    stop_months: float = math.inf
    weight: float = 1.0


@dataclass(frozen=True)
class LogMedian:
    """The logarithm of an estimated median, normal around the true one with a known standard error."""

    time_months: float
    standard_error: float


def alive_after(time_months: float, weight: float = 1.0) -> Interval:
    """weight * log S(time_months)."""
    return Interval(time_months, math.inf, weight)


@dataclass(frozen=True)
class Atom:
    """One of the ways in which something may have come about, and the logarithm of its weight."""

    log_weight: float
    densities: tuple[Density, ...] = ()
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class Factor:
    """weight * log of the sum of its atoms."""

    atoms: tuple[Atom, ...]
    weight: float = 1.0


Part = Density | Interval | LogMedian | Factor


@dataclass(frozen=True)
class Terms:
    """All that one cohort's report says.

    Attributes
    ----------
    constant : float
        Part of the log-likelihood that no unknown changes.
    densities, intervals : tuple
        The terms that stand by themselves.
    factors : tuple of Factor
        The mixtures.
    medians : tuple of LogMedian
        Estimated medians.
    """

    constant: float = 0.0
    densities: tuple[Density, ...] = ()
    intervals: tuple[Interval, ...] = ()
    factors: tuple[Factor, ...] = ()
    medians: tuple[LogMedian, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Part], constant: float = 0.0) -> Terms:
        """Terms put together; a factor of a single atom is taken apart, and what says nothing is left out."""
        densities: dict[float, float] = {}
        intervals: dict[tuple[float, float], float] = {}
        factors: list[Factor] = []
        medians: list[LogMedian] = []
        for part in _taken_apart(parts):
            match part:
                case Density(time, weight):
                    densities[time] = densities.get(time, 0.0) + weight
                case Interval(start, stop, weight):
                    intervals[start, stop] = intervals.get((start, stop), 0.0) + weight
                case Factor():
                    factors.append(part)
                case LogMedian():
                    medians.append(part)
                    constant += -math.log(part.standard_error) - _LOG_ROOT_2_PI
                case float():
                    constant += part
        return cls(
            constant,
            tuple(Density(time, weight) for time, weight in densities.items() if weight),
            tuple(
                Interval(start, stop, weight)
                for (start, stop), weight in intervals.items()
                if weight and not (start == 0.0 and math.isinf(stop))
            ),
            tuple(factors),
            tuple(medians),
        )

    @property
    def times_months(self) -> tuple[float, ...]:
        """Every finite time above nought that is named, in order."""
        atoms = [atom for factor in self.factors for atom in factor.atoms]
        held: list[Terms | Atom] = [self, *atoms]
        found = {density.time_months for each in held for density in each.densities}
        found |= {t for each in held for one in each.intervals for t in (one.start_months, one.stop_months)}
        found |= {median.time_months for median in self.medians}
        return tuple(sorted(time for time in found if 0.0 < time < math.inf))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists of numbers; `from_dict` gives the terms back. An infinite time is None."""

        def plain(each: Terms | Atom) -> dict[str, Any]:
            return {
                "densities": [[one.time_months, one.weight] for one in each.densities],
                "intervals": [[one.start_months, _finite(one.stop_months), one.weight] for one in each.intervals],
            }

        factors = [
            {"weight": factor.weight, "atoms": [{"log_weight": a.log_weight, **plain(a)} for a in factor.atoms]}
            for factor in self.factors
        ]
        medians = [[one.time_months, one.standard_error] for one in self.medians]
        return {"constant": self.constant, **plain(self), "factors": factors, "medians": medians}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Terms:
        """The inverse of `to_dict`."""

        def parts(each: Mapping[str, Any]) -> dict[str, Any]:
            return {
                "densities": tuple(Density(*one) for one in each["densities"]),
                "intervals": tuple(Interval(a, math.inf if b is None else b, w) for a, b, w in each["intervals"]),
            }

        factors = tuple(
            Factor(tuple(Atom(atom["log_weight"], **parts(atom)) for atom in factor["atoms"]), factor["weight"])
            for factor in stored["factors"]
        )
        medians = tuple(LogMedian(*one) for one in stored["medians"])
        return cls(stored["constant"], factors=factors, medians=medians, **parts(stored))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _taken_apart(parts: Iterable[Part]) -> Iterable[Part | float]:
    for part in parts:
        if isinstance(part, Factor) and len(part.atoms) == 1:
            (atom,) = part.atoms
            yield part.weight * atom.log_weight
            yield from (Density(one.time_months, part.weight * one.weight) for one in atom.densities)
            yield from (Interval(i.start_months, i.stop_months, part.weight * i.weight) for i in atom.intervals)
        else:
            yield part
