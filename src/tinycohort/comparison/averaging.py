"""`model_average`: estimates over a stated set of models, each by its weight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..posterior import Fit, Interval, Marginal, Target
from .average_weights import WAYS, level_issues, model_weights, prior_probabilities
from .findings import Findings, as_columns, shown_number
from .sameness import named_fits, order_of, quasi_reason, require_same_data

__all__ = ["ModelAverage", "mixture", "model_average"]

_STEPS = 90
_CLOSE, _EQUAL = 1e-12, 1e-13
_OVERALL: tuple[tuple[Target, bool], ...] = (
    ("mu", False), ("tau", False), ("typical", True), ("average", True), ("new_cohort", True),
)  # fmt: skip


class ModelAverage(Findings):
    """What `model_average` returns. Its `table` has a row for each estimate.

    Attributes
    ----------
    fits : dict of str to Fit
        The models, by name.
    by : str
        What the weights are: ``probability`` or ``stacking``.
    prior : dict of str to float
        Prior probabilities of the models; empty for stacking.
    weights : dict of str to float
        Posterior probabilities of the models, or stacking weights; they sum to one.
    level, interval
        Of the credible intervals in the table.
    """

    def __init__(
        self,
        fits: Mapping[str, Fit],
        by: str,
        prior: Mapping[str, float],
        weights: Mapping[str, float],
        level: float,
        interval: Interval,
    ) -> None:
        self.fits, self.by, self.prior, self.weights = dict(fits), by, dict(prior), dict(weights)
        self.level, self.interval = level, interval
        kind = "posterior probability" if by == "probability" else "stacking weight"
        self.title = f"Averaged over {len(self.fits)} models, each by its {kind}; intervals are {interval}, {level:.0%}"
        self.remarks = tuple(self._remarks())

    def _remarks(self) -> list[str]:
        found = []
        if self.by == "probability":
            equal = len({round(value, 12) for value in self.prior.values()}) == 1
            words = ", ".join(f"{name} {value:g}" for name, value in self.prior.items())
            found.append(
                f"Prior probabilities of the models: {'equal' if equal else words}. That none of them is right is not"
                " allowed for."
            )
            quasi = sorted({reason for one in self.fits.values() if (reason := quasi_reason(one.compiled))})
            found += [f"Pseudo-probabilities, from a quasi-likelihood: {reason}." for reason in quasi]
        pooled = [name for name, one in self.fits.items() if one.compiled.pooling.name == "common"]
        if pooled:
            share = sum(self.weights[name] for name in pooled)
            found.append(
                f"tau = 0 has {share:.0%} of the weight ({', '.join(pooled)}); tau here is over the other models."
            )
        if {"partial", "student"} <= {one.compiled.pooling.name for one in self.fits.values()}:
            found.append("tau of a Student t is its scale, not the standard deviation between cohorts.")
        for target, _ in _OVERALL:
            lacking = [name for name, one in self.fits.items() if one.posterior.marginal(target) is None]
            lacking = lacking if target != "tau" else [name for name in lacking if name not in pooled]
            if lacking and len(lacking) < len(self.fits):
                found.append(
                    f"{target.replace('_', ' ')}: over the models that have it, not {', '.join(lacking)}"
                    f" ({self._share(target):.0%} of the weight)."
                )
        return found

    def _having(self, target: Target, cohort: int | None, natural: bool) -> list[tuple[float, Marginal]]:
        """The marginals of those models that have one, each with its weight."""
        main, found = next(iter(self.fits.values())), []
        for name, one in self.fits.items():
            own = None if cohort is None else order_of(main.compiled, one.compiled)[cohort]
            marginal = one.posterior.marginal(target, own, natural)
            if marginal is not None and self.weights[name] > 0.0:
                found.append((self.weights[name], marginal))
        return found

    def _share(self, target: Target, cohort: int | None = None) -> float:
        return sum(weight for weight, _ in self._having(target, cohort, target != "mu" and target != "tau"))

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = True) -> Marginal | None:
        """The averaged posterior of one scalar, over the models that have it; None where none does.

        Parameters
        ----------
        target : {"mu", "tau", "typical", "average", "new_cohort", "cohort"}
            Of what.
        cohort : int, optional
            Which cohort, by its position in the first model, when `target` is ``cohort``.
        natural : bool
            On the natural scale, or on the model's; mu and tau are on the model's always.
        """
        parts = self._having(target, cohort, natural and target not in ("mu", "tau"))
        return mixture([weight for weight, _ in parts], [one for _, one in parts]) if parts else None

    def inclusion(self, models: Sequence[str]) -> float:
        """The inclusion Bayes factor of some of the models: posterior odds of them against the others, over prior odds.

        Parameters
        ----------
        models : sequence of str
            Names: those with an effect, or with heterogeneity. Some of them all, not all.

        Raises
        ------
        InputError
            Names that are none, all of them or nobody, or weights that are no probabilities.
        """
        chosen = set(models)
        issues = [
            Issue("models", f"{name!r} is none of them", f"Choose some of {', '.join(self.fits)}.")
            for name in sorted(chosen - set(self.fits))
        ]
        if not issues and not 0 < len(chosen) < len(self.fits):
            issues.append(Issue("models", f"{len(chosen)} of {len(self.fits)}", "Choose some, and leave some."))
        if not self.prior:
            issues.append(Issue("models", "stacking weights are no probabilities", "Average by probability."))
        elif not issues and not 0.0 < sum(self.prior[name] for name in chosen) < 1.0:
            what = "their prior probability is 0 or 1, which no data can move"
            issues.append(Issue("models", what, "Give every model a prior probability above 0."))
        if issues:
            raise InputError(issues)

        def odds(shares: Mapping[str, float]) -> float:
            inside = sum(share for name, share in shares.items() if name in chosen)
            outside = sum(share for name, share in shares.items() if name not in chosen)
            return inside / outside if outside > 0.0 else math.inf

        return odds(self.weights) / odds(self.prior)

    def rows(self) -> list[dict[str, Any]]:
        labels = next(iter(self.fits.values())).compiled.labels
        wanted: list[tuple[Target, str | None, int | None]] = [(target, None, None) for target, _ in _OVERALL]
        wanted += [("cohort", label, j) for j, label in enumerate(labels)]
        return [self._row(*one) for one in wanted]

    def _row(self, target: Target, label: str | None, cohort: int | None) -> dict[str, Any]:
        found = self.marginal(target, cohort)
        empty: dict[str, float | None] = dict.fromkeys(("mean", "sd", "median", "lower", "upper"))
        return {
            "target": target,
            "label": label,
            **(empty if found is None else found.summary(self.level, self.interval)),
            "level": self.level,
            "interval": self.interval,
            "share": self._share(target, cohort),
        }

    def text(self) -> list[str]:
        by_probability = self.by == "probability"
        models = [
            [name, *([shown_number(self.prior[name])] if by_probability else []), shown_number(weight)]
            for name, weight in self.weights.items()
        ]
        rows = [
            [row["label"] or row["target"].replace("_", " "), *(shown_number(row[k], ".3f") for k in _SHOWN)]
            for row in self.rows()
        ]
        headers = ["model", "prior", "posterior probability"] if by_probability else ["model", "weight"]
        return [*as_columns(headers, models), *as_columns(["estimate", *_SHOWN], rows)]

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "by": self.by, "prior": self.prior, "weights": self.weights}


_SHOWN = ("median", "lower", "upper", "mean", "sd")


def mixture(weights: Sequence[float], marginals: Sequence[Marginal]) -> Marginal:
    """The marginal of a mixture: moments from moments, quantiles where its distribution function says.

    Parameters
    ----------
    weights : sequence of float
        Scaled to sum to one.
    marginals : sequence of Marginal
        On one scale.
    """
    shares = np.asarray(weights, float) / np.sum(weights)
    if len(marginals) == 1:
        return marginals[0]
    means, deviations = (np.array([getattr(one, name) for one in marginals]) for name in ("mean", "sd"))
    mean = float(shares @ means)
    variance = float(shares @ (deviations**2 + (means - mean) ** 2))

    def cdf(x: Any) -> Any:
        return np.sum([share * one.cdf(x) for share, one in zip(shares, marginals, strict=True)], axis=0)

    def quantile(p: Any) -> Any:
        p = np.asarray(p, float)
        # A quantile of the mixture lies between those of its parts.
        each = np.array([one.quantile(p) for one in marginals])
        low, high = each.min(axis=0), each.max(axis=0)
        at_low, at_high = cdf(low) - p, cdf(high) - p
        for step in range(_STEPS):
            # By the chord, which is quick; every third time by halves, which is sure.
            rise = at_high - at_low
            chord = low - at_low * (high - low) / np.where(rise > 0.0, rise, 1.0)
            middle = np.where((step % 3 == 2) | (rise <= 0.0), 0.5 * (low + high), np.clip(chord, low, high))
            here = cdf(middle) - p
            below = here < 0.0
            # An end that stays counts half (Illinois), so that it does not stay for ever.
            at_low, at_high = np.where(below, here, 0.5 * at_low), np.where(below, 0.5 * at_high, here)
            low, high = np.where(below, middle, low), np.where(below, high, middle)
            if ((high - low <= _CLOSE * np.maximum(np.abs(high), 1e-6)) | (np.abs(here) < _EQUAL)).all():
                return middle
        return 0.5 * (low + high)

    return Marginal(mean, math.sqrt(variance), quantile, cdf)


def model_average(
    fits: Mapping[str, Fit] | Sequence[Fit],
    *,
    by: str = "probability",
    prior: Mapping[str, float] | Sequence[float] | None = None,
    level: float = 0.95,
    interval: Interval = "equal-tailed",
) -> ModelAverage:
    """Estimates averaged over a stated set of models.

    Parameters
    ----------
    fits : mapping of str to Fit, or sequence of Fit
        Fits of the same data.
    by : {"probability", "stacking"}
        Weigh each model by its posterior probability, or by its stacking weight.
    prior : mapping of str to float, or sequence of float, optional
        Prior probabilities of the models, which sum to one; equal when not given.
    level : float
        Of the credible intervals.
    interval : {"equal-tailed", "shortest"}
        Which interval.

    Returns
    -------
    ModelAverage
        Its `table` has the columns target, label, mean, sd, median, lower, upper, level, interval and share, the weight
        of the models that have such an estimate: it is averaged over those. Of exact fits all of it is exact.

    Raises
    ------
    InputError
        Fits that did not see the same data or may not be reported; by probability, fits without a marginal likelihood,
        or with likelihoods discounted differently; by stacking, fits without exact leave-one-cohort-out; prior
        probabilities that are none. All at once.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> fits = {"alike": tc.pool(**counts), "the same": tc.pool(**counts, pooling="common")}
    >>> found = tc.model_average(fits)
    >>> new = found.table.set_index("target").loc["new_cohort"]
    >>> print(f"{new['median']:.2f} ({new['lower']:.2f} to {new['upper']:.2f})")
    0.22 (0.11 to 0.38)
    """
    named = named_fits(fits)
    require_same_data(named)
    issues = [] if by in WAYS else [Issue("by", f"unknown way {by!r}", f"Choose one of {', '.join(WAYS)}.")]
    issues += level_issues(level, interval)
    shares = prior_probabilities(prior, list(named), by, issues)
    weights = model_weights(named, by, shares, issues)
    if issues:
        raise InputError(issues)
    return ModelAverage(named, by, shares if by == "probability" else {}, weights, level, interval)
