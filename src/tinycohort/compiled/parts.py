"""The cohorts of one kind in a model: their data, and what they are called in PyMC and in draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..likelihoods import Likelihood

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True)
class Part:
    """A kind with its cohorts.

    Attributes
    ----------
    kind : Likelihood
        How their numbers speak.
    cohorts : array of int (part,)
        Their positions in the model.
    data : mapping of str to array (part,)
        Their columns.
    dim : str
        The dimension of these cohorts: ``cohort`` where all are of one kind.
    prefix : str
        What the names of their variables begin with; empty where all are of one kind.
    """

    kind: Likelihood
    cohorts: Any
    data: Mapping[str, Any]
    dim: str = "cohort"
    prefix: str = ""

    def stored_name(self, column: str) -> str:
        """What a column is called among the data of the PyMC model: its outcome has the column's own name."""
        return f"{self.prefix}{column}{'_observed' if column in self.kind.observed else ''}"

    def stored(self) -> dict[str, Any]:
        """The data of the PyMC model."""
        return {
            self.stored_name(name): np.asarray(column, int if name in self.kind.whole else float)
            for name, column in self.data.items()
        }


def parts_of(likelihood: Likelihood, data: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts of a model, in the order of its kinds; those without cohorts are left out."""
    split = likelihood.split(data)
    if len(split) == 1:
        return (Part(likelihood, split[0][1], data),)
    return tuple(
        Part(
            kind,
            cohorts,
            {name: data[name][cohorts] for name in kind.columns},
            f"{kind.name}_cohort",
            f"{kind.name}_",
        )
        for kind, cohorts in split
        if len(cohorts)
    )
