"""Draws of either engine as the DataTree that ArviZ expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..compiled import CompiledModel
from ..families import SurvivalFamily

if TYPE_CHECKING:
    import xarray

__all__ = ["DRAWN", "build_tree", "posterior_arrays"]

#: What is drawn, as far as the pooling has it.
DRAWN = [
    "mu", "tau", "tau_group", "theta", "theta_group", "theta_new_cohort", "theta_new_cohort_in_group", "shape",
    "tau_shape", "shape_cohort", "shape_new_cohort", "shape_numbers", "exchangeable",
    "exchangeable_cohort", "mu_2", "tau_2", "mu_3", "tau_3",
]  # fmt: skip


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
    if model.shape is not None and isinstance(model.family, SurvivalFamily):
        size = (1, chains * draws)
        prior |= model.shape.draw_prior(model.priors, model.family, model.cohorts, size, prior_rng)
    theta = np.asarray(posterior["theta"])
    observed, constant = _data(model)
    if model.pooling.beside:
        constant[model.pooling.beside] = model.groups
    if model.pooling.discounted:
        constant["power"] = model.powers
    groups = {
        "posterior": posterior_arrays(model, posterior),
        "prior": posterior_arrays(model, prior),
        "posterior_predictive": _predictive(model, theta, predictive_rng),
        "prior_predictive": _predictive(model, np.asarray(prior["theta"]), prior_rng),
        "log_likelihood": {_whole_name(model): model.log_likelihood(theta, _shape_numbers(model, posterior))},
    }
    if sample_stats:
        groups["sample_stats"] = dict(sample_stats)
    tree = {name: _dataset(model, arrays, ("chain", "draw")) for name, arrays in groups.items()}
    tree |= {
        name: _dataset(model, arrays, ()) for name, arrays in (("observed_data", observed), ("constant_data", constant))
    }
    return xarray.DataTree.from_dict(tree)


def _whole_name(model: CompiledModel) -> str:
    """What all that the cohorts reported is called: the outcome, or "reported" where there are several kinds."""
    outcomes = model.parts[0].kind.observed
    return outcomes[0] if len(model.parts) == 1 and outcomes else "reported"


def _shape_numbers(model: CompiledModel, draws: Mapping[str, Any]) -> Any:
    """Shape numbers (chain, draw, cohort or 1, number); None where curves have no shape."""
    if model.shape is None:
        return None
    if "shape_numbers" in draws:
        return np.asarray(draws["shape_numbers"])[..., None, :]
    if "shape_cohort" in draws:
        return np.asarray(draws["shape_cohort"])[..., None]
    if "shape" in draws:
        return np.asarray(draws["shape"])[..., None, None]
    return np.array(model.shape.value)[None]


def _data(model: CompiledModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outcomes, and what else is known of the cohorts, under the names that they have in the PyMC model."""
    observed: dict[str, Any] = {}
    constant: dict[str, Any] = {}
    for part in model.parts:
        for name, column in part.data.items():
            (observed if name in part.kind.observed else constant)[f"{part.prefix}{name}"] = column
    return observed, constant


def _predictive(model: CompiledModel, theta: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Predictive draws of the outcomes, each kind's over its own cohorts."""
    return {
        f"{part.prefix}{name}": values
        for part in model.parts
        for name, values in part.kind.draw(theta[..., part.cohorts], part.data, rng).items()
    }


def posterior_arrays(model: CompiledModel, draws: Mapping[str, Any]) -> dict[str, Any]:
    """The draws with their counterparts on the natural scale beside them."""
    quantity, family = model.family.quantity, model.family
    thetas = [name for name in DRAWN if name.startswith("theta") and name in draws]
    arrays = {name: draws[name] for name in dict.fromkeys([*DRAWN, *model.pooling.parameters]) if name in draws}
    return arrays | {name.replace("theta", quantity): family.natural(draws[name]) for name in thetas}


def _dataset(model: CompiledModel, arrays: Mapping[str, Any], leading: tuple[str, ...]) -> xarray.Dataset:
    import xarray

    # A variable belongs to the cohorts of its kind, whose names begin alike; all others to every cohort.
    parts = {part.prefix: part for part in model.parts if part.prefix}
    variables: dict[str, Any] = {}
    for name, array in arrays.items():
        values = np.asarray(array)
        if name == "covariates":
            variables[name] = (("cohort", "covariate"), values)
            continue
        unit = "group" if name.endswith("_group") and name != "tau_group" else "cohort"
        unit = "shape_number" if name == "shape_numbers" else unit
        own = next((part.dim for prefix, part in parts.items() if name.startswith(prefix)), unit)
        variables[name] = (leading if values.ndim == len(leading) else (*leading, own), values)
    used = {dim for dims, _ in variables.values() for dim in dims}
    known = {"cohort": model.labels, "group": model.group_labels, "covariate": getattr(model.pooling, "names", ())}
    coords: dict[str, Any] = {dim: list(labels) for dim, labels in known.items() if dim in used}
    if "shape_number" in used and isinstance(model.family, SurvivalFamily):
        coords["shape_number"] = list(model.family.shape_names)
    coords |= {part.dim: [model.labels[j] for j in part.cohorts] for part in parts.values() if part.dim in used}
    if leading and variables:
        first = next(iter(variables.values()))[1]
        coords |= {"chain": np.arange(first.shape[0]), "draw": np.arange(first.shape[1])}
    return xarray.Dataset(variables, coords=coords)
