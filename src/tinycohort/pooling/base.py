"""What a way of pooling must be able to do."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..families import Family
from ..issues import Issue
from ..priors import Prior
from .anchors import Anchors

__all__ = ["Pooling", "is_level"]


def is_level(parameter: str) -> bool:
    """Whether a prior of this name is one of theta's level, on the model scale, rather than of a spread or a share."""
    return parameter == "own" or parameter.partition("_")[0] == "mu"


@dataclass(frozen=True)
class Pooling(ABC):
    """A distribution of the cohorts' theta given hyperparameters.

    `groups` is an array of int (cohort,): the number of the group that each cohort belongs to, all noughts where the
    pooling knows no groups. What is told once and for all (`nu` of a Student t) is a field of the dataclass, with no
    default. In a model file it stands beside `kind`; the field's metadata say under ``need`` how to write it.

    Attributes
    ----------
    name : str
        Its name in a model file.
    parameters : tuple of str
        The hyperparameters that need a prior.
    free : tuple of str
        The unknowns that the model samples; the others follow from them.
    grouped : bool
        Whether it needs to know which group each cohort belongs to.
    anchored : bool
        Whether it makes use of anchors when it is sampled.
    mixes : bool
        Whether nobody knows which of several distributions a cohort is of: then `parts` stand for `theta`.
    sampled : bool
        Whether NUTS can sample it.
    foretells : bool
        Whether it says anything of a cohort that is not there.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    free: ClassVar[tuple[str, ...]]
    grouped: ClassVar[bool] = False
    anchored: ClassVar[bool] = False
    mixes: ClassVar[bool] = False
    sampled: ClassVar[bool] = True
    foretells: ClassVar[bool] = True

    @property
    @abstractmethod
    def formula(self) -> str:
        """In words that a methods section could use."""

    @classmethod
    def possible_parameters(cls) -> tuple[str, ...]:
        """Every hyperparameter that it may have, whatever it is told."""
        return cls.parameters

    def issues(self, labels: tuple[str, ...]) -> list[Issue]:
        """What is wrong with pooling these cohorts so."""
        return []

    @property
    def loose(self) -> bool:
        """Whether any cohort may stand on its own, so that none certainly holds what the others share."""
        return False

    @property
    def moments(self) -> float:
        """Given mu and tau, theta has the moments below this order."""
        return math.inf

    @property
    def variance(self) -> float:
        """Of theta given mu and tau, in units of tau squared; infinite where there is none."""
        return 1.0

    @abstractmethod
    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        """theta (..., cohort) at values of the free unknowns."""

    def parts(self, point: Mapping[str, Any], groups: Any) -> tuple[Any, Any]:
        """Log probabilities, and theta (component, ..., cohort) of each component that a cohort may be of."""
        return np.zeros(1), self.theta(point, groups)[None]

    @abstractmethod
    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        """Log density of the free unknowns, every constant kept."""

    @abstractmethod
    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        """The unknowns inside an open PyMC model; returns theta with dims ``cohort``. `groups` may be symbolic.

        `anchors` change coordinates of what is sampled, if the pooling is `anchored`, and never the model.
        """

    @abstractmethod
    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        """Prior draws of mu and tau (where they exist), of theta (..., cohort) and of theta_new_cohort."""

    @abstractmethod
    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """theta of new cohorts, one for each of the `draws` of everything else; empty where there is none."""

    def spread(self, draws: Mapping[str, Any]) -> Any:
        """Scale on which the theta of new cohorts vary around mu, for each of the `draws`."""
        return draws.get("tau", np.zeros_like(draws["mu"]))

    def has_average(self, family: Family) -> bool:
        """Whether the family's natural scale has a mean over this distribution of cohorts."""
        return family.has_average(self.moments)

    def average(self, family: Family, mu: Any, spread: Any) -> tuple[Any, Any]:
        """First and second moment of the family's natural scale over cohorts; `mu` and `spread` broadcast."""
        return family.average(mu, spread)

    def average_theta(self, family: Family, mu: Any, spread: Any, moments: tuple[Any, Any]) -> tuple[Any, Any]:
        """As `Family.average_theta`, over this distribution of cohorts."""
        return family.average_theta(mu, spread, moments)
