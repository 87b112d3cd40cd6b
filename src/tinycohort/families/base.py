"""What a family must be able to say of one cohort's scalar theta."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from ..priors import Prior

__all__ = ["Family"]


@dataclass(frozen=True)
class Family:
    """One unknown scalar per cohort, theta, and the quantity people speak of, a monotone function of it.

    Attributes
    ----------
    name : str
        Its name in a model file.
    quantity : str
        What the natural scale is called: ``probability``, ``ratio`` or ``difference``.
    model_scale : str
        What theta is: ``logit``, ``log`` or ``identity``.
    """

    name: ClassVar[str]
    #: Whether the average over cohorts is the mean of the natural scale; else it is that of something behind it.
    average_is_mean: ClassVar[bool] = True

    @property
    def quantity(self) -> str:
        raise TypeError(f"{type(self).__name__} names no quantity")

    @property
    def model_scale(self) -> str:
        raise TypeError(f"{type(self).__name__} names no scale")

    @property
    def natural_support(self) -> tuple[float, float]:
        """Ends of the natural scale."""
        raise TypeError(f"{type(self).__name__} has no natural scale")

    def natural(self, theta: Any) -> Any:
        """theta on the natural scale; increasing."""
        raise TypeError(f"{type(self).__name__} has no natural scale")

    def slope(self, theta: Any) -> Any:
        """Derivative of `natural`."""
        raise TypeError(f"{type(self).__name__} has no natural scale")

    def theta(self, natural: Any) -> Any:
        """The inverse of `natural`."""
        raise TypeError(f"{type(self).__name__} has no natural scale")

    def has_average(self, moments: float) -> bool:
        """Whether natural(theta) has a mean when theta is symmetric with the moments below this order.

        All moments is a normal's tail; fewer is one that falls as a power.
        """
        raise TypeError(f"{type(self).__name__} has no average")

    def average(self, mu: Any, tau: Any, nu: float = math.inf) -> tuple[Any, Any]:
        """First and second moment of natural(theta) over theta ~ Student t(nu, mu, tau), a normal if `nu` is infinite.

        `mu` and `tau` broadcast.
        """
        raise TypeError(f"{type(self).__name__} has no average")

    def average_theta(self, mu: Any, tau: Any, moments: tuple[Any, Any], nu: float = math.inf) -> tuple[Any, Any]:
        """The average brought back to the model scale, and its derivative in mu, given what `average` returns."""
        raise TypeError(f"{type(self).__name__} has no average")

    def has_moment(self, order: float, gaussian_precision: float, of_average: bool = False) -> bool:
        """Whether the natural scale has this moment when tau's prior falls as exp(-precision tau^2) or faster.

        Of a new cohort's value, or of the average over cohorts.
        """
        raise TypeError(f"{type(self).__name__} has no moments")

    def level_prior(self, prior: Prior) -> Prior:
        """A prior of the level as a prior of mu, on the model scale."""
        return prior
