"""The likelihood of cohorts' survival reports, of whatever kinds, under one family of curves."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ...families import SURVIVAL_FAMILIES, Clock, Family, SurvivalFamily
from ...issues import Issue
from ...numerics import NUMPY, Operations
from ..base import Data, Likelihood
from .report import Report
from .terms import Terms, pack

__all__ = ["SurvivalReports"]

# Where theta is looked for around the logarithms of the times that are named, and the step of the first look.
_BESIDE, _STEP = 12.0, 0.25
_LOOKS, _POINTS = 8, 33
# A likelihood this far below its plateau is at the edge of it.
_EDGE = 1.0
_NARROWEST = 1e-6


class SurvivalReports(Likelihood):
    """Reports of survival, each cohort's own, under a family with a known shape.

    The only column of the data, `report`, is the place of each cohort's report among `reports`, so that a model of some
    of the cohorts shares them.

    Parameters
    ----------
    family : SurvivalFamily
        The curves.
    reports : sequence of Report
        One of each cohort.
    shape : sequence of float or None
        The family's shape numbers, one and the same for all cohorts; None while they are unknown.
    """

    name = "survival"
    families = tuple(SURVIVAL_FAMILIES)
    columns = ("report",)
    requires = ()
    observed = ()
    whole = ("report",)

    def __init__(self, family: SurvivalFamily, reports: Sequence[Report], shape: Sequence[float] | None = None) -> None:
        self.family, self.reports = family, tuple(reports)
        self.shape = None if shape is None else tuple(float(value) for value in shape)

    def with_shape(self, shape: Any) -> SurvivalReports:
        """The same with these shape numbers."""
        return SurvivalReports(self.family, self.reports, np.atleast_1d(np.asarray(shape, float)))

    def reports_of(self, data: Data) -> tuple[Report, ...]:
        """The report of each cohort."""
        return tuple(self.reports[int(j)] for j in np.asarray(data["report"]))

    def to_dict(self) -> dict[str, Any]:
        stored = {"kind": self.name, "family": {"name": self.family.name, **dataclasses.asdict(self.family)}}
        return stored | {
            "reports": [report.to_dict() for report in self.reports],
            "shape": None if self.shape is None else list(self.shape),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> SurvivalReports:
        """The inverse of `to_dict`."""
        known = {name: tuple(v) if isinstance(v, list) else v for name, v in stored["family"].items() if name != "name"}
        family = SURVIVAL_FAMILIES[stored["family"]["name"]](**known)
        return cls(family, [Report.from_dict(report) for report in stored["reports"]], stored["shape"])

    # -- what it reads and shows ----------------------------------------------------------------------------------

    def measures(self, family: Family) -> tuple[str, ...]:
        return ()

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        raise TypeError("a report is read by its own kind")

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        """Reports were checked when they were read."""
        return []

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        pairs = zip(self.reports_of(data), labels, strict=True)
        return [f"{label}: {remark}" for report, label in pairs for remark in report.remarks]

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        reports = self.reports_of(data)
        return {
            "kind": [report.kind for report in reports],
            "reported": [report.words for report in reports],
            "total": [report.people for report in reports],
            "effective_number": [report.basis or None for report in reports],
        }

    def words(self, row: Mapping[str, Any]) -> str:
        return str(row["reported"])

    # -- the log-likelihood ---------------------------------------------------------------------------------------

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        """Terms as arrays, with the family's functions of their times; `own` are those of each cohort by itself."""
        terms = [report.terms for report in self.reports_of(data)]
        own = np.empty(len(terms), object)
        own[:] = [_with_clocks(self.family, pack([one])) for one in terms]
        return _with_clocks(self.family, pack(terms)) | {"cohort": np.arange(len(terms)), "own": own}

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        if self.shape is None:
            raise TypeError("the shape is unknown: choose one by with_shape")
        shape = np.array(self.shape)
        if operations is not NUMPY:
            return self.log_kernel_at(theta, shape, data, operations)
        # Cohort by cohort: a report of few terms does not carry those of one of many.
        size = np.broadcast_shapes(np.shape(theta), data["cohort"].shape)
        theta, cohort = np.broadcast_to(theta, size), np.broadcast_to(data["cohort"], size)
        found, owns = np.empty(size), np.asarray(data["own"], object)
        for j, first in zip(*np.unique(data["cohort"], return_index=True), strict=True):
            here = cohort == j
            found[here] = self.log_kernel_at(theta[here][:, None], shape, owns.flat[first])[:, 0]
        return found

    def log_kernel_at(self, theta: Any, shape: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """The log-likelihood without its constant at theta (..., cohort) and shape numbers (..., cohort or 1, number).

        `data` are prepared; of arrays (cohort, ...).
        """
        total = _sum(self.family, theta, shape, data, "", operations)
        if data["median_precision"].shape[-1]:
            clock = _clock(data, "median_time")
            theta_, shape_ = theta[..., None], shape[..., None, :]
            away = self.family.log_time_over_median(clock, data["median_log_time"], theta_, shape_, operations)
            total = total - 0.5 * (data["median_precision"] * away**2).sum(axis=-1)
        if not data["factor_weight"].shape[-1]:
            return total
        atoms = data["atom_log_weight"] + _sum(
            self.family, theta[..., None, None], shape[..., None, None, :], data, "atom_", operations
        )
        peak = atoms.max(axis=-1)
        mixed = peak + operations.log(operations.exp(atoms - peak[..., None]).sum(axis=-1))
        return total + (data["factor_weight"] * mixed).sum(axis=-1)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return data["constant"]

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """No column is an outcome: predictions of survival are made from theta and the shape."""
        return {}

    # -- where theta lies -----------------------------------------------------------------------------------------

    def locate(self, data: Data) -> tuple[Any, Any]:
        prepared = self.prepare(data)
        found = [
            _locate(lambda theta, own=own: self.log_kernel(theta[:, None], own)[:, 0], report.terms, tails)
            for report, own, tails in zip(
                self.reports_of(data), _each(prepared), zip(*self.tails(data), strict=True), strict=True
            )
        ]
        centre, width = np.array(found).reshape(-1, 2).T
        return centre, width

    def tails(self, data: Data) -> tuple[Any, Any]:
        early, late = self.family.rates(None if self.shape is None else np.array(self.shape))
        found = [_tails(report.terms, early, late) for report in self.reports_of(data)]
        left, right = np.array(found).reshape(-1, 2).T
        return left, right

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        return self.pymc_at(theta, np.array([self.shape or ()]), data)

    def pymc_at(self, theta: Any, shape: Any, data: Data) -> Any:
        """The reports inside an open PyMC model, as one distribution whose value is the place of each report.

        Parameters
        ----------
        theta : tensor (cohort,)
            Of the cohorts.
        shape : tensor or array (cohort or 1, number)
            Their shape numbers.
        data : mapping
            The column `report`.
        """
        import pymc

        from ..symbolic import pytensor_operations

        prepared, operations = self.prepare(data), pytensor_operations()

        def logp(value: Any, theta: Any, shape: Any) -> Any:
            # The reports are constants: they cannot be exchanged as the data of other kinds can.
            return prepared["constant"] + self.log_kernel_at(theta, shape, prepared, operations) + 0.0 * value

        def random(theta: Any, *_: Any, size: Any, **__: Any) -> Any:
            return np.broadcast_to(np.asarray(data["report"], float), size or np.shape(theta)).copy()

        observed = np.asarray(data["report"], float)
        return pymc.CustomDist(
            "reported", theta, shape, logp=logp, random=random, signature="(),(k)->()", observed=observed, dims="cohort"
        )


def _with_clocks(family: SurvivalFamily, packed: dict[str, Any]) -> dict[str, Any]:
    found = dict(packed) | {"median_log_time": np.log(packed["median_time"])}
    for prefix in ("", "atom_"):
        for name in ("density_time", "start", "stop", *(() if prefix else ("median_time",))):
            clock = family.clock(found.pop(f"{prefix}{name}"))
            found[f"{prefix}{name}_cumulative"], found[f"{prefix}{name}_hazard"] = clock
    return found


def _clock(data: Data, name: str) -> Clock:
    return Clock(data[f"{name}_cumulative"], data[f"{name}_hazard"])


def _sum(family: SurvivalFamily, theta: Any, shape: Any, data: Data, prefix: str, operations: Operations) -> Any:
    """Weighted log densities and log probabilities of intervals, summed over the terms of each cohort, or atom."""
    theta, shape = theta[..., None], shape[..., None, :]
    total = 0.0 * theta[..., 0]
    if data[f"{prefix}density_weight"].shape[-1]:
        densities = family.log_density(_clock(data, f"{prefix}density_time"), theta, shape, operations)
        total = total + (data[f"{prefix}density_weight"] * densities).sum(axis=-1)
    if data[f"{prefix}interval_weight"].shape[-1]:
        clocks = _clock(data, f"{prefix}start"), _clock(data, f"{prefix}stop")
        intervals = family.log_interval(*clocks, theta, shape, operations)
        total = total + (data[f"{prefix}interval_weight"] * intervals).sum(axis=-1)
    return total


def _each(prepared: Data) -> list[dict[str, Any]]:
    size = len(prepared["constant"])
    return [{name: column[j : j + 1] for name, column in prepared.items()} for j in range(size)]


def _locate(log_likelihood: Any, terms: Terms, tails: tuple[float, float]) -> tuple[float, float]:
    """Where a log-likelihood of theta lies, and how wide the narrowest thing is that it does there."""
    times = np.log(terms.times_months) if terms.times_months else np.zeros(1)
    low, high = times.min() - _BESIDE, times.max() + _BESIDE
    theta = np.arange(low, high, _STEP)
    height = log_likelihood(theta)
    flat = tails[0] == 0.0, tails[1] == 0.0
    if all(flat):
        return float(times.mean()), 1.0
    if any(flat):
        # The edge of a plateau: where it has fallen by one, and how far it takes from a half to two.
        drop = (height[-1] if flat[1] else height[0]) - height
        order = np.argsort(drop)
        at = np.interp([0.5 * _EDGE, _EDGE, 2.0 * _EDGE], drop[order], theta[order])
        return float(at[1]), max(float(abs(at[2] - at[0])) / math.log(4.0), _NARROWEST)
    step = _STEP
    for _ in range(_LOOKS):
        best = int(np.clip(height.argmax(), 1, len(theta) - 2))
        curvature = (2.0 * height[best] - height[best - 1] - height[best + 1]) / step**2
        width = 1.0 / math.sqrt(max(curvature, _NARROWEST))
        if step < 0.3 * width:
            break
        centre, step = theta[best], 4.0 * step / (_POINTS - 1)
        theta = centre + step * (np.arange(_POINTS) - (_POINTS - 1) / 2)
        height = log_likelihood(theta)
    return float(theta[best]), max(width, _NARROWEST)


def _tails(terms: Terms, early: float, late: float) -> tuple[float, float]:
    """How fast the log-likelihood falls in the end as theta falls, and as it rises."""
    sides = np.array(_side_rates(terms.densities, terms.intervals, early, late))
    if terms.medians:
        return math.inf, math.inf
    for factor in terms.factors:
        # Of a mixture what falls slowest lasts.
        atoms = [_side_rates(atom.densities, atom.intervals, early, late) for atom in factor.atoms]
        sides = sides + factor.weight * np.min(atoms, axis=0)
    return float(sides[0]), float(sides[1])


def _side_rates(densities: Any, intervals: Any, early: float, late: float) -> tuple[float, float]:
    """As theta falls everybody dies at once: survival falls. As it rises nobody dies: deaths fall."""

    def rate(weights: Sequence[float], each: float) -> float:
        # Of a survival given an earlier one, the weights cancel; what falls ever faster does so all the same.
        total = sum(weights)
        return (math.inf if any(w > 0.0 for w in weights) else 0.0) if math.isinf(each) else each * total

    survived = [one.weight for one in densities] + [one.weight for one in intervals if one.start_months > 0.0]
    died = [one.weight for one in densities] + [one.weight for one in intervals if math.isfinite(one.stop_months)]
    return rate(survived, late), rate(died, early)
