"""`student`: as `partial`, with room for a cohort unlike the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..families import Family
from ..issues import InputError, Issue
from ..priors import Prior, StudentT
from .anchors import Anchors
from .base import Pooling

__all__ = ["Student"]

_NEED = "Give the degrees of freedom, a number above zero, such as nu = 4."


@dataclass(frozen=True)
class Student(Pooling):
    """theta_j ~ Student t(nu, mu, tau), written as mu + tau z_j with z_j ~ Student t(nu) so that tau = 0 is regular.

    tau is the scale, not the standard deviation, which is tau sqrt(nu / (nu - 2)).

    Parameters
    ----------
    nu : float
        Degrees of freedom, above zero: the smaller, the more room for outlying cohorts. There is no default.

    Raises
    ------
    InputError
        Degrees of freedom that are none.

    Examples
    --------
    >>> Student(4).formula
    'theta_j ~ Student t(nu = 4, mu, tau)'
    """

    nu: float = field(metadata={"need": _NEED})
    name = "student"
    parameters = ("mu", "tau")
    free = ("mu", "tau", "z")

    def __post_init__(self) -> None:
        if not _is_positive(self.nu):
            raise InputError(Issue("nu", f"{self.nu!r} is not a number above zero", _NEED))
        object.__setattr__(self, "nu", float(self.nu))

    @property
    def formula(self) -> str:
        return f"theta_j ~ Student t(nu = {self.nu:g}, mu, tau)"

    @property
    def moments(self) -> float:
        return self.nu

    @property
    def variance(self) -> float:
        return self.nu / (self.nu - 2.0) if self.nu > 2.0 else math.inf

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu, tau = (np.asarray(point[name], float)[..., None] for name in ("mu", "tau"))
        return mu + tau * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        return hyper + StudentT(self.nu, 0.0, 1.0).log_density(np.asarray(point["z"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        mu = priors["mu"].pymc("mu")
        tau = priors["tau"].pymc("tau")
        # A Student t by way of a beta (Jones and Faddy 2003, doi:10.1111/1467-9868.00378): NUTS walks along its log
        # odds, whose tails fall exponentially. Along z itself, whose tails fall as a power, chains got stuck.
        half = np.float64(0.5 * self.nu)
        share = pymc.Beta("z_share", half, half, dims="cohort")
        z = pymc.Deterministic(
            "z", np.sqrt(self.nu) * (share - 0.5) / pymc.math.sqrt(share * (1.0 - share)), dims="cohort"
        )
        return pymc.Deterministic("theta", mu + tau * z, dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        mu, tau = (np.asarray(priors[name].draw(rng, size)) for name in self.parameters)
        z = rng.standard_t(self.nu, (*mu.shape, len(groups) + 1))
        theta = mu[..., None] + tau[..., None] * z
        return {"mu": mu, "tau": tau, "theta": theta[..., :-1], "theta_new_cohort": theta[..., -1]}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu, tau = draws["mu"], draws["tau"]
        return {"theta_new_cohort": mu + tau * rng.standard_t(self.nu, np.shape(mu))}

    def average(self, family: Family, mu: Any, spread: Any) -> tuple[Any, Any]:
        return family.average(mu, spread, self.nu)

    def average_theta(self, family: Family, mu: Any, spread: Any, moments: tuple[Any, Any]) -> tuple[Any, Any]:
        return family.average_theta(mu, spread, moments, self.nu)


def _is_positive(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(0.0 < value < math.inf)
