"""`binomial`: r of n responded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood

__all__ = ["Binomial"]


class Binomial(Likelihood):
    """r ~ Binomial(n, expit(theta))."""

    name = "binomial"
    families = ("proportion",)
    columns = ("events", "total")
    requires = ("events", "total")
    observed = ("events",)

    def measures(self, family: Family) -> tuple[str, ...]:
        return ("count",)

    def read(self, reported: Any, family: Family) -> dict[str, float]:
        return {"events": float(reported.events), "total": float(reported.total)}

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        for label, events, total in zip(labels, data["events"], data["total"], strict=True):
            where = f"cohort {label!r}"
            wrong = [
                (name, value)
                for name, value in (("events", events), ("total", total))
                if not np.isfinite(value) or value != np.floor(value) or value < 0
            ]
            issues += [
                Issue(f"{where}, {name}", f"{value:g} is not a count", "Give a whole number, zero or more.")
                for name, value in wrong
            ]
            if wrong:
                continue
            if total == 0:
                what = f"{events:g} of 0: nobody was observed"
                issues.append(Issue(f"{where}, total", what, "An empty cohort says nothing; leave it out."))
            elif events > total:
                what = f"{events:g} events among {total:g} people"
                issues.append(Issue(f"{where}, events", what, "Correct one of the two."))
        return issues

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return data["events"] * theta - data["total"] * operations.softplus(theta)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """log of the binomial coefficient."""
        events, total = data["events"], data["total"]
        gammaln = operations.gammaln
        return gammaln(total + 1.0) - gammaln(events + 1.0) - gammaln(total - events + 1.0)

    def pymc(self, theta: Any, data: Mapping[str, Any]) -> Any:
        import pymc

        return pymc.Binomial("events", n=data["total"], logit_p=theta, observed=data["events"], dims="cohort")

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        with np.errstate(over="ignore"):
            probability = 1.0 / (1.0 + np.exp(-theta))
        return {"events": rng.binomial(np.asarray(data["total"], int), probability)}

    def locate(self, data: Data) -> tuple[Any, Any]:
        events, total = np.asarray(data["events"], float), np.asarray(data["total"], float)
        p = (events + 0.5) / (total + 1.0)
        # At 0 of n the edge of exp(-n exp(theta)) has width about one, whatever n is.
        return np.log(p) - np.log1p(-p), np.minimum(1.0 / np.sqrt(total * p * (1.0 - p)), 1.1)

    def plateaus(self, data: Data) -> tuple[Any, Any]:
        events, total = np.asarray(data["events"]), np.asarray(data["total"])
        return events == 0, events == total
