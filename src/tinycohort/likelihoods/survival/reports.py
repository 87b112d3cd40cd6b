"""The likelihood of cohorts' survival reports, of whatever kinds, under one family of curves."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from ...families import SURVIVAL_FAMILIES, Exponential, Family, SurvivalFamily
from ...issues import Issue
from ...numerics import NUMPY, Operations
from ..base import Data, Likelihood
from .flat import FlatTerms, flatten
from .location import locate, tails
from .report import Report

__all__ = ["SurvivalReports"]


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
        # Flat terms do not depend on the shape: made once for every one that is tried.
        self._ready: dict[tuple[int, ...], FlatTerms] = {}
        self._place: tuple[Any, Any, Any, Any] | None = None

    def with_shape(self, shape: Any, place: tuple[Any, Any, Any, Any] | None = None) -> SurvivalReports:
        """The same with these shape numbers.

        Parameters
        ----------
        shape : sequence of float
            The numbers.
        place : tuple of four arrays (cohort,), optional
            What `locate` and `tails` say, where that is known well enough from shapes nearby.
        """
        found = SurvivalReports(self.family, self.reports, np.atleast_1d(np.asarray(shape, float)).tolist())
        found._ready, found._place = self._ready, place
        return found

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
        """Reports were checked when they were read, but not beside the family."""
        if isinstance(self.family, Exponential):
            return []
        mend = "Fit the exponential family, or leave it out: when people died is not known."
        return [
            Issue(label, f"{report.words}, under the family {self.family.name}", mend)
            for report, label in zip(self.reports_of(data), labels, strict=True)
            if report.kind == "person_time"
        ]

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
        """The place of each report, and the constant of its log-likelihood."""
        return {
            "report": np.asarray(data["report"], int),
            "constant": np.array([report.terms.constant for report in self.reports_of(data)]),
        }

    def _flat(self, reports: tuple[int, ...]) -> FlatTerms:
        """The terms of these reports, in one row."""
        if reports not in self._ready:
            self._ready[reports] = flatten([self.reports[j].terms for j in reports], self.family)
        return self._ready[reports]

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        if self.shape is None:
            raise TypeError("the shape is unknown: choose one by with_shape")
        shape = np.array([self.shape])
        if operations is not NUMPY:
            return self.log_kernel_at(theta, shape, data, operations)
        size = np.broadcast_shapes(np.shape(theta), data["report"].shape)
        theta, place = np.broadcast_to(theta, size), np.broadcast_to(data["report"], size)
        found = np.empty(size)
        # One by one, so that reports of few terms do not carry those of one of many.
        for report in np.unique(data["report"]):
            here = place == report
            found[here] = self._flat((int(report),)).log_kernel(theta[here][:, None], shape)[:, 0]
        return found

    def log_kernel_at(self, theta: Any, shape: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """The log-likelihood without its constant at theta (..., cohort) and shape numbers (..., cohort or 1, number).

        `data` are prepared; of arrays (cohort,).
        """
        reports = data["report"].tolist()
        if operations is not NUMPY:
            return self._flat(tuple(reports)).log_kernel(theta, shape, operations)
        size = np.broadcast_shapes(np.shape(theta), (len(reports),), np.shape(shape)[:-1])
        theta = np.broadcast_to(theta, (*theta.shape[:-1], len(reports)))
        shape = np.broadcast_to(shape, (*shape.shape[:-2], len(reports), shape.shape[-1]))
        found = np.empty(size)
        for j, report in enumerate(reports):
            own = self._flat((report,)).log_kernel(theta[..., j : j + 1], shape[..., j : j + 1, :])
            found[..., j] = own[..., 0]
        return found

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return data["constant"]

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """No column is an outcome: predictions of survival are made from theta and the shape."""
        return {}

    # -- where theta lies -----------------------------------------------------------------------------------------

    def locate(self, data: Data) -> tuple[Any, Any]:
        if self._place is not None:
            return self._place[0], self._place[1]
        falls = zip(*self.tails(data), strict=True)
        found = [locate(*each, fall) for each, fall in zip(self._each(data), falls, strict=True)]
        centre, width = np.array(found).reshape(-1, 2).T
        return centre, width

    def tails(self, data: Data) -> tuple[Any, Any]:
        if self._place is not None:
            return self._place[2], self._place[3]
        left, right = np.array([tails(*each) for each in self._each(data)]).reshape(-1, 2).T
        return left, right

    def _each(self, data: Data) -> Sequence[tuple[Callable[[Any], Any], float, float, float]]:
        """Of each cohort: its log-likelihood, logarithms of its first and last time, and how steep the curve is."""
        shape = self.family.neutral_shape if self.shape is None else np.array(self.shape)
        steepness = float(self.family.steepness(shape))
        found = []
        for j in np.asarray(data["report"], int).tolist():
            times = self.reports[j].terms.times_months or (1.0,)
            of_one = partial(self._of_one, shape, self._flat((j,)))
            found.append((of_one, math.log(times[0]), math.log(times[-1]), steepness))
        return found

    def _of_one(self, shape: Any, own: FlatTerms, theta: Any) -> Any:
        return own.log_kernel(theta[:, None], shape[None])[:, 0]

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        return self.pymc_at(theta, np.array([self.shape or ()]), data)

    def symbolic_at(self, theta: Any, shape: Any, data: Data, operations: Operations) -> Any:
        """The log-likelihood as PyTensor sees it. The reports are constants, which cannot be exchanged as data can."""
        import pytensor.tensor as pt

        prepared = self.prepare(data)
        shapes = pt.broadcast_to(pt.as_tensor_variable(shape), (len(prepared["report"]), shape.shape[-1]))
        return prepared["constant"] + self.log_kernel_at(theta, shapes, prepared, operations)

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

        operations = pytensor_operations()

        def logp(value: Any, theta: Any, shape: Any) -> Any:
            return self.symbolic_at(theta, shape, data, operations) + 0.0 * value

        def random(theta: Any, *_: Any, size: Any, **__: Any) -> Any:
            return np.broadcast_to(np.asarray(data["report"], float), size or np.shape(theta)).copy()

        observed = np.asarray(data["report"], float)
        return pymc.CustomDist(
            "reported", theta, shape, logp=logp, random=random, signature="(),(k)->()", observed=observed, dims="cohort"
        )
