"""The one room where evidence and model meet: data of one kind, a family, a pooling and its priors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import FAMILIES, Family
from ..issues import InputError, Issue
from ..likelihoods import LIKELIHOODS, Likelihood
from ..pooling import POOLINGS, Pooling
from ..priors import Prior, prior

__all__ = ["CompiledModel", "Row", "label_issues"]


@dataclass(frozen=True)
class Row:
    """Where one cohort's data come from.

    Attributes
    ----------
    label : str
        What the cohort is called in tables and figures; unique.
    cohort_id, outcome_id, source_id : str
        Keys into the evidence; empty when numbers were typed in.
    printed, locator, derivation, citation : str
        The number as printed, where, how it was recovered, and in what.
    """

    label: str
    cohort_id: str = ""
    outcome_id: str = ""
    source_id: str = ""
    printed: str = ""
    locator: str = ""
    derivation: str = ""
    citation: str = ""


def label_issues(labels: tuple[str, ...]) -> list[Issue]:
    """Labels that name more than one cohort."""
    doubled = sorted({label for label in labels if labels.count(label) > 1})
    return [Issue(f"cohort {label!r}", "the label is used twice", "Give each cohort its own.") for label in doubled]


@dataclass(frozen=True)
class CompiledModel:
    """A model with its data, ready for either engine.

    Attributes
    ----------
    name : str
        Model name, or ``pool``.
    family, likelihood, pooling : Family, Likelihood, Pooling
        The three independent choices.
    priors : mapping of str to Prior
        As given (a Beta prior of a proportion is on the probability scale).
    rows : tuple of Row
        One per cohort, in the order of the data.
    data : mapping of str to array (cohort,)
        The likelihood kind's columns.
    given : mapping of str to array (cohort,)
        Further columns as given by the user, for tables (an interval's ends).

    Raises
    ------
    InputError
        Data that the kind refuses, no cohort at all, or a label that is used twice.
    """

    name: str
    family: Family
    likelihood: Likelihood
    pooling: Pooling
    priors: Mapping[str, Prior]
    rows: tuple[Row, ...]
    data: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data = {name: np.asarray(self.data[name], float) for name in self.likelihood.columns}
        for array in data.values():
            array.flags.writeable = False
        for name, value in (("data", data), ("given", self.given), ("priors", self.priors)):
            object.__setattr__(self, name, MappingProxyType(dict(value)))
        issues = [] if self.rows else [Issue(self.name, "no cohort", "Give at least one.")]
        labels = self.labels
        doubled = sorted({label for label in labels if labels.count(label) > 1})
        issues += [
            Issue(f"cohort {label!r}", "the label is used twice", "Give each cohort its own.") for label in doubled
        ]
        issues += self.likelihood.check(data, labels)
        if issues:
            raise InputError(issues)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(row.label for row in self.rows)

    @property
    def cohorts(self) -> int:
        return len(self.rows)

    @cached_property
    def level_priors(self) -> dict[str, Prior]:
        """Priors on the model scale."""
        return {**self.priors, "mu": self.family.level_prior(self.priors["mu"])}

    @property
    def pooled(self) -> bool:
        """Whether heterogeneity is ruled out: every cohort's theta is mu."""
        return "tau" not in self.pooling.parameters

    def without(self, j: int) -> CompiledModel:
        """The same model without cohort `j`."""
        keep = np.arange(self.cohorts) != j
        rows = tuple(row for row, kept in zip(self.rows, keep, strict=True) if kept)
        data = {name: column[keep] for name, column in self.data.items()}
        return CompiledModel(self.name, self.family, self.likelihood, self.pooling, self.priors, rows, data)

    def log_likelihood(self, theta: Any) -> Any:
        """Log-likelihood of each cohort at theta (..., cohort), every constant kept."""
        return self.likelihood.log_likelihood(theta, self.data)

    def log_density(self, point: Mapping[str, Any]) -> Any:
        """Joint log density of data and free unknowns (`pooling.free`) at `point`; leading dimensions broadcast."""
        theta = self.pooling.theta(point, self.cohorts)
        return self.pooling.log_prior(point, self.level_priors) + self.log_likelihood(theta).sum(axis=-1)

    def pymc_model(self) -> Any:
        """The PyMC model, to read, draw or extend: dims ``cohort``, data in ``pm.Data``.

        Returns
        -------
        pymc.Model
        """
        import pymc

        with pymc.Model(coords={"cohort": list(self.labels)}) as model:
            data = {
                name: pymc.Data(stored, self.pymc_data()[stored], dims="cohort")
                for name, stored in zip(self.data, self.pymc_data(), strict=True)
            }
            theta = self.pooling.pymc(self.level_priors)
            natural = {"logit": pymc.math.invlogit, "log": pymc.math.exp, "identity": lambda x: x}
            pymc.Deterministic(self.family.quantity, natural[self.family.model_scale](theta), dims="cohort")
            self.likelihood.pymc(theta, data)
        return model

    def pymc_data(self) -> dict[str, Any]:
        """The data under the names they have in the PyMC model; observed columns are called ``..._observed``."""
        stored = {}
        for name, column in self.data.items():
            kind = int if name in ("events", "total") else float
            stored[f"{name}_observed" if name in self.likelihood.observed else name] = np.asarray(column, kind)
        return stored

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that fixes the log density."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain types only; `from_dict` gives the model back."""
        return {
            "name": self.name,
            "family": {"name": self.family.name, **vars(self.family)},
            "likelihood": self.likelihood.name,
            "pooling": {"name": self.pooling.name, **vars(self.pooling)},
            "priors": {name: value.to_dict() for name, value in self.priors.items()},
            "rows": [vars(row) for row in self.rows],
            "data": {name: column.tolist() for name, column in self.data.items()},
            "given": {name: np.asarray(column).tolist() for name, column in self.given.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CompiledModel:
        """The inverse of `to_dict`."""
        family, pooling = dict(stored["family"]), dict(stored["pooling"])
        return cls(
            name=stored["name"],
            family=FAMILIES[family.pop("name")](**family),
            likelihood=LIKELIHOODS[stored["likelihood"]](),
            pooling=POOLINGS[pooling.pop("name")](**pooling),
            priors={name: prior(value) for name, value in stored["priors"].items()},
            rows=tuple(Row(**row) for row in stored["rows"]),
            data=stored["data"],
            given=stored["given"],
        )
