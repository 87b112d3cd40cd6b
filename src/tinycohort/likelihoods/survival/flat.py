"""The log-likelihood of survival terms, each distinct term evaluated once and weighed wherever it stands.

Reports repeat themselves: the ways in which something may have come about share most of their times. Terms of all
cohorts lie in one row; matrices of weights add them up for cohorts and for atoms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...families import Clock, SurvivalFamily
from ...numerics import NUMPY, Operations
from .terms import Atom, Terms

__all__ = ["FlatTerms", "flatten"]

# Of an array's type, so that PyTensor does not try to make it a smaller one.
_LOWEST = np.float64(-1e290)


@dataclass(frozen=True)
class _Row:
    """Distinct terms of one sort: their cohorts (T,), clocks of times (T, d), and weights for cohorts and atoms."""

    function: str
    cohort: Any
    clocks: tuple[Clock, ...]
    for_cohorts: Any
    for_atoms: Any


@dataclass(frozen=True)
class FlatTerms:
    """Terms of cohorts, ready to be evaluated; made by `flatten`.

    Attributes
    ----------
    constant : array (J,)
        The part of the log-likelihood that no unknown changes.
    """

    family: SurvivalFamily
    constant: Any
    rows: tuple[_Row, ...]
    #: Of estimated medians (M,), the last with weights for cohorts (M, J).
    median_cohort: Any
    median_log_time: Any
    median_clock: Clock
    median_precision: Any
    #: Logarithms of the weights of all atoms (A,).
    log_weight: Any
    #: Numbers of the atoms of each factor, and minus infinity in rows to spare (F, most atoms).
    atom: Any
    padding: Any
    #: Weights for cohorts (F, J).
    factor_weight: Any

    def log_kernel(self, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """The log-likelihood without its constant at theta (..., J) and shape numbers (..., J, number)."""
        alone, in_atoms = 0.0 * theta, self.log_weight
        for row in self.rows:
            place = self._place(theta, shape, row.cohort, operations)
            values = getattr(self.family, row.function)(*row.clocks, *place, operations)
            alone = alone + values @ row.for_cohorts
            in_atoms = in_atoms + values @ row.for_atoms
        if len(self.median_precision):
            place = self._place(theta, shape, self.median_cohort, operations)
            away = self.family.log_time_over_median(self.median_clock, self.median_log_time, *place, operations)
            alone = alone - 0.5 * (away**2) @ self.median_precision
        if not len(self.atom):
            return alone
        ways = in_atoms[..., self.atom] + self.padding
        peak = operations.maximum(ways.max(axis=-1), _LOWEST)
        # Far out, where logarithms are -1e19, a compiler's rounding may put all atoms above or below the highest.
        below = operations.minimum(ways - peak[..., None], 0.0)
        mixed = peak + operations.log(operations.maximum(operations.exp(below).sum(axis=-1), 1.0))
        return alone + mixed @ self.factor_weight

    def _place(self, theta: Any, shape: Any, cohort: Any, operations: Operations) -> tuple[Any, Any]:
        """theta and shape numbers at each of some terms."""
        if operations is NUMPY and len(self.constant) == 1:
            return theta, shape
        return theta[..., cohort], shape[..., cohort, :]


def flatten(cohorts: Sequence[Terms], family: SurvivalFamily) -> FlatTerms:
    """The terms of several cohorts in one row, with the family's functions of their times."""
    owners = [(j, factor) for j, terms in enumerate(cohorts) for factor in terms.factors]
    atoms = [(j, atom) for j, factor in owners for atom in factor.atoms]
    longest = max((len(factor.atoms) for _, factor in owners), default=0)
    first = np.cumsum([0, *(len(factor.atoms) for _, factor in owners)])[:-1, None]
    slot = np.arange(longest)[None]
    kept = slot < np.array([len(factor.atoms) for _, factor in owners]).reshape(-1, 1)
    medians = [(j, median) for j, terms in enumerate(cohorts) for median in terms.medians]
    median_times = np.array([median.time_months for _, median in medians])
    return FlatTerms(
        family=family,
        constant=np.array([terms.constant for terms in cohorts]),
        rows=tuple(_rows(cohorts, atoms, family)),
        median_cohort=np.array([j for j, _ in medians], int),
        median_log_time=np.log(median_times),
        median_clock=family.clock(median_times),
        median_precision=_spread([(j, 1.0 / median.standard_error**2) for j, median in medians], len(cohorts)),
        log_weight=np.array([atom.log_weight for _, atom in atoms]),
        atom=np.where(kept, first + slot, 0).astype(int),
        padding=np.where(kept, 0.0, -np.inf),
        factor_weight=_spread([(j, factor.weight) for j, factor in owners], len(cohorts)),
    )


def _spread(owned: Sequence[tuple[int, float]], cohorts: int) -> Any:
    """Weights, each in the column of its cohort."""
    found = np.zeros((len(owned), cohorts))
    for k, (j, weight) in enumerate(owned):
        found[k, j] = weight
    return found


def _rows(cohorts: Sequence[Terms], atoms: Sequence[tuple[int, Atom]], family: SurvivalFamily) -> Iterable[_Row]:
    for function, times_of in (("log_density", _exact), ("log_survival", _alive), ("log_interval", _ended)):
        where: dict[tuple[Any, ...], int] = {}
        entries: list[tuple[int, bool, int, float]] = []
        held: list[tuple[int, int, bool, Terms | Atom]] = [(j, j, False, terms) for j, terms in enumerate(cohorts)]
        held += [(a, j, True, atom) for a, (j, atom) in enumerate(atoms)]
        for column, j, in_atom, one in held:
            for times, weight in times_of(one):
                entries.append((where.setdefault((j, *times), len(where)), in_atom, column, weight))
        if not where:
            continue
        weights = np.zeros((len(where), len(cohorts))), np.zeros((len(where), len(atoms)))
        for term, in_atom, column, weight in entries:
            weights[in_atom][term, column] += weight
        cohort, *ends = np.array(list(where)).T
        yield _Row(function, cohort.astype(int), tuple(map(family.clock, ends)), *weights)


def _exact(terms: Terms | Atom) -> list[tuple[tuple[float, ...], float]]:
    return [((one.time_months,), one.weight) for one in terms.densities]


def _alive(terms: Terms | Atom) -> list[tuple[tuple[float, ...], float]]:
    return [((one.start_months,), one.weight) for one in terms.intervals if math.isinf(one.stop_months)]


def _ended(terms: Terms | Atom) -> list[tuple[tuple[float, ...], float]]:
    found = [one for one in terms.intervals if math.isfinite(one.stop_months)]
    return [((one.start_months, one.stop_months), one.weight) for one in found]
