"""What a likelihood kind must be able to do."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations

__all__ = ["Data", "Likelihood", "Option"]

Data = Mapping[str, Any]


class Option(NamedTuple):
    """A number that a kind may be given beside the data, in a model file too.

    Attributes
    ----------
    lower, upper : float
        The values that it may have.
    need : str
        How to give one, for errors.
    """

    lower: float
    upper: float
    need: str


class Likelihood(ABC):
    """A kind of reported number and its log-likelihood as a function of theta.

    Data are a mapping of column name to an array of shape (cohort,); theta has shape (..., cohort). A kind with options
    is a frozen dataclass of them; each has a default, which changes nothing.

    Attributes
    ----------
    name : str
        Its name in a model file.
    families : tuple of str
        The families it speaks to; `speaks_to` may be narrower.
    columns : tuple of str
        The data it needs.
    requires : tuple of str
        What a reported number must have for it to be used.
    paired : bool
        Whether it compares a number with that of the cohort's comparator.
    given : mapping of str to str
        Further columns to show beside the data, and the reported number's field that each comes from.
    observed : tuple of str
        The columns that are outcomes; the others (totals, standard errors) are known.
    whole : tuple of str
        The columns that are whole numbers.
    options : mapping of str to Option
        What else it may be told, by the name of the dataclass's field.
    """

    name: ClassVar[str]
    families: ClassVar[tuple[str, ...]]
    columns: tuple[str, ...]
    requires: ClassVar[tuple[str, ...]]
    paired: ClassVar[bool] = False
    given: ClassVar[Mapping[str, str]] = MappingProxyType({})
    observed: tuple[str, ...]
    whole: tuple[str, ...] = ("events", "total")
    options: ClassVar[Mapping[str, Option]] = MappingProxyType({})

    # -- what it reads --------------------------------------------------------------------------------------------

    def speaks_to(self, family: Family) -> bool:
        """Whether it says anything about what is unknown of a cohort."""
        return family.name in self.families

    @abstractmethod
    def measures(self, family: Family) -> tuple[str, ...]:
        """What may have been printed: words of the `measure` column of outcomes.csv."""

    @abstractmethod
    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        """The columns of one reported number (anything with the fields of a row of outcomes.csv).

        `comparator` is that of the other arm, for kinds that are `paired`.

        Raises
        ------
        InputError
            If it cannot be read.
        """

    @abstractmethod
    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        """Everything that is wrong with the data, with the label of the cohort."""

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        """What is right, and must be said all the same: a sentence each.

        `given` are the columns of that name beside the data, where they are known.
        """
        return []

    # -- what it shows --------------------------------------------------------------------------------------------

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        """The data as people read them: columns of whole numbers, numbers or text, one value per cohort.

        `given` are the columns of that name beside the data, where they are known.
        """
        return {
            name: [int(value) if name in self.whole else float(value) for value in data[name]] for name in self.columns
        }

    def words(self, row: Mapping[str, Any]) -> str:
        """What one cohort reported, as `shown` has it, in a few words."""
        return ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in self.columns)

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        """What each cohort says by itself: estimate and confidence limits on theta's scale; nan unless overridden."""
        nothing = np.full(len(data[self.columns[0]]), np.nan)
        return nothing, nothing, nothing

    def to_dict(self) -> dict[str, Any]:
        """Its name, and its options where they are not the usual ones; `likelihood_from_dict` gives it back."""
        fields: tuple[Any, ...] = dataclasses.fields(self) if dataclasses.is_dataclass(self) else ()
        told = {field.name: getattr(self, field.name) for field in fields if getattr(self, field.name) != field.default}
        return {"kind": self.name, **told}

    def split(self, data: Data) -> list[tuple[Likelihood, Any]]:
        """The kinds that are in it, each with the positions of its cohorts; a kind is all there is of itself."""
        return [(self, np.arange(len(data[self.columns[0]])))]

    # -- the log-likelihood -----------------------------------------------------------------------------------------

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        """What the log-likelihood needs of the data, made once: arrays (cohort, ...). The data, unless overridden."""
        return data

    @abstractmethod
    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """The part of the log-likelihood that theta changes, of prepared data, shape of theta (..., cohort).

        Prepared arrays may come with more leading dimensions, against which theta broadcasts.
        """

    @abstractmethod
    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """The part that it does not, of prepared data, shape (cohort,)."""

    def log_likelihood(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """Log-likelihood with every constant, shape of theta (..., cohort)."""
        data = self.prepare(data, operations)
        return self.log_constant(data, operations) + self.log_kernel(theta, data, operations)

    @abstractmethod
    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """Predictive draws of the observed columns, shape of theta."""

    @abstractmethod
    def locate(self, data: Data) -> tuple[Any, Any]:
        """Roughly where each cohort's likelihood lies and how wide it is, on theta's scale: two arrays (cohort,).

        The width is that of the narrowest thing it does: of its peak, or of the edge of a plateau.
        """

    def tails(self, data: Data) -> tuple[Any, Any]:
        """How fast the log-likelihood falls in the end as theta falls, and as it rises: two arrays (cohort,).

        Per unit of theta: 0 on a side where it stays at its height without end (a plateau), infinite where it falls
        ever faster, as unless overridden.
        """
        endless = np.full(len(data[self.columns[0]]), np.inf)
        return endless, endless

    def plateaus(self, data: Data) -> tuple[Any, Any]:
        """Whether the likelihood stays at its height as theta falls, or rises, without end: two boolean arrays."""
        left, right = self.tails(data)
        return left == 0.0, right == 0.0

    # -- PyMC -------------------------------------------------------------------------------------------------------

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        """The same inside an open PyMC model, as PyMC's own named distribution where there is one.

        Unless overridden, a distribution of that name with this log-likelihood and these draws.

        Parameters
        ----------
        theta : tensor (cohort,)
            Of the cohorts of this kind.
        data : mapping of str to tensor (cohort,)
            Its columns.
        prefix : str
            What names of variables begin with, where a model has several kinds.
        dims : str
            The dimension of these cohorts.
        """
        from .symbolic import distribution

        return distribution(self, theta, data, prefix, dims)
