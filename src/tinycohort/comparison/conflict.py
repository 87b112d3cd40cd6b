"""`prior_data_conflict`: how surprising what each cohort reported is, to the priors and to the other cohorts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..numerics import gauss_legendre
from ..pooling import Student
from ..posterior import Fit, require_reportable
from ..priors import Normal, StudentT
from .findings import Findings, as_columns, shown_number
from .predictive import Predicted, predicted_by
from .refits import without_each
from .silence import about_tau

__all__ = ["Conflict", "prior_data_conflict", "prior_of_theta"]

# Nodes of mu, of each standard deviation and of theta between them, where the priors alone are asked; of a marginal.
_OF_MU, _OF_TAU, _OF_Z, _OF_MARGINAL = 48, 24, 32, 200
_OF_EACH_TAU = 12
_GATHERED = 2000
_KNOWN = ("none", "common", "partial", "student", "nested")
_SURPRISING = 0.05


class Conflict(Findings):
    """What `prior_data_conflict` returns. Its `table` has a row for each cohort.

    Attributes
    ----------
    fit : Fit
        The fit.
    """

    def __init__(self, fit: Fit, found: list[dict[str, Any]]) -> None:
        self.fit, self._rows = fit, found
        self.title = (
            f"{fit.compiled.name}: two-sided mid-p of what each cohort reported, as the priors and the others predict"
        )
        self.remarks = tuple(_remarks(fit, found))

    def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._rows]

    def text(self) -> list[str]:
        lines = [
            [row["cohort"], row["reported"], shown_number(row["p_prior"], ".3f"), row["side_prior"] or "-",
             shown_number(row["p_others"], ".3f"), row["side_others"] or "-"]
            for row in self._rows
        ]  # fmt: skip
        return as_columns(["cohort", "reported", "given the priors", "it is", "given the others", "it is"], lines)


def prior_data_conflict(fit: Fit) -> Conflict:
    """How surprising each cohort's reported number is, given the priors alone and given all other cohorts.

    With Y what such a cohort would report, and y what it did, the two-sided mid-p is twice the smaller of
    P(Y < y) + P(Y = y) / 2 and P(Y > y) + P(Y = y) / 2, by quadrature. Given the priors alone a small value says that
    prior and data are in conflict; given the others, that the cohort is unlike them by more than the model allows for.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.

    Returns
    -------
    Conflict
        Its `table` has the columns cohort, reported, p_prior, side_prior ("low" or "high": where the number lies),
        p_others, side_others, reasons (why there is no value: what was printed of a survival curve has no distribution
        of its own).

    Raises
    ------
    InputError
        A fit that may not be reported.

    Notes
    -----
    Prior predictive checks: Box 1980, doi:10.2307/2982063; Evans and Moshonov 2006, doi:10.1214/06-BA129. The mid-p is
    Lancaster's (1961, doi:10.1080/01621459.1961.10482105).

    Examples
    --------
    >>> import tinycohort as tc
    >>> found = tc.prior_data_conflict(tc.pool(events=[1, 7, 25], totals=[8, 27, 30]))
    >>> print(found.table[["reported", "p_prior", "p_others"]].round(3).to_string(index=False))
    reported  p_prior  p_others
      1 of 8    0.348     0.151
     7 of 27    0.553     0.282
    25 of 30    0.374     0.005
    """
    require_reportable(fit)
    model = fit.compiled
    predicted = {
        int(j): predicted_by(part.kind, {name: column[[k]] for name, column in part.data.items()})
        for part in model.parts
        for k, j in enumerate(part.cohorts)
    }
    known = model.pooling.name in _KNOWN
    needed = known and model.cohorts > 1 and model.pooling.name != "none" and any(predicted.values())
    others = without_each(fit) if needed else ()
    rows = []
    for j, (label, reported) in enumerate(zip(model.labels, model.reported, strict=True)):
        ask, why_not = predicted[j], ""
        if ask is None:
            why_not = "what was printed has no distribution of its own"
        elif not known:
            why_not = f"not known under pooling {model.pooling.name}"
        before = prior_of_theta(fit) if ask is not None and known else None
        after = _given_others(fit, others[j], j) if others and ask is not None else None
        if others and ask is not None and after is None:
            why_not = "; ".join(others[j].reasons) or "the others say nothing of it"
        p_prior, side_prior = _mid_p(ask, before)
        # Where each stands alone the others say nothing, and the priors are all there is.
        p_others, side_others = _mid_p(ask, before if model.pooling.name == "none" else after)
        rows.append({
            "cohort": label, "reported": reported, "p_prior": p_prior, "side_prior": side_prior, "p_others": p_others,
            "side_others": side_others, "reasons": why_not or None,
        })  # fmt: skip
    return Conflict(fit, rows)


def _mid_p(ask: Predicted | None, theta: tuple[Any, Any] | None) -> tuple[float | None, str | None]:
    """The two-sided mid-p under points of theta with their weights, and on which side the number lies."""
    if ask is None or theta is None:
        return None, None
    points, weights = theta
    below, equal = (float(weights @ each) for each in ask(points))
    low, high = below + 0.5 * equal, 1.0 - below - 0.5 * equal
    return min(1.0, 2.0 * min(low, high)), "low" if low < high else "high"


def _given_others(fit: Fit, refit: Fit, j: int) -> tuple[Any, Any] | None:
    """theta of a cohort that the others would have: points and weights."""
    if not refit.reportable:
        return None
    group, labels = fit.compiled.rows[j].group, refit.compiled.group_labels
    target: Any = "new_cohort_in_group" if group in labels else "new_cohort"
    marginal = refit.posterior.marginal(target, labels.index(group) if group in labels else None)
    if marginal is None:
        return None
    rule = gauss_legendre(_OF_MARGINAL)
    return marginal.quantile(0.5 * (rule.nodes + 1.0)), 0.5 * rule.weights


def prior_of_theta(fit: Fit) -> tuple[Any, Any]:
    """theta of a cohort before any data: points and weights, by quadrature over the priors' quantiles."""
    if "prior of theta" not in fit.kept:
        fit.kept["prior of theta"] = _prior_points(fit)
    found: tuple[Any, Any] = fit.kept["prior of theta"]
    return found


def _prior_points(fit: Fit) -> tuple[Any, Any]:
    model, priors = fit.compiled, fit.compiled.level_priors
    spreads = [priors[name] for name in ("tau", "tau_group") if name in model.pooling.parameters]
    mu, weights = _nodes(priors["mu"], _OF_MARGINAL if not spreads else _OF_MU)
    if not spreads:
        return mu, weights
    square, of_spread = np.zeros(1), np.ones(1)
    for spread in spreads:
        tau, each = _nodes(spread, _OF_TAU if len(spreads) == 1 else _OF_EACH_TAU)
        square = (square[:, None] + tau**2).ravel()
        of_spread = (of_spread[:, None] * each).ravel()
    shape = StudentT(model.pooling.nu, 0.0, 1.0) if isinstance(model.pooling, Student) else Normal(0.0, 1.0)
    z, of_z = _nodes(shape, _OF_Z)
    theta = mu[:, None, None] + np.sqrt(square)[:, None] * z
    return _gathered(theta.ravel(), (weights[:, None, None] * of_spread[:, None] * of_z).ravel())


def _gathered(points: Any, weights: Any) -> tuple[Any, Any]:
    """The same distribution in fewer points: neighbours of the same weight together become their mean."""
    order = np.argsort(points)
    points, weights = points[order], weights[order]
    place = np.minimum((np.cumsum(weights) * _GATHERED).astype(int), _GATHERED - 1)
    mass = np.bincount(place, weights, _GATHERED)
    held = mass > 0.0
    return (np.bincount(place, weights * points, _GATHERED)[held] / mass[held]), mass[held]


def _nodes(prior: Any, size: int) -> tuple[Any, Any]:
    rule = gauss_legendre(size)
    return prior.quantile(0.5 * (rule.nodes + 1.0)), 0.5 * rule.weights


def _remarks(fit: Fit, rows: list[dict[str, Any]]) -> list[str]:
    found = []
    known = [row for row in rows if row["p_others"] is not None]
    if known and fit.compiled.pooling.name != "none":
        least = min(known, key=lambda row: row["p_others"])
        chance = 1.0 - (1.0 - _SURPRISING) ** len(known)
        found.append(
            f"The others find {least['cohort']} the most surprising, p = {least['p_others']:.3f}; the smallest of"
            f" {len(known)} such values is below {_SURPRISING:g} in about {chance:.0%} of cases where nothing is wrong."
        )
    conflicting = [row["cohort"] for row in rows if row["p_prior"] is not None and row["p_prior"] < _SURPRISING]
    if conflicting:
        found.append(f"The priors did not expect {', '.join(conflicting)}: see whether they, or the number, are right.")
    found += [
        f"No value for {', '.join(row['cohort'] for row in rows if row['reasons'] == why)}: {why}."
        for why in dict.fromkeys(row["reasons"] for row in rows if row["reasons"])
    ]
    heard = about_tau(fit)
    return [*found, f"{heard[0].upper()}{heard[1:]}."] if heard else found
