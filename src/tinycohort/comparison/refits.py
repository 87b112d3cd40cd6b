"""A fit made again from all cohorts but one."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ..engines.run import run
from ..issues import InputError, Issue
from ..posterior import Fit

__all__ = ["without_each"]

# Several figures and tables of one fit ask for the same refits; they go when the fit goes.
_made: WeakKeyDictionary[Fit, tuple[Fit, ...]] = WeakKeyDictionary()


def without_each(fit: Fit) -> tuple[Fit, ...]:
    """The same model fitted without each cohort in turn, in the order of the cohorts.

    Each is a fit of its own, by the exact engine wherever it applies, and may or may not be reportable.

    Parameters
    ----------
    fit : Fit
        Of at least two cohorts.

    Returns
    -------
    tuple of Fit

    Raises
    ------
    InputError
        One cohort: without it there are no data.

    Examples
    --------
    >>> import tinycohort as tc
    >>> from tinycohort.comparison import without_each
    >>> refits = without_each(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> [round(one.summary()["typical"]["median"], 3) for one in refits]
    [0.236, 0.201, 0.237]
    """
    if fit not in _made:
        _made[fit] = _refit(fit)
    return _made[fit]


def _refit(fit: Fit) -> tuple[Fit, ...]:
    compiled = fit.compiled
    if compiled.cohorts < 2:
        what = f"its only cohort is {compiled.labels[0]!r}; without it the priors are all there is"
        raise InputError(Issue("fit", what, "Ask for the priors themselves, or fit two cohorts or more."))
    seed = fit.provenance["seed"]
    return tuple(run(compiled.without(j), "auto", seed) for j in range(compiled.cohorts))
