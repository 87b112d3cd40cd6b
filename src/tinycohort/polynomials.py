"""Logarithms of polynomials in exp(theta) with positive coefficients: sums over the counts that may have been.

Such a logarithm is a cumulant function: convex, its slope the mean of the power and its curvature the variance. It is
added up term by term; or, where there are many terms and the roots are known to be real, tabulated once, with slope and
curvature, and interpolated.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["LogPolynomials", "log_polynomial", "tabulate"]

# Between this many powers of exp(theta) a concave log coefficient rises by less than exp() can bear.
_APART = 32
_AT_ONCE = 16384
# Terms up to which adding them up is as quick as looking them up.
_FEW = 6
# Error of an interpolated value, and the gap between nodes that no table needs to exceed.
_ERROR = 1e-13
_WIDEST_GAP = 0.08
# Relative size below which a term adds nothing to the one beside it: beyond, the logarithm is a straight line.
_LOG_NOTHING = -40.0


def log_polynomial(theta: Any, log_coefficients: Any) -> Any:
    """log of the sum over k of exp(log_coefficients[..., k] + k theta): a polynomial in exp(theta), without overflow.

    Parameters
    ----------
    theta : array (...)
        Any real numbers.
    log_coefficients : array (..., K) or LogPolynomials
        Concave in k, as those of sums of counts are; -inf for a power that is missing. Leading dimensions broadcast.
    """
    if isinstance(log_coefficients, LogPolynomials):
        return log_coefficients(theta)
    size = log_coefficients.shape[-1]
    powers = np.moveaxis(log_coefficients, -1, 0)
    shape = np.broadcast_shapes(np.shape(theta), powers.shape[1:])
    if size == 1:
        return np.broadcast_to(powers[0], shape)
    theta = np.broadcast_to(theta, shape)
    powers = powers.reshape(size, *(1,) * (len(shape) + 1 - powers.ndim), *powers.shape[1:])
    # One term in a few, and the last of them, come close enough to the largest for nothing to overflow.
    last = (powers > -np.inf).sum(axis=0) - 1
    reference = np.take_along_axis(powers, last[None], axis=0)[0] + last * theta
    for k in range(0, size, _APART):
        np.maximum(reference, powers[k] + k * theta, out=reference)
    total = np.zeros(shape)
    # Several powers at once where theta is short, one by one where it is long.
    step = max(1, _AT_ONCE // max(total.size, 1))
    for first in range(0, size, step):
        some = np.arange(first, min(first + step, size), dtype=float).reshape(-1, *(1,) * len(shape))
        terms = some * theta
        terms += powers[first : first + step] - reference
        total += np.exp(terms, out=terms).sum(axis=0)
    return reference + np.log(total)


def tabulate(log_coefficients: Any) -> Any:
    """Coefficients (J, K) of polynomials whose roots are real, in the form in which `log_polynomial` is quickest."""
    several = log_coefficients.ndim == 2 and log_coefficients.shape[-1] > _FEW
    return LogPolynomials(log_coefficients) if several else log_coefficients


class LogPolynomials:
    """Logarithms of polynomials in exp(theta), tabulated; indexed like an array of them.

    Between nodes a polynomial of the fifth degree has the value, slope and curvature of either end. Its error is a
    46080th of the sixth power of the gap times the sixth cumulant. Where all roots are real the power is distributed as
    a sum of independent events, as many as the degree, and none has a sixth cumulant above 1 / 4.

    Parameters
    ----------
    log_coefficients : array (J, K)
        As for `log_polynomial`, and such that all roots are real (and so negative): of all of a binomial, and of the
        tables of two arms with given margins.
    """

    def __init__(self, log_coefficients: Any) -> None:
        tables = [_table(np.ascontiguousarray(row[row > -np.inf]).tobytes()) for row in log_coefficients]
        self._first = np.cumsum([0, *(len(table.pieces) for table in tables)])[:-1]
        self._size = np.array([len(table.pieces) for table in tables])
        self._low, self._gap = (np.array([getattr(table, name) for table in tables]) for name in ("low", "gap"))
        self._degree = np.array([table.degree for table in tables], float)
        self._pieces = np.concatenate([table.pieces for table in tables])

    def __getitem__(self, j: Any) -> LogPolynomials:
        """Some of them, each perhaps many times."""
        some = object.__new__(LogPolynomials)
        some._pieces = self._pieces
        for name in ("_first", "_size", "_low", "_gap", "_degree"):
            setattr(some, name, getattr(self, name)[j])
        return some

    def __call__(self, theta: Any) -> Any:
        """The logarithms at theta, against which their own dimensions broadcast."""
        place = (theta - self._low) / self._gap
        inside = np.minimum(np.maximum(place, 0.0), self._size)
        piece = np.minimum(inside.astype(np.intp), self._size - 1)
        inside -= piece
        piece += self._first
        coefficients = self._pieces.take(piece, axis=0)
        value = coefficients[..., 5]
        for power in range(4, -1, -1):
            value = value * inside + coefficients[..., power]
        # Beyond the last node it is a straight line; before the first one it is level.
        return value + self._degree * self._gap * np.maximum(place - self._size, 0.0)


class _Table:
    """One of them: where its nodes are and the coefficients between them (piece, power)."""

    def __init__(self, log_coefficients: Any) -> None:
        rises = np.diff(log_coefficients)
        self.degree, powers = len(rises), np.arange(len(log_coefficients), dtype=float)
        if not self.degree:
            self.low, self.gap, self.pieces = 0.0, 1.0, np.array([[log_coefficients[0], 0.0, 0.0, 0.0, 0.0, 0.0]])
            return
        self.low, high = _LOG_NOTHING - rises[0], -_LOG_NOTHING - rises[-1]
        gap = min(_WIDEST_GAP, (46080.0 * _ERROR / (0.25 * self.degree)) ** (1 / 6))
        size = int(np.ceil((high - self.low) / gap))
        self.gap = (high - self.low) / size
        theta = np.linspace(self.low, high, size + 1)
        step = max(1, _AT_ONCE // len(powers))
        parts = [_cumulants(theta[k : k + step], log_coefficients, powers) for k in range(0, len(theta), step)]
        value, slope, curvature = np.concatenate(parts, axis=1)
        self.pieces = _quintics(value, slope, curvature, self.gap)


@lru_cache(maxsize=1024)
def _table(log_coefficients: bytes) -> _Table:
    return _Table(np.frombuffer(log_coefficients))


def _cumulants(theta: Any, log_coefficients: Any, powers: Any) -> Any:
    """Value, slope and curvature at theta (N,): an array (3, N)."""
    terms = log_coefficients + theta[:, None] * powers
    peak = terms.max(axis=1)
    share = np.exp(terms - peak[:, None])
    total = share.sum(axis=1)
    mean = share @ powers / total
    variance = (share * (powers - mean[:, None]) ** 2).sum(axis=1) / total
    return np.stack([peak + np.log(total), mean, variance])


def _quintics(value: Any, slope: Any, curvature: Any, gap: float) -> Any:
    """Coefficients (piece, power) of the polynomials between nodes, in units of the gap."""
    slope, curvature = gap * slope, gap * gap * curvature
    rise = value[1:] - value[:-1] - slope[:-1] - 0.5 * curvature[:-1]
    turn = slope[1:] - slope[:-1] - curvature[:-1]
    bend = curvature[1:] - curvature[:-1]
    highest = (
        10.0 * rise - 4.0 * turn + 0.5 * bend,
        7.0 * turn - 15.0 * rise - bend,
        6.0 * rise - 3.0 * turn + 0.5 * bend,
    )
    return np.stack([value[:-1], slope[:-1], 0.5 * curvature[:-1], *highest], axis=1)
