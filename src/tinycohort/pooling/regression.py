"""`regression`: as `partial` or `common`, around a line in a few covariates of the cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import Issue
from ..priors import Normal, Prior
from .anchors import Anchors, anchored_z
from .base import Pooling

__all__ = ["MOST_COVARIATES", "Regression"]

MOST_COVARIATES = 3


@dataclass(frozen=True)
class Regression(Pooling):
    """theta_j = mu + sum_k beta_k (x_jk - centre_k) + tau z_j: mu is that of a cohort whose covariates are the centres.

    Parameters
    ----------
    over : {"partial", "common"}
        Whether cohorts vary around the line; under ``common`` there is no tau.
    names : tuple of str
        The covariates.
    centres : tuple of float
        The value of each at which mu is meant.

    Examples
    --------
    >>> Regression("partial", ("year",), (2020.0,)).formula
    'theta_j ~ Normal(mu + beta_year (year_j - 2020), tau)'
    """

    over: str
    names: tuple[str, ...]
    centres: tuple[float, ...]
    name = "regression"
    anchored = True
    beside = "covariates"
    direct = False
    written = False

    @property
    def slopes(self) -> tuple[str, ...]:
        """Names of the slopes, in the order of the covariates."""
        return tuple(f"beta_{name}" for name in self.names)

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("mu", *(("tau",) if self.over == "partial" else ()), *self.slopes)

    @property
    def free(self) -> tuple[str, ...]:
        return (*self.parameters, *(("z",) if self.over == "partial" else ()))

    @property
    def formula(self) -> str:
        terms = [
            f"beta_{name} {name}_j"
            if centre == 0.0
            else f"beta_{name} ({name}_j {'-' if centre > 0 else '+'} {abs(centre):g})"
            for name, centre in zip(self.names, self.centres, strict=True)
        ]
        line = " + ".join(["mu", *terms])
        return f"theta_j ~ Normal({line}, tau)" if self.over == "partial" else f"theta_j = {line}"

    @property
    def variance(self) -> float:
        return 1.0 if self.over == "partial" else 0.0

    def per_cohort(self, rows: Sequence[Any]) -> Any:
        """Each cohort's covariates less the centres (cohort, covariate)."""
        return np.array([row.covariates for row in rows], float).reshape(len(rows), -1) - np.array(self.centres)

    def row_issues(self, rows: Sequence[Any]) -> list[Issue]:
        mend = f"Give its {', '.join(self.names)}, or leave the cohort out."
        return [
            Issue(f"cohort {row.label!r}", "a covariate is missing", mend)
            for row in rows
            if len(row.covariates) != len(self.names) or not np.isfinite(row.covariates).all()
        ]

    def remarks(self, rows: Sequence[Any]) -> list[str]:
        x = self.per_cohort(rows)
        found = [
            f"{name} is the same in all cohorts: its slope is its prior's"
            for name, same in zip(self.names, np.ptp(x, axis=0) == 0.0, strict=True)
            if same
        ]
        if not found and len(rows) > 1 and np.linalg.matrix_rank(x - x.mean(axis=0)) < len(self.names):
            found.append("Some covariates follow from the others in these cohorts: their priors tell the slopes apart")
        return found

    def move(self, at: Mapping[str, float]) -> Any:
        """From the centres to other values of the covariates: how far in each (covariate,)."""
        return np.array([at[name] - centre for name, centre in zip(self.names, self.centres, strict=True)])

    def _line(self, point: Mapping[str, Any], covariates: Any) -> Any:
        """mu and what the covariates add to it (..., cohort)."""
        slopes = np.stack([np.asarray(point[name], float) for name in self.slopes], axis=-1)
        return np.asarray(point["mu"], float)[..., None] + slopes @ np.asarray(covariates).T

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        line = self._line(point, groups)
        if self.over == "common":
            return line
        return line + np.asarray(point["tau"], float)[..., None] * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        if self.over == "common":
            return hyper
        return hyper + Normal(0.0, 1.0).log_density(np.asarray(point["z"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        unknown = {name: priors[name].pymc(name) for name in self.parameters}
        line = unknown["mu"] + pymc.math.dot(groups, pymc.math.stack([unknown[name] for name in self.slopes]))
        if self.over == "partial":
            line = line + unknown["tau"] * anchored_z(line, unknown["tau"], anchors)
        return pymc.Deterministic("theta", line, dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        drawn: dict[str, Any] = {name: np.asarray(priors[name].draw(rng, size)) for name in self.parameters}
        z = {"z": rng.standard_normal((*drawn["mu"].shape, len(groups)))} if self.over == "partial" else {}
        return drawn | {"theta": self.theta(drawn | z, groups)} | self.draw_new(drawn, rng)

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu = np.asarray(draws["mu"])
        return {"theta_new_cohort": mu + self.spread(draws) * rng.standard_normal(mu.shape)}
