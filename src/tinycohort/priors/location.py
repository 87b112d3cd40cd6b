"""Priors of a level: the real line, or a probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from .base import Prior

__all__ = ["Normal", "Logistic", "StudentT", "Cauchy", "Beta", "LogitBeta"]


@dataclass(frozen=True)
class Normal(Prior):
    """Normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float
    positive = ("sigma",)

    @property
    def gaussian_precision(self) -> float:
        return 0.5 / self.sigma**2

    def _log_density(self, x: Any) -> Any:
        return -0.5 * ((x - self.mu) / self.sigma) ** 2 - math.log(self.sigma * math.sqrt(2 * math.pi))

    def cdf(self, x: Any) -> Any:
        return special.ndtr((np.asarray(x) - self.mu) / self.sigma)

    def quantile(self, p: Any) -> Any:
        return self.mu + self.sigma * special.ndtri(p)

    @property
    def mean(self) -> float:
        return self.mu

    @property
    def variance(self) -> float:
        return self.sigma**2


@dataclass(frozen=True)
class Logistic(Prior):
    """Logistic with centre `mu`; with 0 and 1 on the logit scale it is uniform on the probability scale."""

    mu: float
    scale: float
    positive = ("scale",)

    def _log_density(self, x: Any) -> Any:
        z = np.abs(x - self.mu) / self.scale
        return -z - 2.0 * np.log1p(np.exp(-z)) - math.log(self.scale)

    def cdf(self, x: Any) -> Any:
        return special.expit((np.asarray(x) - self.mu) / self.scale)

    def quantile(self, p: Any) -> Any:
        return self.mu + self.scale * special.logit(p)

    @property
    def mean(self) -> float:
        return self.mu

    @property
    def variance(self) -> float:
        return (math.pi * self.scale) ** 2 / 3.0

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        return pymc.Logistic(name, mu=np.float64(self.mu), s=np.float64(self.scale), dims=dims)


@dataclass(frozen=True)
class StudentT(Prior):
    """Student t with `nu` degrees of freedom, centre `mu` and scale `sigma`."""

    nu: float
    mu: float
    sigma: float
    positive = ("nu", "sigma")

    @property
    def moments(self) -> float:
        return self.nu

    def _log_density(self, x: Any) -> Any:
        constant = special.gammaln((self.nu + 1) / 2) - special.gammaln(self.nu / 2)
        constant -= 0.5 * math.log(self.nu * math.pi) + math.log(self.sigma)
        return constant - (self.nu + 1) / 2 * np.log1p(((x - self.mu) / self.sigma) ** 2 / self.nu)

    def cdf(self, x: Any) -> Any:
        return special.stdtr(self.nu, (np.asarray(x) - self.mu) / self.sigma)

    def quantile(self, p: Any) -> Any:
        return self.mu + self.sigma * special.stdtrit(self.nu, p)

    @property
    def mean(self) -> float:
        return self.mu if self.nu > 1 else math.nan

    @property
    def variance(self) -> float:
        return self.sigma**2 * self.nu / (self.nu - 2) if self.nu > 2 else math.inf


@dataclass(frozen=True)
class Cauchy(Prior):
    """Cauchy with centre `mu`."""

    mu: float
    scale: float
    positive = ("scale",)

    @property
    def moments(self) -> float:
        return 1.0

    def _log_density(self, x: Any) -> Any:
        return -math.log(math.pi * self.scale) - np.log1p(((x - self.mu) / self.scale) ** 2)

    def cdf(self, x: Any) -> Any:
        return special.stdtr(1.0, (np.asarray(x) - self.mu) / self.scale)

    def quantile(self, p: Any) -> Any:
        return self.mu + self.scale * np.tan(math.pi * (np.asarray(p) - 0.5))

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        return pymc.Cauchy(name, alpha=np.float64(self.mu), beta=np.float64(self.scale), dims=dims)


@dataclass(frozen=True)
class Beta(Prior):
    """Beta, for a probability: as the prior of a proportion's mu it is the prior of expit(mu)."""

    alpha: float
    beta: float
    positive = ("alpha", "beta")

    @property
    def support(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def on_logit(self) -> LogitBeta:
        """The same belief about logit(p)."""
        return LogitBeta(self.alpha, self.beta)

    def _log_density(self, x: Any) -> Any:
        powers = special.xlogy(self.alpha - 1, x) + special.xlog1py(self.beta - 1, -np.asarray(x))
        return powers - special.betaln(self.alpha, self.beta)

    def cdf(self, x: Any) -> Any:
        return special.betainc(self.alpha, self.beta, x)

    def quantile(self, p: Any) -> Any:
        return special.betaincinv(self.alpha, self.beta, p)

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def variance(self) -> float:
        total = self.alpha + self.beta
        return self.alpha * self.beta / (total**2 * (total + 1))


@dataclass(frozen=True)
class LogitBeta(Prior):
    """The distribution of logit(p) when p is Beta; what a Beta prior of a proportion's mu becomes."""

    alpha: float
    beta: float
    positive = ("alpha", "beta")

    def _log_density(self, x: Any) -> Any:
        x = np.asarray(x, dtype=float)
        log_norm = special.betaln(self.alpha, self.beta)
        return -self.alpha * np.logaddexp(0, -x) - self.beta * np.logaddexp(0, x) - log_norm

    def cdf(self, x: Any) -> Any:
        return special.betainc(self.alpha, self.beta, special.expit(x))

    def quantile(self, p: Any) -> Any:
        # From whichever end is nearer, so that 1 - p loses no digits.
        below = special.betaincinv(self.alpha, self.beta, p)
        above = special.betaincinv(self.beta, self.alpha, 1.0 - np.asarray(p))
        with np.errstate(divide="ignore"):
            return np.where(below < 0.5, np.log(below) - np.log1p(-below), np.log1p(-above) - np.log(above))[()]

    @property
    def mean(self) -> float:
        return float(special.digamma(self.alpha) - special.digamma(self.beta))

    @property
    def variance(self) -> float:
        return float(special.polygamma(1, self.alpha) + special.polygamma(1, self.beta))

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        probability = pymc.Beta(f"{name}_probability", **self.double(), dims=dims)
        return pymc.Deterministic(name, pymc.math.logit(probability), dims=dims)
