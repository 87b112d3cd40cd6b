"""Short ways to fit made-up data, and to ask a fit for one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

import tinycohort as tc
from tinycohort.compiled import CompiledModel, Row
from tinycohort.families import FAMILIES, Family
from tinycohort.likelihoods import LIKELIHOODS, Likelihood
from tinycohort.pooling import POOLINGS
from tinycohort.priors import prior

Z = float(stats.norm.ppf(0.975))
#: What a pooling is told beside its name.
SETTINGS: dict[str, dict[str, Any]] = {
    "student": {"nu": 4.0},
    "exnex": {"exchangeable": 0.6},
    "mem": {"exchangeable": 0.5, "structure": "sets"},
    "design": {"reference": "randomised", "classes": ("observational",)},
    "power": {"over": "partial"},
    "regression": {"over": "partial", "names": ("year",), "centres": (2.0,)},
}
#: Of the first cohorts, and of all others, where the pooling must know.
_GROUPS = {"design": ("randomised", "observational"), "commensurate": ("historical", "current")}
SHOWN = {"lower": 0.025, "median": 0.5, "upper": 0.975}


def compiled(
    kind: str | Likelihood,
    family: Family,
    pooling: str,
    data: Mapping[str, Sequence[float]],
    priors: Mapping[str, str],
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> CompiledModel:
    """A compiled model of numbers typed in; priors that the pooling does not have are left out.

    Without `groups`, cohorts go in pairs; or the first two are of the one class, and the others of the other. Powers
    fall, and covariates rise, from cohort to cohort.
    """
    assert FAMILIES[family.name] is type(family)
    way = POOLINGS[pooling](**SETTINGS.get(pooling, {}))
    size = len(next(iter(data.values())))
    names = labels or [f"cohort {j + 1}" for j in range(size)]
    first, other = _GROUPS.get(pooling, ("", ""))
    own = groups or [f"group {1 + j // 2}" if way.grouped else first if j < 2 else other for j in range(size)]
    further: list[dict[str, Any]] = [{} for _ in names]
    if pooling == "power":
        further = [{"power": 1.0 / (1 + j)} for j in range(size)]
    if pooling == "regression":
        further = [{"covariates": (0.5 * j,)} for j in range(size)]
    return CompiledModel(
        name="made up",
        family=family,
        likelihood=LIKELIHOODS[kind]() if isinstance(kind, str) else kind,
        pooling=way,
        priors={name: prior(priors[name]) for name in way.parameters},
        rows=tuple(Row(label, group=group, **beside) for label, group, beside in zip(names, own, further, strict=True)),
        data=data,
    )


def normal_fit(
    estimates: Sequence[float],
    errors: Sequence[float],
    mu: str,
    tau: str | None = None,
    pooling: str = "partial",
    **options: Any,
) -> tc.Fit:
    """Estimates with their standard errors, as `pool` takes them: with the ends of their 95% intervals."""
    y, s = np.asarray(estimates, float), np.asarray(errors, float)
    return tc.pool(
        estimates=y.tolist(),
        lower=(y - Z * s).tolist(),
        upper=(y + Z * s).tolist(),
        mu=mu,
        tau=tau,
        pooling=pooling,
        seed=1,
        **options,
    )


def quantile(fit: tc.Fit, p: float, target: str, cohort: int | None = None, natural: bool = False) -> float:
    """One quantile of one marginal."""
    return float(fit.posterior.marginal(target, cohort, natural).quantile(np.array([p]))[0])
