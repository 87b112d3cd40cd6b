"""Cohorts of several kinds in one model: each is read by its own, and all are one likelihood to the engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood

__all__ = ["Several"]


class Several(Likelihood):
    """Kinds side by side. The column `kind` says of each cohort which it is of, counted from 0.

    The other columns are those of all kinds; where a cohort's kind has no such column, it holds nan.

    Parameters
    ----------
    kinds : sequence of Likelihood
        In the order in which a model file names them.
    """

    name = "several"
    families = ()
    requires = ()

    def __init__(self, kinds: Sequence[Likelihood]) -> None:
        self.kinds = tuple(kinds)
        self.columns = ("kind", *_union(kind.columns for kind in self.kinds))
        self.observed = _union(kind.observed for kind in self.kinds)
        self.whole = ("kind", *_union(kind.whole for kind in self.kinds))

    @classmethod
    def of(cls, kinds: Sequence[Likelihood], members: Sequence[int], readings: Sequence[Mapping[str, float]]) -> Any:
        """The likelihood and the data of cohorts, of whom `members` says which kind each is of.

        One kind alone stands for itself.

        Returns
        -------
        likelihood : Likelihood
        data : dict of str to array (cohort,)
        """
        used = sorted(set(members))
        if len(used) == 1:
            kind = kinds[used[0]]
            return kind, {name: np.array([reading[name] for reading in readings]) for name in kind.columns}
        both = cls([kinds[k] for k in used])
        rows = [{"kind": used.index(k), **reading} for k, reading in zip(members, readings, strict=True)]
        return both, {name: np.array([row.get(name, np.nan) for row in rows], float) for name in both.columns}

    def speaks_to(self, family: Family) -> bool:
        return all(kind.speaks_to(family) for kind in self.kinds)

    def measures(self, family: Family) -> tuple[str, ...]:
        return _union(kind.measures(family) for kind in self.kinds)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        raise TypeError("a number is read by the kind of its own cohort")

    def words(self, row: Mapping[str, Any]) -> str:
        return next(kind for kind in self.kinds if kind.name == row["kind"]).words(row)

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        found = self._gather(data, lambda kind, own: kind.alone(own, level), 3)
        return found[0], found[1], found[2]

    def to_dict(self) -> dict[str, Any]:
        return {"kinds": [kind.to_dict() for kind in self.kinds]}

    def split(self, data: Data) -> list[tuple[Likelihood, Any]]:
        return [(kind, np.flatnonzero(np.asarray(data["kind"]) == k)) for k, kind in enumerate(self.kinds)]

    def _parts(self, data: Data) -> Iterator[tuple[Likelihood, Any, Data]]:
        for kind, cohorts in self.split(data):
            if len(cohorts):
                yield kind, cohorts, {name: np.asarray(data[name])[..., cohorts] for name in kind.columns}

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        found = [
            issue
            for kind, cohorts, own in self._parts(data)
            for issue in kind.check(own, tuple(labels[j] for j in cohorts))
        ]
        known = np.isin(data["kind"], np.arange(len(self.kinds)))
        return found + [
            Issue(f"cohort {labels[j]!r}, kind", f"{data['kind'][j]:g} is no kind", f"Known: {self._names()}.")
            for j in np.flatnonzero(~known)
        ]

    def _names(self) -> str:
        return ", ".join(f"{k} {kind.name}" for k, kind in enumerate(self.kinds))

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        return [
            remark
            for kind, cohorts, own in self._parts(data)
            for remark in kind.remarks(own, tuple(labels[j] for j in cohorts), _some(given, cohorts))
        ]

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        """The kind by its name, and what each kind shows; None where a cohort's kind has no such column."""
        size = len(data["kind"])
        found: dict[str, list[Any]] = {"kind": [None] * size}
        for kind, cohorts, own in self._parts(data):
            theirs = {name: column[cohorts] for name, column in given.items()}
            for name, values in {"kind": [kind.name] * len(cohorts), **kind.shown(own, theirs)}.items():
                column = found.setdefault(name, [None] * size)
                for j, value in zip(cohorts, values, strict=True):
                    column[j] = value
        return found

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        """The kind of each cohort, its place among those of that kind, and what each kind prepares."""
        kinds = np.asarray(data["kind"])
        place, prepared = np.zeros(len(kinds), int), {}
        for kind, cohorts, own in self._parts(data):
            place[cohorts] = np.arange(len(cohorts))
            prepared[self.kinds.index(kind)] = kind.prepare(own, operations)
        return {"kind": kinds, "place": place, "prepared": _Shared(prepared)}

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        """Each cohort's by its own kind; `data` are prepared, and may have the cohorts along any of their axes."""
        kinds, place, prepared = data["kind"], data["place"], data["prepared"].value
        theta = np.asarray(theta, float)
        axis = int(np.argmax(kinds.shape)) if kinds.ndim else 0
        behind = kinds.ndim - axis
        shape = np.broadcast_shapes(theta.shape, kinds.shape)
        found = np.empty(shape)
        for k, kind in enumerate(self.kinds):
            cohorts = np.flatnonzero(kinds == k)
            if len(cohorts) == kinds.size:
                return kind.log_kernel(theta, _some(prepared[k], place), operations)
            if len(cohorts):
                own = _some(prepared[k], place.take(cohorts, axis))
                some = (..., cohorts, *(slice(None),) * (behind - 1))
                found[some] = kind.log_kernel(np.broadcast_to(theta, shape)[some], own, operations)
        return found

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        found = np.zeros(len(data["kind"]))
        for k, prepared in data["prepared"].value.items():
            found[data["kind"] == k] = self.kinds[k].log_constant(prepared, operations)
        return found

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """Of all observed columns; nan where a cohort's kind has no such column."""
        found = {name: np.full(np.shape(theta), np.nan) for name in self.observed}
        for kind, cohorts, own in self._parts(data):
            for name, values in kind.draw(np.asarray(theta)[..., cohorts], own, rng).items():
                found[name][..., cohorts] = values
        return found

    def locate(self, data: Data) -> tuple[Any, Any]:
        found = self._gather(data, lambda kind, own: kind.locate(own), 2)
        return found[0], found[1]

    def tails(self, data: Data) -> tuple[Any, Any]:
        found = self._gather(data, lambda kind, own: kind.tails(own), 2)
        return found[0], found[1]

    def _gather(self, data: Data, ask: Callable[[Likelihood, Data], Any], answers: int) -> Any:
        """The answers of each kind about its own cohorts, put together (answer, cohort)."""
        found = np.zeros((answers, len(data["kind"])))
        for kind, cohorts, own in self._parts(data):
            found[:, cohorts] = ask(kind, own)
        return found

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        raise TypeError("each kind has a distribution of its own")


def _union(groups: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _some(prepared: Data, j: Any) -> dict[str, Any]:
    """The rows `j` of everything that a kind has prepared."""
    return {name: column[j] for name, column in prepared.items()}


class _Shared:
    """What belongs to all cohorts together, and so stays the same whichever of them are picked."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getitem__(self, j: Any) -> _Shared:
        return self
