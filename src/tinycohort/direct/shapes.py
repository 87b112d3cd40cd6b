"""The shapes that numbers come in: which columns, what they speak of and how, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import Contrast, Family, Proportion
from ..issues import Issue
from ..likelihoods import Binomial, Likelihood, NormalEstimate, Rounded, TwoArmCounts
from ..likelihoods.normal import interval_issues, standard_error

__all__ = ["COUNTS", "ESTIMATES", "PERCENTAGES", "SHAPES", "TWO_ARMS", "Question", "Shape"]

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """A way in which a caller's numbers may come.

    Attributes
    ----------
    name : str
        What they are called.
    columns : mapping of str to str
        The columns, and for each the argument of `pool`.
    contrast : bool
        Whether they compare two arms, and so need priors.
    texts : tuple of str
        The columns that hold text.
    """

    name: str
    columns: Mapping[str, str]
    contrast: bool = False
    texts: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """Its arguments, as a mend says them."""
        *first, last = self.columns.values()
        return f"{', '.join(first)} and {last}"


COUNTS = Shape("counts", MappingProxyType({"events": "events", "total": "totals"}))
PERCENTAGES = Shape(
    "percentages", MappingProxyType({"percentage": "percentages", "total": "totals"}), texts=("percentage",)
)
TWO_ARMS = Shape(
    "counts of two arms",
    MappingProxyType(
        {
            "events": "events",
            "total": "totals",
            "control_events": "control_events",
            "control_total": "control_totals",
        }
    ),
    contrast=True,
)
ESTIMATES = Shape(
    "estimates", MappingProxyType({"estimate": "estimates", "lower": "lower", "upper": "upper"}), contrast=True
)
SHAPES = (COUNTS, PERCENTAGES, TWO_ARMS, ESTIMATES)
_GIVEN = {"estimate": "estimate", "lower_given": "lower", "upper_given": "upper"}


@dataclass(frozen=True)
class Question:
    """Numbers of one shape with what is asked of them.

    Parameters
    ----------
    shape : Shape
        Their shape.
    ratio : bool
        Whether estimates are ratios.
    options : mapping
        Options of the likelihood kind.
    """

    shape: Shape
    ratio: bool = False
    options: Mapping[str, float] = field(default_factory=dict)

    @property
    def family(self) -> Family:
        if not self.shape.contrast:
            return Proportion()
        return Contrast("ratio" if self.ratio or self.shape is TWO_ARMS else "difference")

    @property
    def kind(self) -> Likelihood:
        if self.shape is COUNTS:
            return Binomial(**self.options)
        if self.shape is PERCENTAGES:
            return Rounded(**self.options)
        return TwoArmCounts() if self.shape is TWO_ARMS else NormalEstimate()

    def issues(self, numbers: Numbers, labels: Sequence[str]) -> list[Issue]:
        """Everything that is wrong with numbers that could be read."""
        if self.shape is ESTIMATES:
            return _interval_issues(self.family, numbers, labels)
        return self.kind.check(self.data(numbers), tuple(labels))

    def data(self, numbers: Numbers) -> dict[str, Any]:
        """The columns of the likelihood kind."""
        if self.shape is ESTIMATES:
            theta = {name: np.asarray(self.family.theta(numbers[name])) for name in ESTIMATES.columns}
            error = standard_error(theta["lower"], theta["upper"], numbers["level"])
            return {"estimate": theta["estimate"], "standard_error": error}
        if self.shape is TWO_ARMS:
            both = np.asarray(numbers["events"]) + np.asarray(numbers["control_events"])
            return {**{name: numbers[name] for name in ("events", "total", "control_total")}, "both_events": both}
        return dict(numbers)

    def given(self, numbers: Numbers) -> dict[str, Any]:
        """Intervals as they came."""
        return {shown: numbers[name] for shown, name in _GIVEN.items()} if self.shape is ESTIMATES else {}


def _interval_issues(family: Family, numbers: Numbers, labels: Sequence[str]) -> list[Issue]:
    """Estimates outside their intervals, ratios that are not positive, levels that are none."""
    issues = []
    for j, label in enumerate(labels):
        estimate, low, high, level = (float(numbers[name][j]) for name in (*ESTIMATES.columns, "level"))
        issues += interval_issues(family, f"cohort {label!r}", estimate, low, high, level)
    return issues
