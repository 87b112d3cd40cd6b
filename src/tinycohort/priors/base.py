"""What every prior distribution of one scalar can say of itself."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..issues import InputError, Issue

__all__ = ["Prior"]


@dataclass(frozen=True)
class Prior:
    """A proper prior distribution of one scalar.

    Attributes
    ----------
    support : tuple of float
        Lower and upper end, open.
    moments : float
        Moments below this order exist (infinite for light tails).
    gaussian_precision : float
        Coefficient a of a tail that falls as exp(-a x^2): 0 for heavier tails, infinite for bounded support.
    """

    positive: ClassVar[tuple[str, ...]] = ()
    half_line: ClassVar[bool] = False
    #: Whether it was found among contrasts between treatments, and says nothing of single arms.
    of_contrasts: ClassVar[bool] = False

    def __post_init__(self) -> None:
        issues = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            where = f"prior {type(self).__name__}, {field.name}"
            if not _is_finite(value):
                issues.append(Issue(where, f"{value!r} is not a finite number", "Give a number."))
            elif field.name in self.positive and value <= 0:
                issues.append(Issue(where, f"{value!r} is not above zero", "Give a positive number."))
            else:
                object.__setattr__(self, field.name, float(value))
        if issues:
            raise InputError(issues)

    @property
    def support(self) -> tuple[float, float]:
        return (0.0 if self.half_line else -math.inf, math.inf)

    @property
    def moments(self) -> float:
        return math.inf

    @property
    def gaussian_precision(self) -> float:
        return 0.0

    def log_density(self, x: Any) -> Any:
        """Normalised log density at `x`; -inf outside the support."""
        low, high = self.support
        if math.isinf(low) and math.isinf(high):
            return self._log_density(x)
        x = np.asarray(x, float)
        inside = (x > low) & (x < high)
        if inside.all():
            return self._log_density(x)
        inside = (x >= low) & (x <= high)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = self._log_density(np.where(inside, x, self.quantile(0.5)))
        # At an end where the density vanishes faster than a logarithm can say.
        return np.where(inside & ~np.isnan(density), density, -np.inf)[()]

    def _log_density(self, x: Any) -> Any:
        """The same inside the support."""
        raise TypeError(f"{type(self).__name__} has no density of its own")

    def cdf(self, x: Any) -> Any:
        """P(X <= x)."""
        raise TypeError(f"{type(self).__name__} has no distribution function of its own")

    def quantile(self, p: Any) -> Any:
        """The value below which a share `p` lies."""
        raise TypeError(f"{type(self).__name__} has no quantile function of its own")

    @property
    def mean(self) -> float:
        """Expectation; infinite or undefined ones are nan."""
        return math.nan

    @property
    def variance(self) -> float:
        """Variance; infinite where it does not exist."""
        return math.inf

    def draw(self, rng: np.random.Generator, size: Any = None) -> Any:
        """Independent draws, by the inverse distribution function."""
        return self.quantile(rng.uniform(size=size))

    def pymc(self, name: str, dims: str | None = None) -> Any:
        """The same prior as a variable of the PyMC model whose context is open."""
        import pymc

        return getattr(pymc, type(self).__name__)(name, **self.double(), dims=dims)

    def double(self) -> dict[str, Any]:
        """The parameters as NumPy's double precision: PyTensor may keep a plain float in single precision."""
        return {name: np.float64(value) for name, value in dataclasses.asdict(self).items()}

    def to_dict(self) -> dict[str, Any]:
        """As a model file writes it: ``{"dist": ..., parameter: value}``."""
        return {"dist": type(self).__name__, **dataclasses.asdict(self)}

    def __str__(self) -> str:
        values = ", ".join(f"{getattr(self, field.name):g}" for field in dataclasses.fields(self))
        return f"{type(self).__name__}({values})"


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
