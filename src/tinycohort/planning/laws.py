"""The three conjugate laws that mixtures are made of: Beta of a probability, normal of a logarithm, gamma of a rate.

Each is written on a line of its own (the logit, the value itself, the logarithm), on which its density is smooth, and
on which integrals are equally spaced sums after a stretch: they converge exponentially (Trefethen and Weideman 2014,
doi:10.1137/130932132). Parameters have a component to each element of their last axis.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy import special

from ..numerics import expit, softplus

__all__ = ["LAWS", "Law"]

_LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)
# Beyond this the logit of a probability, and the logarithm of a rate, cannot be told from its end.
_END = 300.0


class Law(ABC):
    """A family of distributions with two parameters, and the data that it is conjugate to."""

    name: ClassVar[str]
    symbol: ClassVar[str]
    parameters: ClassVar[tuple[str, str]]
    support: ClassVar[tuple[float, float]]
    scale: ClassVar[str]
    #: The columns of new data.
    data: ClassVar[tuple[str, str]]

    @abstractmethod
    def value(self, line: Any) -> Any:
        """From the line to the quantity."""

    @abstractmethod
    def line(self, value: Any) -> Any:
        """From the quantity to the line."""

    @abstractmethod
    def log_slope(self, line: Any) -> Any:
        """Logarithm of the quantity's derivative on the line."""

    @abstractmethod
    def log_density(self, line: Any, first: Any, second: Any) -> Any:
        """Log density on the line."""

    @abstractmethod
    def below(self, value: Any, first: Any, second: Any) -> Any:
        """Distribution function."""

    @abstractmethod
    def above(self, value: Any, first: Any, second: Any) -> Any:
        """One less the distribution function, with all its digits."""

    @abstractmethod
    def moments(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Mean and variance."""

    @abstractmethod
    def spread(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Mean and standard deviation on the line."""

    @abstractmethod
    def draw(self, first: Any, second: Any, rng: np.random.Generator) -> Any:
        """One draw for each element."""

    @abstractmethod
    def slopes(self, line: Any, first: Any, second: Any) -> tuple[Any, Any]:
        """First and second derivative of the log density of the quantity, times `unit` and its square."""

    @abstractmethod
    def log_unit(self, line: Any) -> Any:
        """Logarithm of what the derivatives are multiplied by, so that none of them overflows."""

    @abstractmethod
    def updated(self, first: Any, second: Any, data: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Parameters given new data, and the log marginal likelihood of these, every constant kept."""


class _Beta(Law):
    name, symbol, scale = "beta", "Beta", "probability"
    parameters, data, support = ("alpha", "beta"), ("events", "total"), (0.0, 1.0)

    def value(self, line: Any) -> Any:
        return expit(line)

    def line(self, value: Any) -> Any:
        return special.logit(value)

    def log_slope(self, line: Any) -> Any:
        return -softplus(line) - softplus(-line)

    def log_density(self, line: Any, first: Any, second: Any) -> Any:
        return -first * softplus(-line) - second * softplus(line) - special.betaln(first, second)

    def below(self, value: Any, first: Any, second: Any) -> Any:
        return special.betainc(first, second, np.clip(value, 0.0, 1.0))

    def above(self, value: Any, first: Any, second: Any) -> Any:
        return special.betaincc(first, second, np.clip(value, 0.0, 1.0))

    def moments(self, first: Any, second: Any) -> tuple[Any, Any]:
        total = first + second
        mean = first / total
        return mean, mean * (1.0 - mean) / (total + 1.0)

    def spread(self, first: Any, second: Any) -> tuple[Any, Any]:
        centre = special.digamma(first) - special.digamma(second)
        return centre, np.sqrt(special.polygamma(1, first) + special.polygamma(1, second))

    def draw(self, first: Any, second: Any, rng: np.random.Generator) -> Any:
        return rng.beta(first, second)

    def slopes(self, line: Any, first: Any, second: Any) -> tuple[Any, Any]:
        p, q = expit(line), expit(-line)
        return (first - 1.0) * q - (second - 1.0) * p, -(first - 1.0) * q**2 - (second - 1.0) * p**2

    def log_unit(self, line: Any) -> Any:
        return self.log_slope(line)

    def updated(self, first: Any, second: Any, data: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        events, total = data["events"], data["total"]
        after = first + events, second + total - events
        ways = special.gammaln(total + 1.0) - special.gammaln(events + 1.0) - special.gammaln(total - events + 1.0)
        return *after, ways + special.betaln(*after) - special.betaln(first, second)


class _Normal(Law):
    name, symbol, scale = "normal", "Normal", "value"
    parameters, data, support = ("mean", "sd"), ("estimate", "standard_error"), (-math.inf, math.inf)

    def value(self, line: Any) -> Any:
        return np.asarray(line, float)

    def line(self, value: Any) -> Any:
        return np.asarray(value, float)

    def log_slope(self, line: Any) -> Any:
        return np.zeros_like(line)

    def log_density(self, line: Any, first: Any, second: Any) -> Any:
        return -0.5 * ((line - first) / second) ** 2 - np.log(second) - _LOG_ROOT_2PI

    def below(self, value: Any, first: Any, second: Any) -> Any:
        return special.ndtr((value - first) / second)

    def above(self, value: Any, first: Any, second: Any) -> Any:
        return special.ndtr((first - value) / second)

    def moments(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first, second**2

    def spread(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first, second

    def draw(self, first: Any, second: Any, rng: np.random.Generator) -> Any:
        return rng.normal(first, second)

    def slopes(self, line: Any, first: Any, second: Any) -> tuple[Any, Any]:
        precision = 1.0 / second**2
        return (first - line) * precision, -precision + 0.0 * line

    def log_unit(self, line: Any) -> Any:
        return np.zeros_like(line)

    def updated(self, first: Any, second: Any, data: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        estimate, error = data["estimate"], data["standard_error"]
        total = second**2 + error**2
        mean = (first * error**2 + estimate * second**2) / total
        return mean, second * error / np.sqrt(total), self.log_density(estimate, first, np.sqrt(total))


class _Gamma(Law):
    name, symbol, scale = "gamma", "Gamma", "rate"
    parameters, data, support = ("shape", "rate"), ("events", "person_time"), (0.0, math.inf)

    def value(self, line: Any) -> Any:
        return np.exp(np.clip(line, -_END, _END))

    def line(self, value: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(value)

    def log_slope(self, line: Any) -> Any:
        return np.asarray(line, float)

    def log_density(self, line: Any, first: Any, second: Any) -> Any:
        return first * (line + np.log(second)) - second * self.value(line) - special.gammaln(first)

    def below(self, value: Any, first: Any, second: Any) -> Any:
        return special.gammainc(first, np.maximum(value, 0.0) * second)

    def above(self, value: Any, first: Any, second: Any) -> Any:
        return special.gammaincc(first, np.maximum(value, 0.0) * second)

    def moments(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first / second, first / second**2

    def spread(self, first: Any, second: Any) -> tuple[Any, Any]:
        return special.digamma(first) - np.log(second), np.sqrt(special.polygamma(1, first))

    def draw(self, first: Any, second: Any, rng: np.random.Generator) -> Any:
        return rng.gamma(first, 1.0 / second)

    def slopes(self, line: Any, first: Any, second: Any) -> tuple[Any, Any]:
        return first - 1.0 - second * self.value(line), -(first - 1.0) + 0.0 * line

    def log_unit(self, line: Any) -> Any:
        return np.asarray(line, float)

    def updated(self, first: Any, second: Any, data: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        events, time = data["events"], data["person_time"]
        after = first + events, second + time
        log_marginal = special.gammaln(after[0]) - special.gammaln(first) - special.gammaln(events + 1.0)
        log_marginal = log_marginal + first * np.log(second / after[1]) + special.xlogy(events, time / after[1])
        return *after, log_marginal


LAWS: Mapping[str, Law] = {law.name: law for law in (_Beta(), _Normal(), _Gamma())}
