"""How the shape of survival curves varies over cohorts, beside theta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..families import SurvivalFamily
from ..issues import InputError, Issue
from ..priors import Normal, Prior

__all__ = ["SHAPES", "Shape"]

#: ``fixed``: known. ``shared``: one for all cohorts, unknown. ``pooled``: each cohort's own, around a mean.
SHAPES = ("fixed", "shared", "pooled")


@dataclass(frozen=True)
class Shape:
    """Shape numbers of a survival family over cohorts.

    Of a family with one shape number, `shared` has the parameter `shape`, its value, and `pooled` has `shape` and
    `tau_shape`: shape_j = shape + tau_shape z_j. Of a flexible hazard `shared` has `tau_shape`, the scale of the random
    walk that its numbers are.

    Parameters
    ----------
    kind : {"fixed", "shared", "pooled"}
        How it varies.
    value : tuple of float
        The shape numbers, where they are fixed.

    Raises
    ------
    InputError
        An unknown kind.
    """

    kind: str
    value: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in SHAPES:
            mend = f"Choose one of {', '.join(SHAPES)}."
            raise InputError(Issue("quantity.shape", f"unknown way {self.kind!r}", mend))

    def parameters(self, family: SurvivalFamily) -> tuple[str, ...]:
        """The hyperparameters that need a prior."""
        if self.kind == "fixed":
            return ()
        if family.flexible:
            return ("tau_shape",)
        return ("shape",) if self.kind == "shared" else ("shape", "tau_shape")

    def issues(self, family: SurvivalFamily) -> list[Issue]:
        """What does not go together."""
        numbers = len(family.shape_names)
        if self.kind == "fixed" and len(self.value) != numbers:
            what = f"{len(self.value)} shape numbers, and {family.name} has {numbers}"
            return [Issue("quantity.shape", what, f"Give {numbers}.")]
        if self.kind != "fixed" and not numbers:
            return [Issue("quantity.shape", f"{family.name} has no shape", "Leave it out.")]
        if self.kind == "pooled" and family.flexible:
            what = f"the shape of {family.name} is not pooled: each cohort would need a curve of its own"
            return [Issue("quantity.shape", what, 'Write shape = "shared".')]
        return []

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior], family: SurvivalFamily) -> Any:
        """Log density of the free unknowns, every constant kept."""
        total = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters(family))
        if "z_shape" in point:
            total = total + Normal(0.0, 1.0).log_density(np.asarray(point["z_shape"], float)).sum(axis=-1)
        return total

    def numbers(self, point: Mapping[str, Any], family: SurvivalFamily) -> Any:
        """Shape numbers (..., cohort or 1, number) at values of the free unknowns."""
        if self.kind == "fixed":
            return np.array(self.value)[None]
        if family.flexible:
            scale = np.asarray(point["tau_shape"], float)[..., None]
            return family.random_walk(np.asarray(point["z_shape"], float), scale)[..., None, :]
        shape = np.asarray(point["shape"], float)[..., None]
        if self.kind == "pooled":
            shape = shape + np.asarray(point["tau_shape"], float)[..., None] * np.asarray(point["z_shape"], float)
        return shape[..., None]

    def pymc(self, priors: Mapping[str, Prior], family: SurvivalFamily) -> Any:
        """The unknowns inside an open PyMC model; returns the shape numbers (cohort or 1, number)."""
        import pymc

        if self.kind == "fixed":
            return np.array(self.value)[None]
        if family.flexible:
            scale = priors["tau_shape"].pymc("tau_shape")
            z = pymc.Normal("z_shape", 0.0, 1.0, dims="shape_number")
            return pymc.Deterministic("shape_numbers", family.random_walk(z, scale), dims="shape_number")[None, :]
        shape = priors["shape"].pymc("shape")
        if self.kind == "shared":
            return shape.reshape((1, 1))
        z = pymc.Normal("z_shape", 0.0, 1.0, dims="cohort")
        spread = priors["tau_shape"].pymc("tau_shape")
        return pymc.Deterministic("shape_cohort", shape + spread * z, dims="cohort")[:, None]

    def draw_prior(
        self, priors: Mapping[str, Prior], family: SurvivalFamily, cohorts: int, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        """Prior draws of the parameters and of what follows from them."""
        found = {name: np.asarray(priors[name].draw(rng, size)) for name in self.parameters(family)}
        if self.kind == "fixed":
            return found
        if family.flexible:
            z = rng.standard_normal((*found["tau_shape"].shape, len(family.shape_names)))
            return found | {"shape_numbers": family.random_walk(z, found["tau_shape"][..., None])}
        return found | self.draw_new(found, rng) | self._draw_cohorts(found, cohorts, rng)

    def _draw_cohorts(self, found: Mapping[str, Any], cohorts: int, rng: np.random.Generator) -> dict[str, Any]:
        if self.kind != "pooled":
            return {}
        z = rng.standard_normal((*found["shape"].shape, cohorts))
        return {"shape_cohort": found["shape"][..., None] + found["tau_shape"][..., None] * z}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """The shape of new cohorts, one for each of the draws of everything else; empty where all have one."""
        if self.kind != "pooled":
            return {}
        spread = draws["tau_shape"] * rng.standard_normal(np.shape(draws["shape"]))
        return {"shape_new_cohort": draws["shape"] + spread}
