"""The NUTS engine: the readable PyMC model, sampled by nutpie, compiled once for each structure."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..families import SurvivalFamily
from ..pooling import Regression
from ..posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from ..posterior.curves import median_of_average
from .moments import Moments

__all__ = ["DrawsPosterior", "compiled_sampler", "sample"]

CHAINS, DRAWS, TUNE = 4, 1000, 1000
# 0.95 because 0.8 leaves a stuck chain once in thirty fits of small cohorts; smaller steps where transitions diverge.
TARGET_ACCEPT, _CAREFULLY = 0.95, (0.99, 0.999)
MAXIMUM_R_HAT, MINIMUM_ESS = 1.01, 400
_KEPT = 16
_ARRAYS = {"typical": "mu", "cohort": "theta", "group": "theta_group"} | {
    target: f"theta_{target}" for target in ("new_cohort", "new_cohort_in_group")
}
_UNKNOWNS = (
    "mu", "tau", "tau_group", "theta", "theta_group", "shape", "tau_shape", "shape_cohort", "shape_numbers",
    "exchangeable", "mu_2", "tau_2", "mu_3", "tau_3",
)  # fmt: skip
# Of what a cohort's theta may be, where it is drawn afterwards.
_PARTS = ("theta_component", "probability_component")
_compiled: OrderedDict[str, Any] = OrderedDict()
# PyTensor compiles for one thread at a time.
_compiling = Lock()


def compiled_sampler(model: CompiledModel) -> Any:
    """nutpie's compiled form of the model's structure with this model's data put in.

    Two models that differ only in their data and labels share the compiled code.
    """
    import nutpie

    parts = {
        key: value
        for key, value in model.to_dict().items()
        if key in ("family", "likelihood", "pooling", "priors", "shape")
    }
    if not model.pymc_data():
        # Reports of survival are constants of the model.
        parts["data"] = [column.tolist() for column in model.data.values()]
    members = [part.cohorts.tolist() for part in model.parts]
    key = json.dumps([parts, members, len(model.group_labels)], sort_keys=True)
    with _compiling:
        if key not in _compiled:
            _compiled[key] = nutpie.compile_pymc_model(model.pymc_model())
            while len(_compiled) > _KEPT:
                _compiled.popitem(last=False)
        _compiled.move_to_end(key)
        return _compiled[key].with_data(**model.pymc_data())


def sample(
    model: CompiledModel,
    seed: int,
    *,
    chains: int = CHAINS,
    draws: int | None = None,
    tune: int = TUNE,
    target_accept: float | None = None,
) -> DrawsPosterior:
    """Sample the posterior of a compiled model.

    Unless `target_accept` is given, it begins with 0.95, and everything is sampled afresh with 0.99 and then 0.999 as
    long as any transition diverges.

    Parameters
    ----------
    model : CompiledModel
        Any family, likelihood and pooling.
    seed : int
        Same seed, same draws.
    chains, draws, tune : int
        Chains, draws kept of each (1000, and three times as many where cohorts may stand on their own, for then mu and
        tau have the tails of their priors), and warm-up steps before them.
    target_accept : float, optional
        nutpie's step-size target.

    Returns
    -------
    DrawsPosterior
    """
    import nutpie

    compiled = compiled_sampler(model)
    draws = draws or (3 * DRAWS if model.pooling.mixes else DRAWS)
    for target in (TARGET_ACCEPT, *_CAREFULLY) if target_accept is None else (target_accept,):
        tree = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            seed=seed,
            target_accept=target,
            progress_bar=False,
            save_warmup=False,
        )
        if not tree["sample_stats"]["diverging"].any():
            break
    posterior = tree["posterior"].dataset
    names = [name for name in dict.fromkeys([*_UNKNOWNS, *model.pooling.parameters]) if name in posterior]
    arrays = {name: np.asarray(posterior[name].transpose("chain", "draw", ...).values) for name in names}
    parts = {name: posterior[name].transpose("chain", "draw", ...).values for name in _PARTS if name in posterior}
    arrays |= model.pooling.draw_new(arrays | parts, np.random.default_rng([seed, 0]))
    if model.shape is not None:
        arrays |= model.shape.draw_new(arrays, np.random.default_rng([seed, 3]))
    stats = tree["sample_stats"].dataset
    kept = ("diverging", "depth", "n_steps", "energy", "logp", "step_size")
    record = {name: np.asarray(stats[name].values) for name in kept if name in stats}
    return DrawsPosterior(model, arrays, record, target)


class DrawsPosterior(Posterior):
    """A posterior known by its draws.

    Parameters
    ----------
    model : CompiledModel
        What was sampled.
    arrays : dict of str to array (chain, draw, ...)
        mu, tau, theta, theta_new_cohort, those that the pooling has.
    sample_stats : dict of str to array (chain, draw)
        The sampler's record; `diverging` counts against the fit.
    target_accept : float, optional
        What the sampler aimed at, for the record.
    """

    engine = "nuts"
    log_marginal_likelihood = None

    def __init__(
        self,
        model: CompiledModel,
        arrays: dict[str, Any],
        sample_stats: dict[str, Any],
        target_accept: float | None = None,
    ) -> None:
        self.model, self.arrays, self.sample_stats = model, arrays, sample_stats
        self._moments = Moments(model)
        self.diagnostics = _diagnose(
            {name: arrays[name] for name in (*_UNKNOWNS, *model.pooling.parameters) if name in arrays}, sample_stats
        )
        self.diagnostics["target_accept"] = target_accept
        self.reasons = _reasons(self.diagnostics)

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        values = self.values_of(target, cohort)
        if values is None:
            return None
        on_natural = target in ("typical", "average") or (natural and target not in self.model.pooling.parameters)
        if on_natural and target != "average":
            values = self.model.family.natural(values)
        ordered = np.sort(values, axis=None)
        mean, sd = (self._moments.exists(target, order, on_natural, cohort) for order in (1, 2))

        def cdf(x: Any) -> Any:
            return np.searchsorted(ordered, np.asarray(x, float), side="right") / len(ordered)

        return Marginal(
            mean=float(ordered.mean()) if mean else np.nan,
            sd=float(ordered.std(ddof=1)) if sd else np.nan,
            quantile=lambda p: np.quantile(ordered, p),
            cdf=cdf,
        )

    def values_of(self, target: Target, cohort: int | None = None) -> Any:
        """Draws (chain, draw) of the target on the model scale (of the average: on the natural one)."""
        arrays = self.arrays
        if target == "average":
            return self._averages
        found = arrays.get(_ARRAYS.get(target, target))
        return found if found is None or cohort is None else found[..., cohort]

    @cached_property
    def _averages(self) -> Any:
        """Draws of the average on the natural scale; None where there is none."""
        arrays, model = self.arrays, self.model
        if "mu" not in arrays or not model.pooling.has_average(model.family):
            return None
        if isinstance(model.family, SurvivalFamily):
            points = self.points("average")
            return None if points is None else median_of_average(model.family, points)
        spread = model.pooling.spread(arrays)
        return model.pooling.average(model.family, arrays["mu"].ravel(), spread.ravel())[0]

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        theta = self.values_of("mu" if target == "average" else target, cohort)
        if self.model.shape is None or theta is None:
            return None
        arrays, size = self.arrays, theta.size
        tau = arrays.get("tau", np.zeros_like(theta)) if target == "average" else np.zeros_like(theta)
        if target == "average" and "tau_group" in arrays:
            tau = np.hypot(tau, arrays["tau_group"])
        tau_shape = arrays["tau_shape"].ravel() if target == "average" and "shape_cohort" in arrays else None
        return Points(
            theta.ravel(), tau.ravel(), self._shape(target, cohort, size), np.full(size, 1.0 / size), tau_shape
        )

    def _shape(self, target: Target, cohort: int | None, size: int) -> Any:
        """Shape numbers of the target (draw, number)."""
        arrays, shape = self.arrays, self.model.shape
        assert shape is not None
        if "shape_numbers" in arrays:
            return arrays["shape_numbers"].reshape(size, -1)
        if shape.kind == "fixed":
            return np.broadcast_to(np.array(shape.value), (size, len(shape.value)))
        if target == "cohort" and "shape_cohort" in arrays:
            return arrays["shape_cohort"][..., cohort].reshape(size, 1)
        return arrays[
            "shape_new_cohort" if target == "new_cohort" and "shape_new_cohort" in arrays else "shape"
        ].reshape(size, 1)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        from ..likelihoods import Binomial

        values = self.values_of("typical" if target == "average" else target, cohort)
        if values is None:
            return None
        data = {"events": np.arange(patients + 1.0), "total": np.full(patients + 1, float(patients))}
        return np.exp(Binomial().log_likelihood(values.ravel()[:, None], data)).mean(axis=0)

    def at(self, move: Any) -> Posterior:
        """As of the base, from the same draws."""
        pooling, moved = self.model.pooling, copy.copy(self)
        assert isinstance(pooling, Regression)
        by = sum(step * self.arrays[name] for step, name in zip(move, pooling.slopes, strict=True))
        moved.arrays = self.arrays | {name: self.arrays[name] + by for name in ("mu", "theta_new_cohort")}
        moved.__dict__.pop("_averages", None)
        return moved

    def leave_one_out(self) -> LeaveOneOut | None:
        return None

    def exchangeable(self) -> Any:
        """As `Posterior.exchangeable`."""
        found = self.arrays.get("exchangeable_cohort")
        return None if found is None else found.mean(axis=(0, 1))

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        return dict(self.arrays)


def _diagnose(arrays: dict[str, Any], sample_stats: dict[str, Any]) -> dict[str, Any]:
    """Worst R-hat and effective sample sizes (tail: of the 5% and 95% quantiles) over all unknowns; divergences.

    Vehtari et al. 2021, doi:10.1214/20-BA1221.
    """
    from arviz_stats.base.array import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    everything = np.concatenate(
        [np.moveaxis(array.reshape(*array.shape[:2], -1), -1, 0) for array in arrays.values()], axis=0
    )
    # R-hat and the bulk's effective size share their ranks: made once, they cost half.
    bulk = _normal_scores(everything)
    folded = _normal_scores(np.abs(everything - np.median(everything, axis=(1, 2), keepdims=True)))
    values = {
        "r_hat": max(float(array_stats.rhat(one, method="split", **axes)) for one in (*bulk, *folded)),
        "ess_bulk": min(float(array_stats.ess(one, method="mean", **axes)) for one in bulk),
        "ess_tail": min(float(array_stats.ess(one, method="tail", prob=(0.05, 0.95), **axes)) for one in everything),
    }
    return {**values, "divergences": int(np.sum(sample_stats.get("diverging", 0))), "draws": int(everything[0].size)}


def _normal_scores(values: Any) -> Any:
    """Ranks over all chains as quantiles of a standard normal, for each unknown: (unknown, chain, draw)."""
    flat = values.reshape(len(values), -1)
    ranks = np.stack([_ranks(one) for one in flat])
    return special.ndtri((ranks - 0.375) / (flat.shape[1] + 0.25)).reshape(values.shape)


def _ranks(values: Any) -> Any:
    """Ranks from one; ties share their mean, as draws do where a chain stood still. None where one is not a number."""
    if not np.isfinite(values).all():
        return np.full(len(values), np.nan)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - 0.5 * (counts - 1))[inverse]


def _reasons(diagnostics: dict[str, Any]) -> tuple[str, ...]:
    reasons = []
    if not diagnostics["r_hat"] <= MAXIMUM_R_HAT:
        reasons.append(f"R-hat is {diagnostics['r_hat']:.3f} (at most {MAXIMUM_R_HAT})")
    for name, words in (("ess_bulk", "bulk"), ("ess_tail", "tail")):
        if not diagnostics[name] >= MINIMUM_ESS:
            reasons.append(f"the {words} effective sample size is {diagnostics[name]:.0f} (at least {MINIMUM_ESS})")
    if diagnostics["divergences"]:
        reasons.append(f"{diagnostics['divergences']} transitions diverged (none may)")
    return tuple(reasons)
