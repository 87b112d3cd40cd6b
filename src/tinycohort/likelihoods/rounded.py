"""`rounded`: only a percentage and the number of people were printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import special

from ..families import Family
from ..issues import InputError, Issue
from ..numerics import NUMPY, Operations
from ..printing import spellings
from .base import Data, Likelihood
from .binomial import count_issues, exact_limits, log_binomial
from .publication import (
    ALWAYS,
    PUBLISHED_WITHOUT_EVENTS,
    draw_published,
    locate_counts,
    log_published,
    publication_remark,
)

__all__ = ["MOST_COUNTS", "Rounded"]

#: A percentage that this many counts print as says little, and takes long.
MOST_COUNTS = 1000


@dataclass(frozen=True)
class Rounded(Likelihood):
    """The percentage is that of r ~ Binomial(n, expit(theta)), rounded: the sum over every r that prints so.

    A count half way between two printed values may print as either, so it counts for both.

    Parameters
    ----------
    published_without_events : float
        As of `Binomial`.
    """

    published_without_events: float = ALWAYS

    name = "rounded"
    families = ("proportion",)
    columns = ("percentage", "decimals", "total")
    requires = ("value", "total")
    observed = ("percentage",)
    whole = ("decimals", "total")
    options = MappingProxyType({"published_without_events": PUBLISHED_WITHOUT_EVENTS})

    def measures(self, family: Family) -> tuple[str, ...]:
        return ("percentage",)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        """The percentage with the digits that it was printed with, which say how it was rounded."""
        found = spellings(reported.value, reported.printed) or spellings(reported.value, reported.derivation or "")
        if not found:
            what = f"{100 * reported.value:g}% does not stand in what was printed, {reported.printed!r}"
            mend = "Its digits say how it was rounded: quote it as it was printed."
            raise InputError(Issue(f"outcome {reported.outcome_id!r}, printed", what, mend))
        text = max(found, key=len)
        decimals = len(text.partition(".")[2])
        return {"percentage": float(text), "decimals": float(decimals), "total": float(reported.total)}

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        """The percentage as it was printed, and the total."""
        printed = zip(data["percentage"], data["decimals"], strict=True)
        return {
            "percentage": [f"{percentage:.{int(decimals)}f}" for percentage, decimals in printed],
            "total": [int(total) for total in data["total"]],
        }

    def words(self, row: Mapping[str, Any]) -> str:
        return f"{row['percentage']}% of {row['total']}"

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        """The percentage, with the lower limit of the fewest people that it can be and the upper limit of the most."""
        _, lower, upper = exact_limits(*self._counts(data), data["total"], level)
        return special.logit(0.01 * np.asarray(data["percentage"], float)), lower, upper

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        shown, fewest_of_all = self.shown(data)["percentage"], 1.0 if self.published_without_events == 0.0 else 0.0
        for j, (label, text) in enumerate(zip(labels, shown, strict=True)):
            where, total = f"cohort {label!r}", float(data["total"][j])
            wrong = count_issues(where, total=total)
            if wrong:
                issues += wrong
                continue
            if total == 0:
                what = f"{text}% of 0: nobody was observed"
                issues.append(Issue(f"{where}, total", what, "An empty cohort says nothing; leave it out."))
                continue
            fewest, most = self._counts({name: data[name][j] for name in self.columns})
            if not max(fewest, fewest_of_all) <= most:
                issues.append(_impossible(where, text, total, fewest, most))
            elif most - fewest >= MOST_COUNTS:
                what = f"{most - fewest + 1:.0f} counts of {total:g} print as {text}%"
                issues.append(Issue(f"{where}, percentage", what, "Give the count, or more digits."))
        return issues

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        fewest, most = self._counts(data)
        shown = self.shown(data)
        return publication_remark(self.published_without_events) + [
            f"{label}: {text}% of {total} may be {fewest[j]:.0f} to {most[j]:.0f} people"
            for j, (label, text, total) in enumerate(zip(labels, shown["percentage"], shown["total"], strict=True))
            if most[j] > fewest[j]
        ]

    @staticmethod
    def _counts(data: Data, operations: Operations = NUMPY) -> tuple[Any, Any]:
        """The fewest and the most people that print so; more than the most where no number does.

        |100 r / n - percentage| <= 10^-decimals / 2 in whole numbers, so that ties are ties. Quotients of whole numbers
        this small never round to a whole number that they are not.
        """
        scale = operations.exp(data["decimals"] * np.log(10.0))
        twice = 2.0 * operations.floor(data["percentage"] * scale + 0.5)
        unit = 200.0 * operations.floor(scale + 0.5)
        total = data["total"]
        fewest = operations.maximum(operations.ceil(total * (twice - 1.0) / unit), 0.0)
        return fewest, operations.minimum(operations.floor(total * (twice + 1.0) / unit), total)

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        """Coefficients of the polynomial in exp(theta) that the counts add up to, from the fewest on."""
        total = data["total"]
        fewest, most = self._counts(data, operations)
        if self.published_without_events == 0.0:
            fewest = operations.maximum(fewest, 1.0)
        count = fewest[..., None] + operations.up_to(most - fewest)
        inside = operations.minimum(count, most[..., None])
        log_ways = log_binomial(total[..., None], inside, operations)
        if self.published_without_events not in (0.0, ALWAYS):
            log_ways = log_ways + operations.where(count > 0.0, 0.0, np.log(self.published_without_events))
        log_ways = operations.where(count > most[..., None], -np.inf, log_ways)
        return {"total": total, "fewest": fewest, "log_ways": log_ways}

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        total = data["total"]
        kernel = data["fewest"] * theta + operations.log_polynomial(theta, data["log_ways"])
        kernel = kernel - total * operations.softplus(theta)
        if self.published_without_events == ALWAYS:
            return kernel
        return kernel - log_published(theta, total, self.published_without_events, operations)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """Nothing: which count it was, and so its binomial coefficient, depends on theta."""
        return 0.0 * data["total"]

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """Percentages rounded to the digits of those that were printed, halves upwards."""
        events = draw_published(theta, data["total"], self.published_without_events, rng)
        unit = np.rint(10.0 ** np.asarray(data["decimals"], float))
        return {"percentage": np.floor(100.0 * unit * events / data["total"] + 0.5) / unit}

    def locate(self, data: Data) -> tuple[Any, Any]:
        fewest, most = self._counts(data)
        return locate_counts(fewest, most, np.asarray(data["total"], float), self.published_without_events)

    def tails(self, data: Data) -> tuple[Any, Any]:
        fewest, most = self._counts(data)
        smallest = 1.0 if self.published_without_events == 0.0 else 0.0
        return np.maximum(fewest - smallest, 0.0), np.asarray(data["total"], float) - most


def _impossible(where: str, text: str, total: float, fewest: float, most: float) -> Issue:
    """Which percentages are near, if no count prints so; or that no such cohort is said to be published."""
    if fewest <= most:
        what = f"{text}% of {total:g}, and cohorts without events are said to be never published"
        return Issue(f"{where}, percentage", what, "Give published_without_events a value above 0.")
    decimals = len(text.partition(".")[2])
    near = [
        f"{count:.0f} of {total:g} is {100 * count / total:.{decimals}f}%"
        for count in (fewest - 1, fewest)
        if 0 <= count <= total
    ]
    mend = f"Correct the percentage or the total: {', '.join(near)}." if near else "Correct the percentage."
    return Issue(f"{where}, percentage", f"no number of {total:g} people prints as {text}%", mend)
