"""Bayes factors, and how far they hang on the priors that only one of two models has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..compiled import CompiledModel
from ..engines.run import run
from ..posterior import Fit
from ..priors import (
    Cauchy,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Logistic,
    LogNormal,
    LogStudentT,
    Normal,
    Prior,
    StudentT,
    Uniform,
)
from .sameness import quasi_reason
from .scores import exact_fit

__all__ = ["BayesFactor", "bayes_factor", "own_priors", "rescaled", "shared_prior_differences"]

# What is multiplied, divided, or moved by the logarithm, to make a prior so many times as wide.
_TIMES: dict[type[Prior], tuple[str, ...]] = {
    Normal: ("sigma",), Logistic: ("scale",), StudentT: ("sigma",), Cauchy: ("scale",), HalfNormal: ("sigma",),
    HalfCauchy: ("scale",), HalfStudentT: ("sigma",), InverseGamma: ("beta",),
}  # fmt: skip
_OVER: dict[type[Prior], str] = {Exponential: "rate", Gamma: "beta"}
_MOVED: dict[type[Prior], str] = {LogNormal: "mu", LogStudentT: "mu"}
FACTORS = (0.5, 2.0)
# Which parameter it is: that of a whole distribution of cohorts, or each cohort's own.
_OF_EACH = "each cohort's theta"


class BayesFactor(NamedTuple):
    """How much likelier the data are under a model than under another.

    Attributes
    ----------
    log : float or None
        Logarithm of it.
    why_not : str
        Why there is none.
    quasi : str
        Why it is none in the strict sense: a pseudo-Bayes factor; empty if it is one.
    sensitivity : tuple of dict
        For each prior that only one of the two has: model, parameter, prior, factor, log (or None).
    caveats : tuple of str
        What must be said of it.
    """

    log: float | None
    why_not: str = ""
    quasi: str = ""
    sensitivity: tuple[dict[str, Any], ...] = ()
    caveats: tuple[str, ...] = ()


def bayes_factor(name: str, fit: Fit, against: str, other: Fit) -> BayesFactor:
    """The Bayes factor of a model against another that saw the same data."""
    if powers_of(fit.compiled) != powers_of(other.compiled):
        return BayesFactor(None, "the two discount the data differently: their likelihoods are not of the same thing")
    evidences = [log_evidence(one) for one in (fit, other)]
    lacking = [n for n, one in zip((name, against), evidences, strict=True) if one is None]
    if evidences[0] is None or evidences[1] is None:
        return BayesFactor(None, f"no log marginal likelihood of {' and '.join(lacking)}")
    quasi = quasi_reason(fit.compiled) or quasi_reason(other.compiled) or ""
    rows: list[dict[str, Any]] = []
    for sign, one, place, rest in ((1.0, fit, name, other), (-1.0, other, against, fit)):
        base = evidences[1] if sign > 0 else evidences[0]
        for parameter in own_priors(one.compiled, rest.compiled):
            for factor, wide, found in _at_other_scales(one, parameter):
                log = None if found is None else sign * (found - base)
                rows.append({"model": place, "parameter": parameter, "prior": wide, "factor": factor, "log": log})
    caveats = tuple(
        f"{parameter} has the prior {a} in {name} and {b} in {against}: their Bayes factor compares these priors too"
        for parameter, a, b in shared_prior_differences(fit.compiled, other.compiled)
    )
    return BayesFactor(evidences[0] - evidences[1], "", quasi, tuple(rows), caveats)


def powers_of(model: CompiledModel) -> dict[str, float]:
    """The powers below one to which likelihoods of cohorts count, by their labels."""
    return {label: float(power) for label, power in zip(model.labels, model.powers, strict=True) if power < 1.0}


def log_evidence(fit: Fit) -> float | None:
    """Log marginal likelihood, by the exact engine where the fit was sampled and that applies."""
    exact = exact_fit(fit)
    found = None if exact is None else exact.posterior.log_marginal_likelihood
    return found if found is not None and math.isfinite(found) else None


def _role(model: CompiledModel, parameter: str) -> str:
    return _OF_EACH if parameter == "mu" and model.pooling.name == "none" else parameter


def own_priors(model: CompiledModel, other: CompiledModel) -> list[str]:
    """Parameters of a model whose prior the other lacks.

    Under pooling ``none`` what is called mu is each cohort's own theta, and no model of a distribution has that.
    """
    theirs = {_role(other, name) for name in other.priors}
    return [name for name in model.priors if _role(model, name) not in theirs]


def shared_prior_differences(model: CompiledModel, other: CompiledModel) -> list[tuple[str, str, str]]:
    """Parameters that both have, of which they believe different things."""
    return [
        (name, str(prior), str(other.priors[name]))
        for name, prior in model.priors.items()
        if name in other.priors and _role(model, name) == _role(other, name) and prior != other.priors[name]
    ]


def _at_other_scales(fit: Fit, parameter: str) -> list[tuple[float, str | None, float | None]]:
    """The log marginal likelihood with one prior half and twice as wide; made once for each fit."""
    key = ("at other scales", parameter)
    if key not in fit.kept:
        found: list[tuple[float, str | None, float | None]] = []
        for factor in FACTORS:
            wide = rescaled(fit.compiled.priors[parameter], factor)
            if wide is None:
                found.append((factor, None, None))
                continue
            model = dataclasses.replace(fit.compiled, priors={**fit.compiled.priors, parameter: wide})
            again = run(model, "exact", fit.provenance["seed"])
            value = again.posterior.log_marginal_likelihood if again.reportable else None
            found.append((factor, str(wide), value))
        fit.kept[key] = found
    rows: list[tuple[float, str | None, float | None]] = fit.kept[key]
    return rows


def rescaled(prior: Prior, factor: float) -> Prior | None:
    """A prior so many times as wide: around its centre, or from zero on; None for one that has no scale.

    Examples
    --------
    >>> from tinycohort.priors import Beta, Gamma, HalfNormal
    >>> rescaled(HalfNormal(0.5), 2.0), rescaled(Gamma(2, 4), 2.0), rescaled(Beta(1, 1), 2.0)
    (HalfNormal(sigma=1.0), Gamma(alpha=2.0, beta=2.0), None)
    """
    kind = type(prior)
    if kind is Uniform:
        low, high = prior.support
        centre = 0.0 if low == 0.0 else 0.5 * (low + high)
        if low < 0.0 or low == 0.0:
            return Uniform(centre + factor * (low - centre), centre + factor * (high - centre))
        return None
    if kind in _TIMES:
        return dataclasses.replace(prior, **{name: getattr(prior, name) * factor for name in _TIMES[kind]})
    if kind in _OVER:
        return dataclasses.replace(prior, **{_OVER[kind]: getattr(prior, _OVER[kind]) / factor})
    if kind in _MOVED:
        return dataclasses.replace(prior, **{_MOVED[kind]: getattr(prior, _MOVED[kind]) + math.log(factor)})
    return None


def as_plain(found: Mapping[str, BayesFactor]) -> dict[str, Any]:
    """The same as plain types."""
    return {name: {**one._asdict(), "sensitivity": list(one.sensitivity), "caveats": list(one.caveats)}
            for name, one in found.items()}  # fmt: skip
