"""`power_scaling`: how far an answer moves when the priors, or the likelihood, are made a little stronger or weaker."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.run import run
from ..issues import InputError, Issue
from ..posterior import Fit, Marginal, require_reportable
from .findings import Findings, as_columns, shown_number
from .scores import exact_fit
from .silence import about_tau
from .tempered import with_likelihood_power, with_prior_power

if TYPE_CHECKING:
    import xarray

__all__ = ["PowerScaling", "jensen_shannon_distance", "power_scaling", "sensitivity_from_draws"]

ALPHAS = (0.99, 1.01)
#: Above this an answer is called sensitive, as the paper proposes.
THRESHOLD = 0.05
# The distance is over the range that so many draws would span: it depends a little on that.
_DRAWS = 4000
_POINTS = 1201
_SCALES = {"mu": False, "tau": False, "tau_group": False, "shape": False, "typical": True, "new_cohort": True}
# What draws of these are called; `typical` has none of its own.
_DRAWN = {"mu": "mu", "tau": "tau", "tau_group": "tau_group", "shape": "shape"}
_CONFLICT = "the prior and the data pull in different directions"
_STRONG = "the prior says more of it than the data"
_DATA = "the data say it; the prior hardly matters"
_NEITHER = "neither alone moves it much"


class PowerScaling(Findings):
    """What `power_scaling` returns. Its `table` has a row for each quantity.

    Attributes
    ----------
    fit : Fit
        The fit.
    engine : str
        ``exact``: the model was integrated again; ``draws``: draws were weighted.
    """

    def __init__(self, fit: Fit, engine: str, found: list[dict[str, Any]]) -> None:
        self.fit, self.engine, self._rows = fit, engine, found
        how = "integrated again" if engine == "exact" else "draws weighted by Pareto-smoothed importance sampling"
        self.title = f"Power-scaling sensitivity of {fit.compiled.name}, {how}; above {THRESHOLD:g} is sensitive"
        heard = about_tau(fit)
        self.remarks = (f"{heard[0].upper()}{heard[1:]}.",) if heard else ()

    def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._rows]

    def text(self) -> list[str]:
        parts = [name for name in self._rows[0] if name.startswith("prior")]
        rows = [
            [row["label"] or row["target"].replace("_", " "), *(shown_number(row[name]) for name in parts),
             shown_number(row["likelihood"]), row["diagnosis"]]
            for row in self._rows
        ]  # fmt: skip
        headers = ["quantity", *(name.replace("_", " of ", 1).replace("_", " ") for name in parts), "likelihood", ""]
        width = max(len(row[-1]) for row in rows)
        return as_columns(headers, [[*row[:-1], f"{row[-1]:<{width}}"] for row in rows])


def power_scaling(fit: Fit, *, each_prior: bool = True) -> PowerScaling:
    """How sensitive the answers of a fit are to its priors and to its data.

    The priors of the hyperparameters (not the distribution of cohorts, which is part of the likelihood here), and then
    the likelihood, are raised to the powers 0.99 and 1.01; the measure is how fast the posterior moves as the logarithm
    to base two of the power does, in cumulative Jensen-Shannon distance. A fit by the exact engine is integrated
    again; of a sampled one that cannot be integrated, draws are weighted, by ArviZ.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    each_prior : bool
        Each prior alone as well. Two more integrations for each, which of survival and of groups take seconds.

    Returns
    -------
    PowerScaling
        Its `table` has the columns target, label (of a cohort, where each stands alone), prior (all priors together),
        a column such as prior_tau for each of them alone (exact only), likelihood, and diagnosis in words.

    Raises
    ------
    InputError
        A fit that may not be reported.

    Notes
    -----
    Kallioinen, Paananen, Bürkner and Vehtari 2024, doi:10.1007/s11222-023-10366-5. The distance depends on the range
    that it is taken over: here from the quantile 1/4000 to 1 - 1/4000, about what 4000 draws would span.

    Examples
    --------
    >>> import tinycohort as tc
    >>> found = tc.power_scaling(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(found.table.set_index("target").loc["tau", "diagnosis"])
    the prior says more of it than the data
    """
    require_reportable(fit)
    exact = exact_fit(fit)
    rows = _by_draws(fit) if exact is None else _exactly(exact, each_prior)
    for row in rows:
        row["diagnosis"] = _diagnosis(row["prior"], row["likelihood"])
    return PowerScaling(fit, "draws" if exact is None else "exact", rows)


def _diagnosis(prior: float, likelihood: float) -> str:
    if prior >= THRESHOLD:
        return _CONFLICT if likelihood >= THRESHOLD else _STRONG
    return _DATA if likelihood >= THRESHOLD else _NEITHER


# -- by integrating again -------------------------------------------------------------------------------------------


def _exactly(fit: Fit, each_prior: bool) -> list[dict[str, Any]]:
    model, seed = fit.compiled, fit.provenance["seed"]
    everything = tuple(model.priors)
    base = _marginals(fit)

    def moved(change: Any) -> dict[tuple[str, int | None], float]:
        ends = []
        for alpha in ALPHAS:
            other = _marginals(run(change(alpha), "exact", seed))
            pairs = {key: jensen_shannon_distance(one, other[key]) for key, one in base.items()}
            ends.append({key: distance / abs(math.log2(alpha)) for key, distance in pairs.items()})
        return {key: 0.5 * (ends[0][key] + ends[1][key]) for key in base}

    found = {"prior": moved(lambda alpha: with_prior_power(model, alpha, everything))}
    if each_prior and len(everything) > 1:
        for name in everything:
            found[f"prior_{name}"] = moved(lambda alpha, one=name: with_prior_power(model, alpha, (one,)))
    found["likelihood"] = moved(lambda alpha: with_likelihood_power(model, alpha))
    return [
        {"target": target, "label": None if j is None else model.labels[j],
         **{name: each[target, j] for name, each in found.items()}}
        for target, j in base
    ]  # fmt: skip


def _marginals(fit: Fit) -> dict[tuple[str, int | None], Marginal]:
    """What is looked at: overall quantities, and each cohort's where each stands alone."""
    posterior = fit.posterior
    wanted: list[tuple[Any, int | None, bool]] = [(target, None, natural) for target, natural in _SCALES.items()]
    if fit.compiled.pooling.name == "none":
        wanted += [("cohort", j, True) for j in range(fit.compiled.cohorts)]
    has_shape = "shape" in fit.compiled.shape_parameters
    found = {}
    for target, j, natural in wanted:
        one = None if target == "shape" and not has_shape else posterior.marginal(target, j, natural)
        if one is not None:
            found[target, j] = one
    return found


def jensen_shannon_distance(one: Marginal, other: Marginal) -> float:
    """Cumulative Jensen-Shannon distance between two distributions of one scalar, over the range of the first.

    The greater of that between their distribution functions and that between one less those, as ArviZ has it; the
    root of a divergence that is scaled by its upper bound.

    Parameters
    ----------
    one, other : Marginal
        The first also says over which range.
    """
    low, high = one.quantile(np.array([1.0 / _DRAWS, 1.0 - 1.0 / _DRAWS])).tolist()
    inner = one.quantile(np.linspace(1.0 / _DRAWS, 1.0 - 1.0 / _DRAWS, _POINTS // 3))
    x = np.unique(np.concatenate([np.linspace(low, high, _POINTS), inner]))
    below = [np.clip(each.cdf(x), 0.0, 1.0) for each in (one, other)]
    return max(_distance(x, *below), _distance(x, *(1.0 - each for each in below)))


def _distance(x: Any, p: Any, q: Any) -> float:
    tiny = 1e-300
    middle = np.log2(np.maximum(0.5 * (p + q), tiny))
    divergence = sum(np.trapezoid(each * (np.log2(np.maximum(each, tiny)) - middle), x) for each in (p, q))
    bound = np.trapezoid(p + q, x)
    return float(math.sqrt(max(divergence, 0.0) / bound)) if bound > 0.0 else 0.0


# -- by weighting draws -----------------------------------------------------------------------------------------------


def sensitivity_from_draws(fit: Fit) -> dict[str, dict[str, float]]:
    """The same from draws, by ArviZ: for each quantity that has draws, of the prior and of the likelihood.

    Only the priors of the hyperparameters are weighted: with those of the cohorts among them the diagnosis flips.
    """
    from arviz_stats import psense  # type: ignore[attr-defined]

    tree = _with_log_prior(fit)
    names = [name for name in _DRAWN.values() if name in tree["posterior"].dataset]
    new = f"{fit.compiled.family.quantity}_new_cohort"
    drawn = {target: name for target, name in _DRAWN.items() if name in names}
    if new in tree["posterior"].dataset:
        drawn["new_cohort"] = new
    found: dict[str, dict[str, float]] = {target: {} for target in drawn}
    for group in ("prior", "likelihood"):
        values = psense(tree, var_names=list(drawn.values()), group=group)
        for target, name in drawn.items():
            found[target][group] = float(values[name])
    return found


def _with_log_prior(fit: Fit) -> xarray.DataTree:
    """The draws with the log density of the hyperparameters' priors beside them."""
    import xarray

    tree, priors = fit.draws.copy(), fit.compiled.level_priors
    drawn = tree["posterior"].dataset
    if fit.compiled.pooling.name == "none":
        logs: Mapping[str, Any] = {"theta": priors["mu"].log_density(drawn["theta"].values)}
        dims: dict[str, tuple[str, ...]] = {"theta": ("chain", "draw", "cohort")}
    else:
        logs = {name: priors[name].log_density(drawn[name].values) for name in priors if name in drawn}
        dims = dict.fromkeys(logs, ("chain", "draw"))
    arrays = {name: (dims[name], values) for name, values in logs.items()}
    tree["log_prior"] = xarray.DataTree(xarray.Dataset(arrays))
    return tree


def _by_draws(fit: Fit) -> list[dict[str, Any]]:
    found = sensitivity_from_draws(fit)
    if not found:
        what = "was sampled, and has no quantity over all cohorts to look at"
        raise InputError(Issue(fit.compiled.name, what, 'Fit it by engine="exact".'))
    return [{"target": target, "label": None, **each} for target, each in found.items()]
