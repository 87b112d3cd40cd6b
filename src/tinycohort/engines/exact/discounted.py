"""Likelihoods raised to stated powers, as the exact engine sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...families import Family
from ...issues import Issue
from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...numerics import NUMPY, Operations
from ...pooling import Power

__all__ = ["discounted"]

_POWER = "power_of_likelihood"


class _Discounted(Likelihood):
    """A likelihood to the power that a further column says, every constant too."""

    name = "discounted"
    families = ()
    requires = ()

    def __init__(self, whole: Likelihood) -> None:
        self._whole = whole
        self.columns, self.observed = (*whole.columns, _POWER), whole.observed

    def measures(self, family: Family) -> tuple[str, ...]:
        return self._whole.measures(family)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        raise TypeError("numbers were read before they are discounted")

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        return []

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        return {**self._whole.prepare(data, operations), _POWER: data[_POWER]}

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return data[_POWER] * self._whole.log_kernel(theta, data, operations)

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return data[_POWER] * self._whole.log_constant(data, operations)

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        return self._whole.draw(theta, data, rng)

    def locate(self, data: Data) -> tuple[Any, Any]:
        centre, width = self._whole.locate(data)
        return centre, width / np.sqrt(data[_POWER])

    def tails(self, data: Data) -> tuple[Any, Any]:
        left, right = self._whole.tails(data)
        return data[_POWER] * left, data[_POWER] * right


def discounted(model: CompiledModel, pooling: Power, powers: Any) -> CompiledModel:
    """The same model with its powers in the likelihood, and the pooling that they are on top of.

    Parameters
    ----------
    model : CompiledModel
        With pooling ``power``.
    pooling : Power
        That pooling.
    powers : array (cohort,)
        The powers that are meant, for a cohort may be told otherwise.
    """
    data = {**model.data, _POWER: np.asarray(powers, float)}
    return replace(model, likelihood=_Discounted(model.likelihood), data=data, pooling=pooling.under)
