"""`design`: as `partial`, with a bias shared by all cohorts of one class of designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import Issue
from ..priors import Normal, Prior
from .anchors import Anchors, anchored_z
from .base import Pooling

__all__ = ["Design"]


@dataclass(frozen=True)
class Design(Pooling):
    """theta_j = mu + tau z_j + beta_j, and beta_j ~ Normal(bias, spread) of the class of designs that cohort j is of.

    The bias is one for the whole class: however many cohorts share it, it does not average away. The reference class
    has none, so that mu, a typical cohort and a new one are those of the reference. A cohort's own theta has its bias
    in it: it is what that cohort estimates. z_j and beta_j are not told apart: theta_j ~ Normal(mu + bias, sqrt(tau^2 +
    spread^2)). Welton et al. 2009, doi:10.1111/j.1467-985X.2008.00548.x; Turner et al. 2009,
    doi:10.1111/j.1467-985X.2008.00547.x; Verde 2021, doi:10.1002/bimj.201900376.

    Parameters
    ----------
    reference : str
        The class without bias.
    classes : tuple of str
        The others.

    Examples
    --------
    >>> Design("randomised", ("observational",)).parameters
    ('mu', 'tau', 'bias_observational', 'spread_observational')
    """

    reference: str
    classes: tuple[str, ...]
    name = "design"
    anchored = True
    beside = "class_of_cohort"
    direct = False

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("mu", "tau", *(f"{word}_{one}" for one in self.classes for word in ("bias", "spread")))

    @property
    def free(self) -> tuple[str, ...]:
        return (*self.parameters, "z")

    @property
    def formula(self) -> str:
        return (
            "theta_j ~ Normal(mu + bias_d, sqrt(tau^2 + spread_d^2)) in design class d, without bias or spread in the"
            f" reference class, {self.reference}"
        )

    def per_cohort(self, rows: Sequence[Any]) -> Any:
        """The number of each cohort's class; the reference is 0."""
        known = (self.reference, *self.classes)
        return np.array([known.index(row.group) for row in rows], int)

    def row_issues(self, rows: Sequence[Any]) -> list[Issue]:
        known = (self.reference, *self.classes)
        mend = f"Say which of {', '.join(known)} it belongs to."
        return [
            Issue(f"cohort {row.label!r}", f"its design is of no class ({row.group!r})", mend)
            for row in rows
            if row.group not in known
        ]

    def remarks(self, rows: Sequence[Any]) -> list[str]:
        found = []
        held = {row.group for row in rows}
        if self.reference not in held:
            found.append(
                f"No cohort is of the reference class, {self.reference}: by how much the others are biased is not in"
                " the data, and what is said of a typical or a new cohort is driven by the priors of the bias"
            )
        for one in self.classes:
            cohorts = sum(row.group == one for row in rows)
            if cohorts == 1:
                found.append(
                    f"One cohort is of class {one}: its bias, the spread of biases and its own deviation are told apart"
                    " by their priors alone"
                )
            if cohorts == 0:
                found.append(f"No cohort is of class {one}: the bias of that class is its prior's")
        return found

    def _placed(self, point: Mapping[str, Any]) -> tuple[Any, Any]:
        """Bias and spread of every class (..., class), the reference first."""
        nothing = np.zeros(np.shape(point["mu"]))
        return tuple(  # type: ignore[return-value]
            np.stack([nothing, *(np.asarray(point[f"{word}_{one}"], float) for one in self.classes)], axis=-1)
            for word in ("bias", "spread")
        )

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu, tau = (np.asarray(point[name], float)[..., None] for name in ("mu", "tau"))
        bias, spread = (of_class[..., groups] for of_class in self._placed(point))
        return mu + bias + np.hypot(tau, spread) * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        return hyper + Normal(0.0, 1.0).log_density(np.asarray(point["z"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        unknown = {name: priors[name].pymc(name) for name in self.parameters}
        bias, spread = (
            pymc.math.stack([0.0, *(unknown[f"{word}_{one}"] for one in self.classes)])[groups]
            for word in ("bias", "spread")
        )
        mean, width = unknown["mu"] + bias, pymc.math.sqrt(unknown["tau"] ** 2 + spread**2)
        return pymc.Deterministic("theta", mean + width * anchored_z(mean, width, anchors), dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        drawn: dict[str, Any] = {name: np.asarray(priors[name].draw(rng, size)) for name in self.parameters}
        z = rng.standard_normal((*drawn["mu"].shape, len(groups)))
        return drawn | {"theta": self.theta(drawn | {"z": z}, groups)} | self.draw_new(drawn, rng)

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu, tau = draws["mu"], draws["tau"]
        return {"theta_new_cohort": mu + tau * rng.standard_normal(np.shape(mu))}
