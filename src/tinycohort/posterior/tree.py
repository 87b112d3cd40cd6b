"""Draws of either engine as the DataTree that ArviZ expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..compiled import CompiledModel

if TYPE_CHECKING:
    import xarray

__all__ = ["DRAWN", "build_tree", "posterior_arrays"]

#: What is drawn, as far as the pooling has it.
DRAWN = ["mu", "tau", "tau_group", "theta", "theta_group", "theta_new_cohort", "theta_new_cohort_in_group"]


def build_tree(
    model: CompiledModel, posterior: Mapping[str, Any], seed: int, sample_stats: Mapping[str, Any] | None = None
) -> xarray.DataTree:
    """A DataTree with groups posterior, prior, posterior_predictive, log_likelihood, observed_data and constant_data.

    Parameters
    ----------
    model : CompiledModel
        What was fitted.
    posterior : mapping of str to array (chain, draw, ...)
        mu, tau, theta and theta_new_cohort, those that the pooling has.
    seed : int
        For the prior and predictive draws.
    sample_stats : mapping, optional
        The sampler's own record, (chain, draw).
    """
    import xarray

    chains, draws = posterior["theta"].shape[:2]
    prior_rng, predictive_rng = (np.random.default_rng([seed, k]) for k in (1, 2))
    prior = model.pooling.draw_prior(model.level_priors, model.groups, (1, chains * draws), prior_rng)
    theta = np.asarray(posterior["theta"])
    observed = {name: model.data[name] for name in model.likelihood.observed}
    constant = {name: column for name, column in model.data.items() if name not in observed}
    if model.pooling.grouped:
        constant["group_of_cohort"] = model.groups
    groups = {
        "posterior": posterior_arrays(model, posterior),
        "prior": posterior_arrays(model, prior),
        "posterior_predictive": model.likelihood.draw(theta, model.data, predictive_rng),
        "prior_predictive": model.likelihood.draw(np.asarray(prior["theta"]), model.data, prior_rng),
        "log_likelihood": dict.fromkeys(observed, model.log_likelihood(theta)),
    }
    if sample_stats:
        groups["sample_stats"] = dict(sample_stats)
    tree = {name: _dataset(model, arrays, ("chain", "draw")) for name, arrays in groups.items()}
    tree |= {
        name: _dataset(model, arrays, ()) for name, arrays in (("observed_data", observed), ("constant_data", constant))
    }
    return xarray.DataTree.from_dict(tree)


def posterior_arrays(model: CompiledModel, draws: Mapping[str, Any]) -> dict[str, Any]:
    """The draws with their counterparts on the natural scale beside them."""
    quantity, family = model.family.quantity, model.family
    thetas = [name for name in DRAWN if name.startswith("theta") and name in draws]
    arrays = {name: draws[name] for name in DRAWN if name in draws}
    return arrays | {name.replace("theta", quantity): family.natural(draws[name]) for name in thetas}


def _dataset(model: CompiledModel, arrays: Mapping[str, Any], leading: tuple[str, ...]) -> xarray.Dataset:
    import xarray

    variables = {}
    for name, array in arrays.items():
        values = np.asarray(array)
        own = "group" if name.endswith("_group") and name != "tau_group" else "cohort"
        dims = leading if values.ndim == len(leading) else (*leading, own)
        variables[name] = (dims, values)
    used = {dim for dims, _ in variables.values() for dim in dims}
    known = {"cohort": model.labels, "group": model.group_labels}
    coords: dict[str, Any] = {dim: list(labels) for dim, labels in known.items() if dim in used}
    if leading and variables:
        first = next(iter(variables.values()))[1]
        coords |= {"chain": np.arange(first.shape[0]), "draw": np.arange(first.shape[1])}
    return xarray.Dataset(variables, coords=coords)
