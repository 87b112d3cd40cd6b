"""What a way of pooling must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ..priors import Prior

__all__ = ["Pooling"]


class Pooling(ABC):
    """A distribution of the cohorts' theta given hyperparameters.

    `groups` is an array of int (cohort,): the number of the group that each cohort belongs to, all noughts where the
    pooling knows no groups.

    Attributes
    ----------
    name : str
        Its name in a model file.
    parameters : tuple of str
        The hyperparameters that need a prior.
    free : tuple of str
        The unknowns that the model samples; the others follow from them.
    formula : str
        In words that a methods section could use.
    grouped : bool
        Whether it needs to know which group each cohort belongs to.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    free: ClassVar[tuple[str, ...]]
    formula: ClassVar[str]
    grouped: ClassVar[bool] = False

    @abstractmethod
    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        """theta (..., cohort) at values of the free unknowns."""

    @abstractmethod
    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        """Log density of the free unknowns, every constant kept."""

    @abstractmethod
    def pymc(self, priors: Mapping[str, Prior], groups: Any = None) -> Any:
        """The unknowns inside an open PyMC model; returns theta with dims ``cohort``. `groups` may be symbolic."""

    @abstractmethod
    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        """Prior draws of mu and tau (where they exist), of theta (..., cohort) and of theta_new_cohort."""

    @abstractmethod
    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """theta of new cohorts, one for each of the `draws` of everything else; empty where there is none."""

    def spread(self, draws: Mapping[str, Any]) -> Any:
        """Standard deviation of the theta of new cohorts around mu, for each of the `draws`."""
        return draws.get("tau", np.zeros_like(draws["mu"]))
