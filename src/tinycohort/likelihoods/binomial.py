"""`binomial`: r of n responded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import special

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood
from .publication import (
    ALWAYS,
    PUBLISHED_WITHOUT_EVENTS,
    draw_published,
    locate_counts,
    log_published,
    publication_remark,
)

__all__ = ["Binomial", "count_issues", "exact_limits", "log_binomial"]


def log_binomial(total: Any, events: Any, operations: Operations = NUMPY) -> Any:
    """log of the binomial coefficient."""
    gammaln = operations.gammaln
    return gammaln(total + 1.0) - gammaln(events + 1.0) - gammaln(total - events + 1.0)


def count_issues(where: str, **numbers: float) -> list[Issue]:
    """Those of the numbers that are not whole, or negative."""
    return [
        Issue(f"{where}, {name}", f"{value:g} is not a count", "Give a whole number, zero or more.")
        for name, value in numbers.items()
        if not np.isfinite(value) or value != np.floor(value) or value < 0
    ]


def exact_limits(fewest: Any, most: Any, total: Any, level: float) -> tuple[Any, Any, Any]:
    """The logit of the middle of `fewest` to `most` events, and those of the shares at which fewer, or more, are rare.

    Each limit is the share at which that many events or more, or that many or fewer, have half the probability that the
    level leaves.
    """
    fewest, most, total = (np.asarray(column, float) for column in (fewest, most, total))
    tail = 0.5 * (1.0 - level)
    # A beta distribution needs two positive parameters; at the ends the limit is known.
    lower = special.betaincinv(np.maximum(fewest, 1.0), total - np.maximum(fewest, 1.0) + 1.0, tail)
    upper = special.betaincinv(np.minimum(most, total - 1.0) + 1.0, np.maximum(total - most, 1.0), 1.0 - tail)
    lower, upper = np.where(fewest == 0, 0.0, lower), np.where(most == total, 1.0, upper)
    return special.logit(0.5 * (fewest + most) / total), special.logit(lower), special.logit(upper)


@dataclass(frozen=True)
class Binomial(Likelihood):
    """r ~ Binomial(n, expit(theta)).

    Parameters
    ----------
    published_without_events : float
        Probability with which a cohort without a responder was published; those with one always were. Then r has that
        distribution among published cohorts: L = Binomial(r | n, p) (w if r = 0) / (1 - (1 - w) (1 - p)^n).
    """

    published_without_events: float = ALWAYS

    name = "binomial"
    families = ("proportion",)
    columns = ("events", "total")
    requires = ("events", "total")
    observed = ("events",)
    options = MappingProxyType({"published_without_events": PUBLISHED_WITHOUT_EVENTS})

    def measures(self, family: Family) -> tuple[str, ...]:
        return ("count",)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        return {"events": float(reported.events), "total": float(reported.total)}

    def words(self, row: Mapping[str, Any]) -> str:
        return f"{row['events']} of {row['total']}"

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        """The share, with the limits of Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404."""
        return exact_limits(data["events"], data["events"], data["total"], level)

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        for label, events, total in zip(labels, data["events"], data["total"], strict=True):
            where = f"cohort {label!r}"
            wrong = count_issues(where, events=events, total=total)
            if wrong:
                issues += wrong
            elif total == 0:
                what = f"{events:g} of 0: nobody was observed"
                issues.append(Issue(f"{where}, total", what, "An empty cohort says nothing; leave it out."))
            elif events > total:
                what = f"{events:g} events among {total:g} people"
                issues.append(Issue(f"{where}, events", what, "Correct one of the two."))
            elif events == 0 and self.published_without_events == 0.0:
                what = f"0 of {total:g}, and cohorts without events are said to be never published"
                issues.append(Issue(f"{where}, events", what, "Give published_without_events a value above 0."))
        return issues

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        return publication_remark(self.published_without_events)

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        kernel = data["events"] * theta - data["total"] * operations.softplus(theta)
        if self.published_without_events == ALWAYS:
            return kernel
        return kernel - log_published(theta, data["total"], self.published_without_events, operations)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """log of the binomial coefficient, and of the chance that a cohort without events was published."""
        constant = log_binomial(data["total"], data["events"], operations)
        if self.published_without_events in (0.0, ALWAYS):
            return constant
        return constant + operations.where(data["events"] > 0.0, 0.0, np.log(self.published_without_events))

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        if self.published_without_events != ALWAYS:
            return super().pymc(theta, data, prefix, dims)
        import pymc

        return pymc.Binomial(f"{prefix}events", n=data["total"], logit_p=theta, observed=data["events"], dims=dims)

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        return {"events": draw_published(theta, data["total"], self.published_without_events, rng)}

    def locate(self, data: Data) -> tuple[Any, Any]:
        events, total = np.asarray(data["events"], float), np.asarray(data["total"], float)
        return locate_counts(events, events, total, self.published_without_events)

    def tails(self, data: Data) -> tuple[Any, Any]:
        events, total = np.asarray(data["events"], float), np.asarray(data["total"], float)
        return events - (1.0 if self.published_without_events == 0.0 else 0.0), total - events
