"""How much the data said of the heterogeneity, in words."""

from __future__ import annotations

from typing import Literal

from ..estimates import prior_posterior_overlap
from ..posterior import Fit

__all__ = ["OVERLAP_WORDS", "about_tau", "amount_said"]

#: Least overlap of tau's prior and posterior, and how much the data then said. 1 less the overlap is the most by which
#: the probability of anything about tau differs before and after the data: at 0.95, by one twentieth.
OVERLAP_WORDS = ((0.95, "nothing"), (0.8, "little"), (0.5, "something"), (0.2, "much"), (0.0, "a great deal"))


def amount_said(overlap: float) -> str:
    """How much the data said of a parameter, by how much of its prior the posterior still covers.

    Examples
    --------
    >>> amount_said(0.97), amount_said(0.65)
    ('nothing', 'something')
    """
    return next(words for least, words in OVERLAP_WORDS if round(overlap, 2) >= least)


def about_tau(fit: Fit, parameter: Literal["tau", "tau_group"] = "tau") -> str:
    """How far the data moved tau from its prior; empty where the pooling has no tau or nothing may be reported."""
    overlap = prior_posterior_overlap(fit, parameter) if fit.reportable else None
    if overlap is None:
        return ""
    amount = amount_said(overlap)
    clause = f"the data said {amount} about {parameter}: its posterior and its prior overlap by {100 * overlap:.0f}%"
    prior = fit.compiled.priors[parameter]
    # Where the data are silent the answer about heterogeneity is the prior's, and a reader must know whose it is.
    return f"{clause}, so what stands here is the prior, {prior}" if amount == "nothing" else clause
