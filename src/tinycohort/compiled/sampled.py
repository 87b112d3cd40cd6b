"""The PyMC model of a compiled model, what stands in it as data, and where its sampler walks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ..families import Family, SurvivalFamily
from ..likelihoods import Likelihood, SurvivalReports
from ..pooling import Anchors, Pooling, Regression, Shape
from ..priors import Prior
from .parts import Part

__all__ = ["anchors_of", "pymc_data", "pymc_model"]

# Of the prior of mu, how much is left out at either end; points of a look, and how many, each closer than the last.
_TAIL, _POINTS, _LOOKS = 1e-4, 201, 4
# What is less likely than the best by this much is not looked at more closely.
_DEEP = 15.0


class Model(Protocol):
    """What is needed of a compiled model; its own attributes say what they are."""

    @property
    def family(self) -> Family: ...
    @property
    def likelihood(self) -> Likelihood: ...
    @property
    def pooling(self) -> Pooling: ...
    @property
    def priors(self) -> Mapping[str, Prior]: ...
    @property
    def level_priors(self) -> dict[str, Prior]: ...
    @property
    def shape(self) -> Shape | None: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def parts(self) -> tuple[Part, ...]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def cohorts(self) -> int: ...
    @property
    def group_labels(self) -> tuple[str, ...]: ...
    @property
    def groups(self) -> Any: ...
    @property
    def powers(self) -> Any: ...

    def log_likelihood(self, theta: Any, shape: Any = None) -> Any: ...


def pymc_model(model: Model) -> Any:
    """As `CompiledModel.pymc_model`."""
    import pymc

    pooling, family, survival = model.pooling, model.family, isinstance(model.likelihood, SurvivalReports)
    coords = {"cohort": list(model.labels)} | ({"group": list(model.group_labels)} if pooling.grouped else {})
    coords |= {part.dim: [model.labels[j] for j in part.cohorts] for part in model.parts}
    if pooling.mixes:
        coords |= {"part": [*pooling.exchangeable_parts, "own"], "component": list(pooling.exchangeable_parts)}  # type: ignore[attr-defined]
    if isinstance(family, SurvivalFamily) and family.flexible:
        coords["shape_number"] = list(family.shape_names)
    if isinstance(pooling, Regression):
        coords["covariate"] = list(pooling.names)
    with pymc.Model(coords=coords) as written:
        data = {
            name: pymc.Data(name, values, dims=part.dim)
            for part in (() if survival else model.parts)
            for name, values in part.stored().items()
        }
        dims = ("cohort", "covariate") if pooling.beside == "covariates" else "cohort"
        beside = {
            name: pymc.Data(name, values, dims=dims if name == pooling.beside else "cohort")
            for name, values in _beside(model).items()
        }
        anchors = Anchors(beside["own_centre"], beside["own_precision"]) if pooling.anchored else None
        theta = pooling.pymc(model.level_priors, beside.get(pooling.beside), anchors)
        if pooling.mixes:
            _summed_over_parts(model, theta, data)
            return written
        natural = {"logit": pymc.math.invlogit, "log": pymc.math.exp, "identity": lambda x: x}
        pymc.Deterministic(family.quantity, natural[family.model_scale](theta), dims="cohort")
        if isinstance(model.likelihood, SurvivalReports):
            shape: Any = np.zeros((1, 0))
            if model.shape is not None and isinstance(family, SurvivalFamily):
                shape = model.shape.pymc(model.priors, family)
            model.likelihood.pymc_at(theta, shape, model.data)
            _discount(model, beside)
            return written
        for part in model.parts:
            own = {name: data[part.stored_name(name)] for name in part.data}
            part.kind.pymc(theta if len(model.parts) == 1 else theta[part.cohorts], own, part.prefix, part.dim)
        _discount(model, beside)
    return written


def _summed_over_parts(model: Model, parts: Any, data: Mapping[str, Any]) -> None:
    """The likelihood where nobody knows which part a cohort is of: one potential, the membership summed over.

    Beside it each part's theta and posterior probability, from which theta is drawn.
    """
    import pymc

    from ..likelihoods.symbolic import pytensor_operations

    operations = pytensor_operations()
    shape: Any = np.zeros((1, 0))
    if model.shape is not None and isinstance(model.family, SurvivalFamily):
        shape = model.shape.pymc(model.priors, model.family)
    each = []
    for log_weight, theta in parts:
        if isinstance(model.likelihood, SurvivalReports):
            each.append(log_weight + model.likelihood.symbolic_at(theta, shape, model.data, operations))
            continue
        order = np.argsort(np.concatenate([part.cohorts for part in model.parts]))
        found = [
            part.kind.log_likelihood(
                theta[part.cohorts], {name: data[part.stored_name(name)] for name in part.data}, operations
            )
            for part in model.parts
        ]
        each.append(log_weight + pymc.math.concatenate(found)[order])
    joint = pymc.math.stack(each)
    together = pymc.math.logsumexp(joint, axis=0, keepdims=False)
    pymc.Potential("log_likelihood_over_parts", together, dims="cohort")
    pymc.Deterministic("theta_component", pymc.math.stack([theta for _, theta in parts]), dims=("part", "cohort"))
    pymc.Deterministic("probability_component", pymc.math.exp(joint - together), dims=("part", "cohort"))


def _discount(model: Model, beside: Mapping[str, Any]) -> None:
    """Raise each cohort's likelihood to its power, inside an open PyMC model; outcomes' own draws stay the same."""
    if not model.pooling.discounted:
        return
    import pymc

    written = pymc.modelcontext(None)
    terms = {outcome.name: pymc.logp(outcome, written.rvs_to_values[outcome]) for outcome in written.observed_RVs}
    for part in model.parts:
        names = [f"{part.prefix}{name}" for name in part.kind.observed] or list(terms)
        for name in names:
            pymc.Potential(f"discount_of_{name}", (beside["power"][part.cohorts] - 1.0) * terms[name], dims=part.dim)


def pymc_data(model: Model) -> dict[str, Any]:
    """As `CompiledModel.pymc_data`."""
    if isinstance(model.likelihood, SurvivalReports):
        return _beside(model)
    return {name: values for part in model.parts for name, values in part.stored().items()} | _beside(model)


def _beside(model: Model) -> dict[str, Any]:
    """What the PyMC model is told besides the reported numbers."""
    found = {model.pooling.beside: model.groups} if model.pooling.beside else {}
    found |= {"power": model.powers} if model.pooling.discounted else {}
    if model.pooling.anchored:
        centre, precision = anchors_of(model)
        found |= {"own_centre": centre, "own_precision": precision}
    return found


def anchors_of(model: Model) -> Anchors:
    """What each cohort's likelihood adds to the prior of mu, seen as normal by its first two moments.

    By sums over theta that close in on where the likelihood is; the shape of curves at the middle of its prior.
    """
    prior = model.level_priors["mu"]
    shape = _middle_shape(model)

    def log_likelihood(theta: Any) -> Any:
        return model.log_likelihood(theta) if shape is None else model.log_likelihood(theta, shape)

    low, high = (np.full(model.cohorts, float(prior.quantile(tail))) for tail in (_TAIL, 1.0 - _TAIL))
    before = _moments(prior, lambda theta: np.zeros(theta.shape), low, high)
    after = _moments(prior, log_likelihood, low, high)
    precision = np.maximum(1.0 / after[1] - 1.0 / before[1], 0.0)
    told = precision > 1e-3 / before[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (after[0] / after[1] - before[0] / before[1]) / precision
    return Anchors(np.where(told, centre, before[0]), np.where(told, np.sqrt(precision), 0.0))


def _moments(prior: Prior, log_likelihood: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Mean and variance (cohort,) of theta with the prior of mu and a likelihood."""
    grid = np.linspace(0.0, 1.0, _POINTS)[:, None]
    for _ in range(_LOOKS):
        theta = low + (high - low) * grid
        height = prior.log_density(theta) + log_likelihood(theta)
        height = np.where(np.isfinite(height), height, -np.inf)
        near = height > height.max(axis=0) - _DEEP
        step = (high - low) / (_POINTS - 1)
        low = theta[near.argmax(axis=0), np.arange(theta.shape[1])] - step
        high = theta[_POINTS - 1 - near[::-1].argmax(axis=0), np.arange(theta.shape[1])] + step
    weight = np.exp(height - height.max(axis=0))
    weight /= weight.sum(axis=0)
    mean = (weight * theta).sum(axis=0)
    return mean, (weight * (theta - mean) ** 2).sum(axis=0)


def _middle_shape(model: Model) -> Any:
    """Shape numbers in the middle of their prior, (1, number); None where there are none to be told."""
    if model.shape is None or not isinstance(model.family, SurvivalFamily):
        return None
    point: dict[str, Any] = {
        name: np.array(float(model.priors[name].quantile(0.5))) for name in model.shape.parameters(model.family)
    }
    several = len(model.family.shape_names) if model.family.flexible else model.cohorts
    return model.shape.numbers(point | {"z_shape": np.zeros(several)}, model.family)
