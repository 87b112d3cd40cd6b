"""Truths drawn from a model's own priors, data drawn from the truths, and where refits put the truths."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...engines.batch_places import batch_applies, place_many
from ...engines.run import exact_applies, run
from .competitors import COMPETITORS
from .stamp import code_digest

__all__ = ["PriorChunk", "Quantity", "competed", "do_prior_chunk", "engine_for", "has_competitors", "quantities_of"]

# Of draws, so many that are far enough apart to be next to independent: the truth's rank among them is uniform.
_RANKED = 99
_DECIMALS = 7
_LARGEST_SEED = 2**62


@dataclass(frozen=True)
class PriorChunk:
    """Replicates that are drawn and refitted together.

    Attributes
    ----------
    model : CompiledModel
        Its sizes are those of the replicates; its outcomes are drawn anew.
    engine : {"batch", "exact", "nuts"}
        What refits; ``batch`` is the exact engine for many data sets at once.
    level : float
        Of the intervals.
    seed, number, replicates : int
        The calibration's seed, the chunk's number and how many replicates it has.
    sampler : dict
        Settings of NUTS.
    """

    model: CompiledModel
    engine: str
    level: float
    seed: int
    number: int
    replicates: int
    sampler: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Quantity:
    """One unknown, and where its truth and its posterior are found.

    Attributes
    ----------
    name : str
        As tables have it: mu, typical, tau, new_cohort, cohort, ...
    label : str
        Which cohort or group; empty for others.
    drawn : str
        The array of prior draws.
    target : str
        As `Posterior.marginal` is asked.
    index : int or None
        Which cohort or group.
    """

    name: str
    label: str
    drawn: str
    target: Any
    index: int | None = None

    @property
    def key(self) -> str:
        """Its name in results."""
        return f"{self.name} {self.label}" if self.label else self.name


def quantities_of(model: CompiledModel, drawn: Collection[str]) -> list[Quantity]:
    """The unknowns of a model that are among those `drawn`; one of several that are the same in every draw."""
    found = [Quantity("mu", "", "mu", "mu"), Quantity("typical", "", "mu", "typical")]
    found += [Quantity(name, "", name, name) for name in ("tau", "tau_group")]
    if model.pooling.name != "common":  # where every cohort is the typical one
        found.append(Quantity("new_cohort", "", "theta_new_cohort", "new_cohort"))
        found += [Quantity("cohort", label, "theta", "cohort", j) for j, label in enumerate(model.labels)]
    found += [Quantity("group", label, "theta_group", "group", g) for g, label in enumerate(model.group_labels)]
    return [one for one in found if one.drawn in drawn and (one.drawn != "theta_new_cohort" or "mu" in drawn)]


def engine_for(model: CompiledModel, engine: str) -> str:
    """What refits a model: ``batch`` wherever one grid serves all replicates, else ``exact`` or ``nuts``."""
    if engine != "nuts" and batch_applies(model):
        return "batch"
    if engine == "auto":
        return "exact" if exact_applies(model)[0] else "nuts"
    return engine


def has_competitors(model: CompiledModel) -> bool:
    """Whether the usual ways of pooling counts apply."""
    return model.likelihood.name == "binomial" and model.cohorts > 1


def do_prior_chunk(chunk: PriorChunk) -> dict[str, Any]:
    """Draw truths and data, refit, and say of every replicate where the truth lies: plain lists, for JSON."""
    rng = np.random.default_rng(np.random.SeedSequence(chunk.seed, spawn_key=(chunk.number,)))
    model, size = chunk.model, chunk.replicates
    draws = model.pooling.draw_prior(model.level_priors, model.groups, (size,), rng)
    data = _draw_data(model, np.asarray(draws["theta"]), rng)
    wanted = quantities_of(model, draws)
    truths = {one.key: _truth(draws, one) for one in wanted}
    if chunk.engine == "batch":
        found = _place_batch(chunk, data, truths)
    else:
        seeds = rng.integers(0, _LARGEST_SEED, size)
        found = _place_each(chunk, wanted, truths, data, seeds)
    if has_competitors(model) and {"mu", "theta_new_cohort"} <= set(draws):
        typical, new_cohort = (model.family.natural(np.asarray(draws[name])) for name in ("mu", "theta_new_cohort"))
        found["competitors"] = competed(data["events"], model.data["total"], typical, new_cohort, chunk.level)
    return {**found, "code": code_digest()}


def competed(events: Any, totals: Any, typical: Any, new_cohort: Any, level: float) -> dict[str, Any]:
    """Of each competitor and quantity: how many intervals hold the truth, and the sum of their widths."""
    found: dict[str, Any] = {}
    for name, method in COMPETITORS.items():
        pooled = method(events, totals, level)
        found[name] = {
            quantity: _sums(ends, truth)
            for quantity, ends, truth in (
                ("typical", pooled.typical, typical),
                ("new_cohort", pooled.new_cohort, new_cohort),
            )
        }
    return found


def _sums(ends: Any, truth: Any) -> list[float]:
    held = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    return [int(held.sum()), round(float((ends[:, 1] - ends[:, 0]).sum()), _DECIMALS)]


def _truth(draws: Any, one: Quantity) -> Any:
    values = np.asarray(draws[one.drawn])
    return values if one.index is None else values[..., one.index]


def _draw_data(model: CompiledModel, theta: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Columns of outcomes (replicate, cohort), drawn given theta; the others as they are."""
    size = len(theta)
    data = {name: np.tile(column, (size, 1)) for name, column in model.data.items()}
    for part in model.parts:
        for name, values in part.kind.draw(theta[:, part.cohorts], part.data, rng).items():
            data[name][:, part.cohorts] = values
    return data


def _place_batch(chunk: PriorChunk, data: Any, truths: dict[str, Any]) -> dict[str, Any]:
    model = chunk.model
    names = {f"cohort {label}": f"cohort_{j + 1}" for j, label in enumerate(model.labels)}
    asked = {names.get(key, key): values for key, values in truths.items() if key != "typical"}
    mu, tau = (model.level_priors[name] for name in ("mu", "tau"))
    totals = [int(n) for n in model.data["total"]]
    placed = place_many(data["events"].astype(int), totals, mu, tau, asked, chunk.level)
    below, width, held = {}, {}, {}
    for key in truths:
        name = "mu" if key == "typical" else names.get(key, key)
        ends = placed.intervals[name]
        if key == "mu":
            ends = np.log(ends) - np.log1p(-ends)
        below[key] = _rounded(placed.below[name])
        held[key] = int((np.abs(placed.below[name] - 0.5) <= 0.5 * chunk.level).sum())
        width[key] = round(float((ends[:, 1] - ends[:, 0]).sum()), _DECIMALS)
    return {"below": below, "held": held, "width": width, "unreported": 0}


def _place_each(
    chunk: PriorChunk, wanted: list[Quantity], truths: dict[str, Any], data: Any, seeds: Any
) -> dict[str, Any]:
    below: dict[str, list[float]] = {key: [] for key in truths}
    held, width, unreported = dict.fromkeys(truths, 0), dict.fromkeys(truths, 0.0), 0
    for k, seed in enumerate(seeds):
        own = {name: column[k] for name, column in data.items()}
        model = dataclasses.replace(chunk.model, data=own, given={})
        fit = run(model, chunk.engine, int(seed), **chunk.sampler)
        unreported += not fit.reportable
        rng = np.random.default_rng([int(seed), 5])
        for one in wanted:
            natural = one.name not in ("mu", "tau", "tau_group")
            truth = float(truths[one.key][k])
            marginal = fit.posterior.marginal(one.target, one.index, natural=natural)
            if marginal is None:
                raise RuntimeError(f"{model.pooling.name} has no {one.key}")
            shown = float(model.family.natural(truth)) if natural else truth
            lower, upper = marginal.interval(chunk.level)
            held[one.key] += lower <= shown <= upper
            width[one.key] += upper - lower
            # Both mu and typical take the same place, whatever the scale.
            below[one.key].append(_place(fit.posterior, one, truth, rng))
    return {
        "below": {key: _rounded(np.array(values)) for key, values in below.items()},
        "held": held,
        "width": {key: round(value, _DECIMALS) for key, value in width.items()},
        "unreported": unreported,
    }


def _place(posterior: Any, one: Quantity, truth: float, rng: np.random.Generator) -> float:
    """Posterior probability of less than the truth; of draws, a random place within its rank among some of them."""
    target = "mu" if one.target == "typical" else one.target
    if posterior.engine != "nuts":
        return float(posterior.marginal(target, one.index).cdf(np.array([truth]))[0])
    values = np.asarray(posterior.values_of(target, one.index))
    chains, draws = values.shape
    apart = max(chains * draws // (_RANKED + 1), 1)
    ranked = values[:, ::apart].ravel()[:_RANKED]
    return float(((ranked < truth).sum() + rng.uniform()) / (len(ranked) + 1))


def _rounded(values: Any) -> list[float]:
    return [float(value) for value in np.round(values, _DECIMALS)]
