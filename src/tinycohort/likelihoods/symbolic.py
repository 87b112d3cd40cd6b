"""Log-likelihoods as PyTensor sees them: the same functions over its operations, and a distribution made of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..numerics import Operations

__all__ = ["distribution", "pytensor_operations"]


def pytensor_operations() -> Operations:
    """PyTensor's counterparts of the operations that log-likelihoods are written with."""
    import pytensor.tensor as pt

    def up_to(last: Any) -> Any:
        return pt.arange(pt.max(last) + 1).astype("float64")

    def tabulate(log_coefficients: Any) -> Any:
        return log_coefficients

    def log_polynomial(theta: Any, log_coefficients: Any) -> Any:
        powers = pt.arange(log_coefficients.shape[-1]).astype("float64")
        return pt.logsumexp(log_coefficients + powers * theta[..., None], axis=-1)  # type: ignore[attr-defined]

    return Operations(
        exp=pt.exp,
        log=pt.log,
        log1p=pt.log1p,
        expm1=pt.expm1,
        softplus=pt.softplus,
        gammaln=pt.gammaln,
        erfcx=pt.erfcx,
        log_ndtr=_log_ndtr,
        where=pt.switch,
        minimum=pt.minimum,
        maximum=pt.maximum,
        floor=pt.floor,
        ceil=pt.ceil,
        up_to=up_to,
        tabulate=tabulate,
        log_polynomial=log_polynomial,
    )


def _log_ndtr(x: Any) -> Any:
    """log of the standard normal distribution function, to machine precision on both sides.

    PyMC's own rests on a square root of two in single precision, and is good to eight digits only. Each branch sees
    only its own side, so that neither can make the other's gradient undefined.
    """
    import pytensor.tensor as pt

    below, above = pt.minimum(x, 0.0), pt.maximum(x, 0.0)
    root = math.sqrt(0.5)
    lower = pt.log(0.5 * pt.erfcx(-root * below)) - 0.5 * below**2
    return pt.switch(x < 0.0, lower, pt.log1p(-0.5 * pt.erfc(root * above)))


def distribution(kind: Any, theta: Any, data: Mapping[str, Any], prefix: str, dims: str) -> Any:
    """A PyMC distribution of the one observed column, by the log-likelihood and the draws of `kind`, a `Likelihood`."""
    import pymc

    (observed,) = kind.observed
    known = [name for name in kind.columns if name != observed]
    operations = pytensor_operations()

    def logp(value: Any, theta: Any, *columns: Any) -> Any:
        return kind.log_likelihood(theta, {observed: value, **dict(zip(known, columns, strict=True))}, operations)

    def random(theta: Any, *columns: Any, rng: np.random.Generator, size: Any) -> Any:
        shape = np.broadcast_shapes(np.shape(theta), *(np.shape(column) for column in columns))
        everywhere, *own = (np.broadcast_to(array, size or shape) for array in (theta, *columns))
        return kind.draw(everywhere, dict(zip(known, own, strict=True)), rng)[observed]

    return pymc.CustomDist(
        f"{prefix}{observed}",
        theta,
        *(data[name] for name in known),
        logp=logp,
        random=random,
        observed=data[observed],
        dims=dims,
    )
