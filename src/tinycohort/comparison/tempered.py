"""A model whose prior, or whose likelihood, is raised to a power near one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..compiled import CompiledModel
from ..families import Family
from ..likelihoods import Likelihood, SurvivalReports
from ..likelihoods.base import Data
from ..numerics import NUMPY, Operations
from ..priors import Prior

__all__ = ["with_prior_power", "with_likelihood_power"]


@dataclass(frozen=True)
class PoweredPrior(Prior):
    """A prior's density to a power, not normalised: only for posteriors, which do not care.

    Quantiles, moments and tails are those of the prior itself, which the power hardly moves: engines ask for them to
    find where to look.
    """

    of: Prior
    power: float

    def __post_init__(self) -> None:
        """Nothing to check: the prior has been."""

    @property
    def support(self) -> tuple[float, float]:
        return self.of.support

    @property
    def moments(self) -> float:
        return self.of.moments

    @property
    def gaussian_precision(self) -> float:
        return self.power * self.of.gaussian_precision

    def log_density(self, x: Any) -> Any:
        return self.power * self.of.log_density(x)

    def cdf(self, x: Any) -> Any:
        return self.of.cdf(x)

    def quantile(self, p: Any) -> Any:
        return self.of.quantile(p)

    @property
    def mean(self) -> float:
        return self.of.mean

    @property
    def variance(self) -> float:
        return self.of.variance


class PoweredLikelihood(Likelihood):
    """A likelihood to a power."""

    name = "powered"
    families = ()
    requires = ()

    def __init__(self, of: Likelihood, power: float) -> None:
        self.of, self.power = of, power
        self.columns, self.observed, self.whole = of.columns, of.observed, of.whole

    def speaks_to(self, family: Family) -> bool:
        return self.of.speaks_to(family)

    def measures(self, family: Family) -> tuple[str, ...]:
        return self.of.measures(family)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        raise TypeError("a number is read by the kind itself")

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Any]:
        return self.of.check(data, labels)

    def split(self, data: Data) -> list[tuple[Likelihood, Any]]:
        return self.of.split(data)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.name, "power": self.power, "of": self.of.to_dict()}

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        return self.of.prepare(data, operations)

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return self.power * self.of.log_kernel(theta, data, operations)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return self.power * self.of.log_constant(data, operations)

    def draw(self, theta: Any, data: Data, rng: Any) -> dict[str, Any]:
        raise TypeError("a likelihood to a power makes no data")

    def locate(self, data: Data) -> tuple[Any, Any]:
        return self.of.locate(data)

    def tails(self, data: Data) -> tuple[Any, Any]:
        left, right = self.of.tails(data)
        return self.power * left, self.power * right


class PoweredReports(SurvivalReports):
    """Reports of survival, their likelihood to a power."""

    power: float = 1.0

    @classmethod
    def of(cls, likelihood: SurvivalReports, power: float) -> PoweredReports:
        found = cls(likelihood.family, likelihood.reports, likelihood.shape)
        found.power = power
        return found

    def with_shape(self, shape: Any, place: tuple[Any, Any, Any, Any] | None = None) -> SurvivalReports:
        found = PoweredReports.of(super().with_shape(shape, place), self.power)
        found._ready, found._place = self._ready, place
        return found

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return self.power * super().log_kernel(theta, data, operations)

    def log_kernel_at(self, theta: Any, shape: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return self.power * super().log_kernel_at(theta, shape, data, operations)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return self.power * super().log_constant(data, operations)

    def tails(self, data: Data) -> tuple[Any, Any]:
        left, right = super().tails(data)
        return self.power * left, self.power * right


def with_prior_power(model: CompiledModel, power: float, parameters: tuple[str, ...]) -> CompiledModel:
    """The model with the priors of some parameters raised to a power."""
    level = model.level_priors
    priors: Mapping[str, Prior] = {
        name: PoweredPrior(level[name], power) if name in parameters else prior for name, prior in model.priors.items()
    }
    return dataclasses.replace(model, priors=dict(priors))


def with_likelihood_power(model: CompiledModel, power: float) -> CompiledModel:
    """The model with its likelihood raised to a power."""
    likelihood = model.likelihood
    powered = (
        PoweredReports.of(likelihood, power)
        if isinstance(likelihood, SurvivalReports)
        else PoweredLikelihood(likelihood, power)
    )
    return dataclasses.replace(model, likelihood=powered)
