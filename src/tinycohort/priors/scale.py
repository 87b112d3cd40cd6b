"""Priors of a heterogeneity: the positive half line. Uniform is one if its lower end is zero or more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..issues import InputError, Issue
from .base import Prior
from .location import Cauchy, Normal, StudentT

__all__ = [
    "HalfNormal",
    "HalfStudentT",
    "HalfCauchy",
    "LogNormal",
    "LogStudentT",
    "Exponential",
    "Gamma",
    "InverseGamma",
    "Uniform",
]


@dataclass(frozen=True)
class HalfNormal(Prior):
    """Normal around zero with standard deviation `sigma`, its positive half."""

    sigma: float
    positive = ("sigma",)
    half_line = True

    @property
    def gaussian_precision(self) -> float:
        return 0.5 / self.sigma**2

    def _log_density(self, x: Any) -> Any:
        return 0.5 * math.log(2 / math.pi) - math.log(self.sigma) - 0.5 * (x / self.sigma) ** 2

    def cdf(self, x: Any) -> Any:
        return special.erf(np.asarray(x) / (self.sigma * math.sqrt(2)))

    def quantile(self, p: Any) -> Any:
        return self.sigma * math.sqrt(2) * special.erfinv(p)

    @property
    def mean(self) -> float:
        return self.sigma * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> float:
        return self.sigma**2 * (1 - 2 / math.pi)


@dataclass(frozen=True)
class HalfStudentT(Prior):
    """Student t around zero with `nu` degrees of freedom and scale `sigma`, its positive half."""

    nu: float
    sigma: float
    positive = ("nu", "sigma")
    half_line = True

    @property
    def moments(self) -> float:
        return self.nu

    def _log_density(self, x: Any) -> Any:
        return math.log(2) + StudentT(self.nu, 0.0, self.sigma).log_density(x)

    def cdf(self, x: Any) -> Any:
        return 2.0 * special.stdtr(self.nu, np.asarray(x) / self.sigma) - 1.0

    def quantile(self, p: Any) -> Any:
        return self.sigma * special.stdtrit(self.nu, 0.5 * (1.0 + np.asarray(p)))

    @property
    def mean(self) -> float:
        if self.nu <= 1:
            return math.nan
        log_ratio = special.gammaln((self.nu + 1) / 2) - special.gammaln(self.nu / 2)
        return float(2 * self.sigma * math.sqrt(self.nu / math.pi) * math.exp(log_ratio) / (self.nu - 1))

    @property
    def variance(self) -> float:
        return self.sigma**2 * self.nu / (self.nu - 2) - self.mean**2 if self.nu > 2 else math.inf


@dataclass(frozen=True)
class HalfCauchy(Prior):
    """Cauchy around zero, its positive half."""

    scale: float
    positive = ("scale",)
    half_line = True

    @property
    def moments(self) -> float:
        return 1.0

    def _log_density(self, x: Any) -> Any:
        return math.log(2) + Cauchy(0.0, self.scale).log_density(x)

    def cdf(self, x: Any) -> Any:
        return 2.0 / math.pi * np.arctan(np.asarray(x) / self.scale)

    def quantile(self, p: Any) -> Any:
        return self.scale * np.tan(0.5 * math.pi * np.asarray(p))

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        return pymc.HalfCauchy(name, beta=np.float64(self.scale), dims=dims)


@dataclass(frozen=True)
class LogNormal(Prior):
    """Its logarithm is normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float
    positive = ("sigma",)
    half_line = True

    def _log_density(self, x: Any) -> Any:
        return Normal(self.mu, self.sigma).log_density(np.log(x)) - np.log(x)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return special.ndtr((np.log(x) - self.mu) / self.sigma)

    def quantile(self, p: Any) -> Any:
        return np.exp(self.mu + self.sigma * special.ndtri(p))

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        return math.expm1(self.sigma**2) * self.mean**2


@dataclass(frozen=True)
class LogStudentT(Prior):
    """Its logarithm is Student t with `nu` degrees of freedom: no moment exists."""

    nu: float
    mu: float
    sigma: float
    positive = ("nu", "sigma")
    half_line = True

    @property
    def moments(self) -> float:
        return 0.0

    def _log_density(self, x: Any) -> Any:
        return StudentT(self.nu, self.mu, self.sigma).log_density(np.log(x)) - np.log(x)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return StudentT(self.nu, self.mu, self.sigma).cdf(np.log(x))

    def quantile(self, p: Any) -> Any:
        return np.exp(StudentT(self.nu, self.mu, self.sigma).quantile(p))

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        logarithm = pymc.StudentT(f"log_{name}", **self.double(), dims=dims)
        return pymc.Deterministic(name, pymc.math.exp(logarithm), dims=dims)


@dataclass(frozen=True)
class Exponential(Prior):
    """Exponential with rate `rate`."""

    rate: float
    positive = ("rate",)
    half_line = True

    def _log_density(self, x: Any) -> Any:
        return math.log(self.rate) - self.rate * x

    def cdf(self, x: Any) -> Any:
        return -np.expm1(-self.rate * np.asarray(x))

    def quantile(self, p: Any) -> Any:
        return -np.log1p(-np.asarray(p)) / self.rate

    @property
    def mean(self) -> float:
        return 1.0 / self.rate

    @property
    def variance(self) -> float:
        return 1.0 / self.rate**2

    def pymc(self, name: str, dims: str | None = None) -> Any:
        import pymc

        return pymc.Exponential(name, lam=np.float64(self.rate), dims=dims)


@dataclass(frozen=True)
class Gamma(Prior):
    """Gamma with shape `alpha` and rate `beta`."""

    alpha: float
    beta: float
    positive = ("alpha", "beta")
    half_line = True

    def _log_density(self, x: Any) -> Any:
        constant = self.alpha * math.log(self.beta) - special.gammaln(self.alpha)
        return constant + special.xlogy(self.alpha - 1, x) - self.beta * x

    def cdf(self, x: Any) -> Any:
        return special.gammainc(self.alpha, self.beta * np.asarray(x))

    def quantile(self, p: Any) -> Any:
        return special.gammaincinv(self.alpha, p) / self.beta

    @property
    def mean(self) -> float:
        return self.alpha / self.beta

    @property
    def variance(self) -> float:
        return self.alpha / self.beta**2


@dataclass(frozen=True)
class InverseGamma(Prior):
    """Its reciprocal is gamma with shape `alpha` and rate `beta`."""

    alpha: float
    beta: float
    positive = ("alpha", "beta")
    half_line = True

    @property
    def moments(self) -> float:
        return self.alpha

    def _log_density(self, x: Any) -> Any:
        constant = self.alpha * math.log(self.beta) - special.gammaln(self.alpha)
        return constant - (self.alpha + 1) * np.log(x) - self.beta / np.asarray(x)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return special.gammaincc(self.alpha, self.beta / np.asarray(x, dtype=float))

    def quantile(self, p: Any) -> Any:
        with np.errstate(divide="ignore"):
            return self.beta / special.gammainccinv(self.alpha, p)

    @property
    def mean(self) -> float:
        return self.beta / (self.alpha - 1) if self.alpha > 1 else math.nan

    @property
    def variance(self) -> float:
        return self.mean**2 / (self.alpha - 2) if self.alpha > 2 else math.inf


@dataclass(frozen=True)
class Uniform(Prior):
    """Uniform between `lower` and `upper`."""

    lower: float
    upper: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lower >= self.upper:
            what = f"lower {self.lower:g} is not below upper {self.upper:g}"
            raise InputError(Issue("prior Uniform", what, "Give the lower end first."))

    @property
    def support(self) -> tuple[float, float]:
        return (self.lower, self.upper)

    @property
    def gaussian_precision(self) -> float:
        return math.inf

    def _log_density(self, x: Any) -> Any:
        return 0.0 * x - math.log(self.upper - self.lower)

    def cdf(self, x: Any) -> Any:
        return np.clip((np.asarray(x) - self.lower) / (self.upper - self.lower), 0.0, 1.0)

    def quantile(self, p: Any) -> Any:
        return self.lower + (self.upper - self.lower) * np.asarray(p)

    @property
    def mean(self) -> float:
        return 0.5 * (self.lower + self.upper)

    @property
    def variance(self) -> float:
        return (self.upper - self.lower) ** 2 / 12.0
