"""The one room where evidence and model meet: data, their kinds, a family, a pooling and its priors."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import ALL_FAMILIES, Family, KnownShape, SurvivalFamily
from ..issues import InputError, Issue
from ..likelihoods import Likelihood, SurvivalReports, likelihood_from_dict
from ..pooling import POOLINGS, Pooling, Shape, is_level
from ..priors import Prior, prior
from .parts import Part, parts_of
from .sampled import pymc_data, pymc_model

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
    comparator_id, comparator_outcome_id : str
        The cohort and the number that it is compared with, where it is.
    group : str
        The group that the cohort belongs to, where the pooling knows groups, or the class of designs.
    covariates : tuple of float
        What the pooling regresses on, where it does.
    power : float
        To which the cohort's likelihood is raised, where the pooling discounts.
    """

    label: str
    cohort_id: str = ""
    outcome_id: str = ""
    source_id: str = ""
    printed: str = ""
    locator: str = ""
    derivation: str = ""
    citation: str = ""
    comparator_id: str = ""
    comparator_outcome_id: str = ""
    group: str = ""
    covariates: tuple[float, ...] = ()
    power: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain types; what most poolings do not need is left out where it says nothing."""
        beside: dict[str, Any] = {"covariates": list(self.covariates)} if self.covariates else {}
        beside |= {"power": self.power} if self.power != 1.0 else {}
        return {name: value for name, value in vars(self).items() if name not in ("covariates", "power")} | beside


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
        The three independent choices. Cohorts of more than one kind have a likelihood made of `Several`.
    priors : mapping of str to Prior
        As given (a Beta prior of a proportion is on the probability scale).
    rows : tuple of Row
        One per cohort, in the order of the data.
    data : mapping of str to array (cohort,)
        The likelihood's columns; nan where a cohort's kind has no such column.
    given : mapping of str to array (cohort,)
        Further columns as given by the user, for tables (an interval's ends); likewise.
    shape : Shape or None
        Of survival, how the shape of curves varies over cohorts; None where curves have no shape, or a known one.

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
    shape: Shape | None = None

    def __post_init__(self) -> None:
        data = {name: np.asarray(self.data[name], float) for name in self.likelihood.columns}
        for array in data.values():
            array.flags.writeable = False
        for name, value in (("data", data), ("given", self.given), ("priors", self.priors)):
            object.__setattr__(self, name, MappingProxyType(dict(value)))
        if isinstance(self.family, SurvivalFamily) and self.shape is None:
            object.__setattr__(self, "shape", Shape("fixed"))
        issues = [] if self.rows else [Issue(self.name, "no cohort", "Give at least one.")]
        issues += [*label_issues(self.labels), *self.likelihood.check(data, self.labels)]
        if self.shape is not None and isinstance(self.family, SurvivalFamily):
            issues += self.shape.issues(self.family)
        issues += [*self.pooling.issues(self.labels), *self.pooling.row_issues(self.rows)]
        if issues:
            raise InputError(issues)

    # What cannot be changed cannot be sent to another process as it is.
    def __getstate__(self) -> dict[str, Any]:
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in _fields(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, MappingProxyType(value) if isinstance(value, dict) else value)
        # Nor does it arrive as it was.
        for array in self.data.values():
            array.flags.writeable = False

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(row.label for row in self.rows)

    @property
    def cohorts(self) -> int:
        return len(self.rows)

    @cached_property
    def group_labels(self) -> tuple[str, ...]:
        """The groups, in the order in which they come first; empty where the pooling knows none."""
        return tuple(dict.fromkeys(row.group for row in self.rows)) if self.pooling.grouped else ()

    @cached_property
    def groups(self) -> Any:
        """What the pooling must know of each cohort (cohort, ...); all noughts where that is nothing."""
        return self.pooling.per_cohort(self.rows)

    @property
    def powers(self) -> Any:
        """To which each likelihood is raised (cohort,); all one where the pooling does not discount."""
        return np.array([row.power if self.pooling.discounted else 1.0 for row in self.rows])

    @property
    def discounted(self) -> bool:
        """Whether any likelihood is raised to a power below 1: marginal likelihoods are then pseudo-likelihoods."""
        return bool((self.powers < 1.0).any())

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The cohorts of each kind, with their data."""
        return parts_of(self.likelihood, self.data)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said of the data although nothing is wrong with them, a sentence each."""
        of_data = dict.fromkeys(self.likelihood.remarks(self.data, self.labels, self.given))
        return (*of_data, *self._silences(), *self.pooling.remarks(self.rows))

    def _silences(self) -> list[str]:
        """What the data cannot speak of, and the priors answer alone."""
        found, groups = [], len(self.group_labels)
        if self.cohorts == 1 and "tau" in self.pooling.parameters:
            found.append("One cohort does not say how cohorts differ: tau, and the width of a new one, are the priors'")
        if self.cohorts > 1 and groups == 1:
            found.append(
                "One group does not say how groups differ: tau_group, and the width of a new one, are the priors'"
            )
        if 1 < self.cohorts == groups:
            found.append("No group has two cohorts: only the priors tell tau from tau_group")
        return found

    @cached_property
    def level_priors(self) -> dict[str, Prior]:
        """Priors on the model scale."""
        levels = [name for name in self.priors if is_level(name)]
        return {**self.priors, **{name: self.family.level_prior(self.priors[name]) for name in levels}}

    @property
    def pooled(self) -> bool:
        """Whether heterogeneity is ruled out: every cohort's theta is mu."""
        return "tau" not in self.pooling.parameters

    @property
    def shape_parameters(self) -> tuple[str, ...]:
        """The hyperparameters of the shape."""
        if self.shape is None or not isinstance(self.family, SurvivalFamily):
            return ()
        return self.shape.parameters(self.family)

    def at_shape(self, shape: Any, place: Any = None) -> CompiledModel:
        """The same model of survival with known shape numbers (number,): theta is all that is unknown.

        `place` is what `SurvivalReports.with_shape` may be told.
        """
        assert isinstance(self.family, SurvivalFamily)
        assert isinstance(self.likelihood, SurvivalReports)
        likelihood = self.likelihood.with_shape(shape, place)
        assert likelihood.shape is not None
        priors = {name: value for name, value in self.priors.items() if name not in self.shape_parameters}
        family = KnownShape(self.family, likelihood.shape)
        return dataclasses.replace(self, family=family, likelihood=likelihood, priors=priors, shape=None)

    def without(self, j: int) -> CompiledModel:
        """The same model without cohort `j`."""
        return self.only(np.arange(self.cohorts) != j)

    def only(self, keep: Any, pooling: Pooling | None = None) -> CompiledModel:
        """The same model with some of its cohorts, a mask (cohort,), and perhaps with another pooling."""
        rows = tuple(row for row, kept in zip(self.rows, keep, strict=True) if kept)
        data = {name: column[keep] for name, column in self.data.items()}
        pooling = pooling or self.pooling
        return CompiledModel(
            self.name, self.family, self.likelihood, pooling, self.priors, rows, data, shape=self.shape
        )

    def shown(self) -> list[dict[str, Any]]:
        """What each cohort reported, as people read it: the columns of all kinds, None where a cohort has none."""
        columns = self.likelihood.shown(self.data, self.given)
        return [{name: _plain(values[j]) for name, values in columns.items()} for j in range(self.cohorts)]

    @property
    def reported(self) -> tuple[str, ...]:
        """What each cohort reported, in a few words."""
        return tuple(self.likelihood.words(row) for row in self.shown())

    def log_likelihood(self, theta: Any, shape: Any = None) -> Any:
        """Log-likelihood of each cohort at theta (..., cohort), every constant kept.

        Where the shape of curves is unknown it is given beside it, as shape numbers (..., cohort or 1, number).
        """
        if shape is None:
            return self.likelihood.log_likelihood(theta, self.data)
        assert isinstance(self.likelihood, SurvivalReports)
        data = self.likelihood.prepare(self.data)
        return self.likelihood.log_constant(data) + self.likelihood.log_kernel_at(theta, shape, data)

    def log_density(self, point: Mapping[str, Any]) -> Any:
        """Joint log density of data and free unknowns (`pooling.free`) at `point`; leading dimensions broadcast.

        Each cohort's likelihood counts to its power.
        """
        log_weights, theta = self.pooling.parts(point, self.groups)
        prior, shape = self.pooling.log_prior(point, self.level_priors), None
        if self.shape is not None and isinstance(self.family, SurvivalFamily):
            prior = prior + self.shape.log_prior(point, self.priors, self.family)
            shape = self.shape.numbers(point, self.family)
        each = self.powers * self.log_likelihood(theta, shape)
        # Nobody knows which part a cohort is of: they are summed over.
        each = np.logaddexp.reduce(log_weights + each, axis=0) if self.pooling.mixes else each[0]
        return prior + each.sum(axis=-1)

    def pymc_model(self) -> Any:
        """The PyMC model, to read, draw or extend: dims ``cohort``, data in ``pm.Data``.

        Returns
        -------
        pymc.Model
        """
        return pymc_model(self)

    def pymc_data(self) -> dict[str, Any]:
        """The data under the names they have in the PyMC model; observed columns are called ``..._observed``."""
        return pymc_data(self)

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that fixes the log density."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain types only; `from_dict` gives the model back."""
        return {
            "name": self.name,
            "family": {"name": self.family.name, **_fields(self.family)},
            "likelihood": self.likelihood.to_dict(),
            "pooling": {"name": self.pooling.name, **_fields(self.pooling)},
            "priors": {name: value.to_dict() for name, value in self.priors.items()},
            "rows": [row.to_dict() for row in self.rows],
            "data": {name: [_plain(value) for value in column] for name, column in self.data.items()},
            "given": {name: [_plain(value) for value in column] for name, column in self.given.items()},
            **({} if self.shape is None else {"shape": _fields(self.shape)}),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CompiledModel:
        """The inverse of `to_dict`."""
        family, pooling = dict(stored["family"]), dict(stored["pooling"])
        shape = stored.get("shape")
        return cls(
            name=stored["name"],
            family=ALL_FAMILIES[family.pop("name")](**{k: _tuple(value) for k, value in family.items()}),
            likelihood=likelihood_from_dict(stored["likelihood"]),
            pooling=POOLINGS[pooling.pop("name")](**{k: _tuple(value) for k, value in pooling.items()}),
            priors={name: prior(value) for name, value in stored["priors"].items()},
            rows=tuple(Row(**{k: _tuple(value) for k, value in row.items()}) for row in stored["rows"]),
            data=stored["data"],
            given={name: np.array(column, float) for name, column in stored["given"].items()},
            shape=None if shape is None else Shape(shape["kind"], tuple(shape["value"])),
        )


def _fields(record: Any) -> dict[str, Any]:
    return {one.name: getattr(record, one.name) for one in dataclasses.fields(record)}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """A value as JSON has it; nothing for what is not there."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
