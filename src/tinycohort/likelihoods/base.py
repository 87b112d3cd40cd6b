"""What a likelihood kind must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations

__all__ = ["Data", "Likelihood"]

Data = Mapping[str, Any]


class Likelihood(ABC):
    """A kind of reported number and its log-likelihood as a function of theta.

    Data are a mapping of column name to an array of shape (cohort,); theta has shape (..., cohort).

    Attributes
    ----------
    name : str
        Its name in a model file.
    families : tuple of str
        The families it speaks to.
    columns : tuple of str
        The data it needs.
    requires : tuple of str
        What a reported number must have for it to be used.
    given : mapping of str to str
        Further columns to show beside the data, and the reported number's field that each comes from.
    observed : tuple of str
        The columns that are outcomes; the others (totals, standard errors) are known.
    """

    name: ClassVar[str]
    families: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[str, ...]]
    requires: ClassVar[tuple[str, ...]]
    given: ClassVar[Mapping[str, str]] = MappingProxyType({})
    observed: ClassVar[tuple[str, ...]]

    @abstractmethod
    def measures(self, family: Family) -> tuple[str, ...]:
        """What may have been printed: words of the `measure` column of outcomes.csv."""

    @abstractmethod
    def read(self, reported: Any, family: Family) -> dict[str, float]:
        """The columns of one reported number (anything with the fields of a row of outcomes.csv)."""

    @abstractmethod
    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        """Everything that is wrong with the data, with the label of the cohort."""

    @abstractmethod
    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """The part of the log-likelihood that theta changes, shape of theta (..., cohort)."""

    @abstractmethod
    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """The part that it does not, shape (cohort,)."""

    def log_likelihood(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """Log-likelihood with every constant, shape of theta (..., cohort)."""
        return self.log_constant(data, operations) + self.log_kernel(theta, data, operations)

    @abstractmethod
    def pymc(self, theta: Any, data: Mapping[str, Any]) -> Any:
        """The same inside an open PyMC model, as PyMC's own named distribution where there is one."""

    @abstractmethod
    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """Predictive draws of the observed columns, shape of theta."""

    @abstractmethod
    def locate(self, data: Data) -> tuple[Any, Any]:
        """Roughly where each cohort's likelihood lies and how wide it is, on theta's scale: two arrays (cohort,)."""

    def plateaus(self, data: Data) -> tuple[Any, Any]:
        """Whether the likelihood stays at its height as theta falls, or rises, without end: two boolean arrays."""
        none = np.zeros(len(data[self.columns[0]]), bool)
        return none, none
