"""`power`: as `partial` or `common`, with the likelihood of some cohorts discounted to a stated power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import Issue
from ..priors import Prior
from .anchors import Anchors
from .base import Pooling
from .common import Common
from .partial import Partial

__all__ = ["Power"]


@dataclass(frozen=True)
class Power(Pooling):
    """Cohorts are alike as under `over`, and the likelihood of cohort j counts to the power a_j, above 0 and up to 1.

    A binomial of n people then tells as much as one of a_j n. Ibrahim and Chen 2000, doi:10.1214/ss/1009212673. What is
    discounted is no distribution of the data any more: marginal likelihoods are pseudo-likelihoods, and are compared
    with no other powers'. A cohort that is left out is predicted, and scored, undiscounted.

    Parameters
    ----------
    over : {"partial", "common"}
        The distribution of theta.

    Examples
    --------
    >>> Power("common").formula
    'theta_j = mu for every cohort, the likelihood of cohort j to the power a_j'
    """

    over: str
    name = "power"
    discounted = True
    direct = False

    @property
    def under(self) -> Pooling:
        """The pooling whose distribution of theta it has."""
        return Partial() if self.over == "partial" else Common()

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.under.parameters

    @property
    def free(self) -> tuple[str, ...]:
        return self.under.free

    @property
    def formula(self) -> str:
        return f"{self.under.formula}, the likelihood of cohort j to the power a_j"

    @property
    def variance(self) -> float:
        return self.under.variance

    def row_issues(self, rows: Sequence[Any]) -> list[Issue]:
        mend = "Give a number above 0 and up to 1: 1 counts in full."
        return [
            Issue(f"cohort {row.label!r}", f"power {row.power!r}", mend) for row in rows if not 0.0 < row.power <= 1.0
        ]

    def remarks(self, rows: Sequence[Any]) -> list[str]:
        told = [f"{row.label} to the power {row.power:g}" for row in rows if row.power < 1.0]
        if not told:
            return ["No cohort is discounted: every power is 1"]
        return [
            f"Discounted likelihoods: {', '.join(told)}. The marginal likelihood is a pseudo-likelihood, which gives no"
            " Bayes factors against other powers; left-out cohorts are scored undiscounted"
        ]

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        return self.under.theta(point, groups)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        return self.under.log_prior(point, priors)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        return self.under.pymc(priors, groups, anchors)

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        return self.under.draw_prior(priors, groups, size, rng)

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        return self.under.draw_new(draws, rng)
