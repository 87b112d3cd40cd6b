"""What a way of pooling must be able to do."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..families import Family
from ..priors import Prior

__all__ = ["Pooling"]


@dataclass(frozen=True)
class Pooling(ABC):
    """A distribution of the cohorts' theta given hyperparameters.

    What is told once and for all (`nu` of a Student t) is a field of the dataclass, with no default. In a model file it
    stands beside `kind`; the field's metadata say under ``need`` how to write it.

    Attributes
    ----------
    name : str
        Its name in a model file.
    parameters : tuple of str
        The hyperparameters that need a prior.
    free : tuple of str
        The unknowns that the model samples; the others follow from them.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    free: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def formula(self) -> str:
        """In words that a methods section could use."""

    @property
    def moments(self) -> float:
        """Given mu and tau, theta has the moments below this order."""
        return math.inf

    @property
    def variance(self) -> float:
        """Of theta given mu and tau, in units of tau squared; infinite where there is none."""
        return 1.0

    @abstractmethod
    def theta(self, point: Mapping[str, Any], cohorts: int) -> Any:
        """theta (..., cohort) at values of the free unknowns."""

    @abstractmethod
    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        """Log density of the free unknowns, every constant kept."""

    @abstractmethod
    def pymc(self, priors: Mapping[str, Prior]) -> Any:
        """The unknowns inside an open PyMC model; returns theta with dims ``cohort``."""

    @abstractmethod
    def draw_prior(
        self, priors: Mapping[str, Prior], cohorts: int, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        """Prior draws of mu and tau (where they exist), of theta (..., cohort) and of theta_new_cohort."""

    def draw_new_cohort(self, draws: Mapping[str, Any], rng: np.random.Generator) -> Any:
        """theta of a new cohort for each of the `draws` of the hyperparameters; None where there is no such thing."""
        return None

    def has_average(self, family: Family) -> bool:
        """Whether the family's natural scale has a mean over this distribution of cohorts."""
        return family.has_average(self.moments)

    def average(self, family: Family, mu: Any, tau: Any) -> tuple[Any, Any]:
        """First and second moment of the family's natural scale over cohorts; `mu` and `tau` broadcast."""
        return family.average(mu, tau)

    def average_theta(self, family: Family, mu: Any, tau: Any, moments: tuple[Any, Any]) -> tuple[Any, Any]:
        """As `Family.average_theta`, over this distribution of cohorts."""
        return family.average_theta(mu, tau, moments)
