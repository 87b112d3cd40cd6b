"""What a cohort would report at a known theta: how likely less than it did, and just that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from ..likelihoods import Likelihood
from ..likelihoods.binomial import Binomial
from ..likelihoods.normal import NormalEstimate
from ..likelihoods.rounded import Rounded
from ..likelihoods.two_arm_counts import TwoArmCounts

__all__ = ["Predicted", "predicted_by"]

#: From theta (points,) to P(Y < y) and P(Y = y).
Predicted = Callable[[Any], tuple[Any, Any]]


def predicted_by(kind: Likelihood, data: Mapping[str, Any]) -> Predicted | None:
    """The predictive distribution of one cohort's reported number, around what it reported.

    Parameters
    ----------
    kind : Likelihood
        Of that cohort.
    data : mapping of str to array (1,)
        Its columns.

    Returns
    -------
    callable or None
        None for a kind that has no such distribution.
    """
    if isinstance(kind, NormalEstimate):
        return partial(_normal, float(data["estimate"][0]), float(data["standard_error"][0]))
    if isinstance(kind, TwoArmCounts):
        return partial(_two_arms, kind, {name: float(column[0]) for name, column in data.items()})
    if isinstance(kind, Binomial | Rounded):
        total = float(data["total"][0])
        first = last = float(data["events"][0]) if isinstance(kind, Binomial) else 0.0
        if isinstance(kind, Rounded):
            first, last = (float(np.atleast_1d(end)[0]) for end in kind._counts(data))
        return partial(_counts, kind.published_without_events, first, last, total)
    return None


def _normal(estimate: float, error: float, theta: Any) -> tuple[Any, Any]:
    return special.ndtr((estimate - theta) / error), np.zeros_like(theta)


def _counts(published: float, first: float, last: float, total: float, theta: Any) -> tuple[Any, Any]:
    """Of counts from `first` to `last`, which are what was reported; those without an event may not be published."""
    others = special.expit(-theta)

    def binomial(count: float) -> Any:
        """P(at most so many), by the incomplete beta function."""
        if not 0.0 <= count < total:
            return np.full_like(others, float(count >= total))
        return special.betainc(total - count, count + 1.0, others)

    nobody = (1.0 - published) * binomial(0.0)

    def up_to(count: float) -> Any:
        if count < 0.0:
            return np.zeros_like(others)
        return (binomial(count) - nobody) / np.maximum(1.0 - nobody, 1e-300)

    below = up_to(first - 1.0)
    return below, up_to(last) - below


def _two_arms(kind: TwoArmCounts, data: Mapping[str, float], theta: Any) -> tuple[Any, Any]:
    """Given the events of both arms together, those of the first."""
    events, total, control, both = (data[name] for name in ("events", "total", "control_total", "both_events"))
    possible = np.arange(max(0.0, both - control), min(total, both) + 1.0)
    columns = {
        "events": possible,
        **{name: np.full(len(possible), data[name]) for name in ("total", "control_total", "both_events")},
    }
    share = np.exp(kind.log_likelihood(np.repeat(theta[:, None], len(possible), axis=1), columns))
    return share @ (possible < events).astype(float), share @ (possible == events).astype(float)
