"""Prior distributions: their density, distribution function and tails in NumPy, their PyMC twin when one is built.

Only ``scipy.special`` is used, so that a quadrature answer does not wait for ``scipy.stats``.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping
from typing import Any

from ..issues import InputError, Issue
from .base import Prior
from .location import Beta, Cauchy, Logistic, LogitBeta, Normal, StudentT
from .published import Turner2015
from .scale import (
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    LogNormal,
    LogStudentT,
    Uniform,
)

__all__ = [
    "PRIORS", "Beta", "Cauchy", "Exponential", "Gamma", "HalfCauchy", "HalfNormal", "HalfStudentT", "InverseGamma",
    "LogNormal", "LogStudentT", "LogitBeta", "Logistic", "Normal", "Prior", "StudentT", "Turner2015", "Uniform",
    "prior",
]  # fmt: skip

PRIORS: dict[str, type[Prior]] = {
    cls.__name__: cls
    for cls in (
        Normal, Logistic, StudentT, Cauchy, Beta, HalfNormal, HalfCauchy, HalfStudentT, LogNormal, LogStudentT,
        Exponential, Gamma, InverseGamma, Uniform, Turner2015,
    )
}  # fmt: skip

_SPELLING = re.compile(r"\s*([A-Za-z][A-Za-z0-9]*)\s*\(([^()]*)\)\s*")


def prior(value: Prior | str | Mapping[str, Any], where: str = "prior") -> Prior:
    """Read a prior as it is typed in Python, at the command line or in a model file.

    Parameters
    ----------
    value : Prior, str or mapping
        ``Normal(0, 1)``, ``"Normal(0, 1)"``, ``"Normal(mu=0, sigma=1)"`` or
        ``{"dist": "Normal", "mu": 0, "sigma": 1}``.
    where : str
        What to call its place in an error.

    Raises
    ------
    InputError
        An unknown name (with a suggestion), or parameters that are missing, unknown or out of range.

    Examples
    --------
    >>> prior("HalfNormal(0.5)")
    HalfNormal(sigma=0.5)
    """
    if isinstance(value, Prior):
        return value
    if isinstance(value, Mapping):
        rest = dict(value)
        return _build(str(rest.pop("dist", "")), (), rest, where)
    match = _SPELLING.fullmatch(str(value))
    if match is None:
        raise InputError(Issue(where, f"{value!r} does not read as a prior", 'Write it like "Normal(0, 1)".'))
    positional: list[float | str] = []
    named: dict[str, float | str] = {}
    of_words = match[1] in PRIORS and any(known.metadata for known in dataclasses.fields(PRIORS[match[1]]))
    for part in filter(None, (piece.strip() for piece in match[2].split(","))):
        key, equals, number = part.rpartition("=")
        try:
            parsed = number.strip(" '\"") if of_words else float(number)
        except ValueError:
            what = f"{number.strip()!r} in {value!r} is not a number"
            raise InputError(Issue(where, what, 'Write it like "Normal(0, 1)".')) from None
        if equals:
            named[key.strip()] = parsed
        else:
            positional.append(parsed)
    return _build(match[1], tuple(positional), named, where)


def _build(name: str, positional: tuple[Any, ...], named: Mapping[str, Any], where: str) -> Prior:
    if name not in PRIORS:
        near = difflib.get_close_matches(name, PRIORS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        known = ", ".join(PRIORS)
        raise InputError(Issue(where, f"unknown prior {name!r}", f"{hint}Known: {known}."))
    cls = PRIORS[name]
    expected = [field.name for field in dataclasses.fields(cls)]
    given = dict(zip(expected, positional, strict=False)) | dict(named)
    doubled = set(expected[: len(positional)]) & set(named)
    if len(positional) > len(expected) or doubled or set(given) != set(expected):
        got = ", ".join(
            [
                *(f"{value:g}" if isinstance(value, float) else value for value in positional),
                *(f"{k}={v!r}" for k, v in named.items()),
            ]
        )
        what = f"{name}({got}) has wrong parameters"
        raise InputError(Issue(where, what, f"Write {name}({', '.join(expected)}), each of them once."))
    try:
        return cls(**given)
    except InputError as error:
        issues = [Issue(f"{where}: {issue.where}", issue.what, issue.mend) for issue in error.issues]
        raise InputError(issues) from None
