"""Fit: a posterior with the model and data it came from, and how it came to be."""

from __future__ import annotations

import html
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiled import CompiledModel
from ..issues import InputError, Issue
from ..pooling import Regression
from .base import INTERVALS, Interval, Posterior
from .summary import summarise

if TYPE_CHECKING:
    import xarray

__all__ = ["Fit"]

FORMAT = 1


class Fit:
    """What `fit`, `pool` and `read_fit` return. Estimates are there at once; draws are made when first asked for.

    Attributes
    ----------
    compiled : CompiledModel
        The model with its data.
    model : ModelSpec or None
        The model file; None when numbers were typed in.
    evidence : Selection or None
        What the model used of the evidence and what it left out; None when numbers were typed in.
    posterior : Posterior
        The engine's answer.
    provenance : dict
        Model, digests, engine, seed, versions, time.
    kept : dict
        What was made of it and would take time to make again.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> round(fit.summary()["typical"]["median"], 3)
    0.22
    """

    def __init__(
        self,
        compiled: CompiledModel,
        posterior: Posterior,
        provenance: Mapping[str, Any],
        *,
        model: Any = None,
        evidence: Any = None,
        make_draws: Callable[[Fit], xarray.DataTree],
    ) -> None:
        self.compiled, self.posterior, self.provenance = compiled, posterior, dict(provenance)
        self.model, self.evidence, self._make_draws = model, evidence, make_draws
        self.kept: dict[Any, Any] = {}

    @property
    def reportable(self) -> bool:
        """Whether its numbers may be reported."""
        return not self.posterior.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, when they may not."""
        return self.posterior.reasons

    @cached_property
    def draws(self) -> xarray.DataTree:
        """Draws with their prior, predictive and log-likelihood groups: all of ArviZ works on it."""
        return self._make_draws(self)

    def summary(self, level: float = 0.95, interval: Interval = "equal-tailed") -> dict[str, Any]:
        """Everything that is reported, as plain numbers, lists and dictionaries (see the documentation of the JSON).

        Parameters
        ----------
        level : float
            Probability of the credible intervals, between 0 and 1.
        interval : {"equal-tailed", "shortest"}
            Which interval of that probability.

        Raises
        ------
        InputError
            A level outside (0, 1) or an unknown kind of interval.
        """
        _check_interval(level, interval)
        key = ("summary", float(level), interval)
        if key not in self.kept:
            summary = summarise(self.compiled, self.posterior, float(level), interval)
            self.kept[key] = {**summary, "versions": self.provenance.get("versions", {})}
        return json.loads(json.dumps(self.kept[key]))

    def at(self, covariates: Mapping[str, float]) -> Fit:
        """The same fit, its typical, average and new cohort being those with other values of the covariates.

        `summary()["mu"]` is there, too; unless another is asked for, all are meant at the centres.

        Parameters
        ----------
        covariates : mapping of str to float
            A value of each covariate of the model.

        Raises
        ------
        InputError
            A model without covariates, one that it does not have or that is missing, or a value that is no number.
        """
        pooling = self.compiled.pooling
        known = pooling.names if isinstance(pooling, Regression) else ()
        issues = [
            Issue("at", f"{name!r} is no covariate", f"Known: {', '.join(known) or 'none'}.")
            for name in covariates
            if name not in known
        ]
        issues += [Issue("at", f"no value of {name}", "Give one.") for name in known if name not in covariates]
        issues += [
            Issue(f"at, {name}", f"{value!r} is not a finite number", "Give a number.")
            for name, value in covariates.items()
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        ]
        if issues or not isinstance(pooling, Regression):
            raise InputError(issues or [Issue("at", "the model has no covariates", "Leave it out.")])
        posterior = self.posterior.at(pooling.move(covariates))
        return Fit(
            self.compiled, posterior, self.provenance, model=self.model, evidence=self.evidence,
            make_draws=self._make_draws,
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write draws, model, data and provenance to one netCDF file; `read_fit` reads it back.

        Nothing is left behind when writing fails.

        Raises
        ------
        InputError
            The folder does not exist or may not be written to, or `path` is a folder.
        """
        target = Path(path)
        if target.is_dir():
            raise InputError(Issue(str(target), "is a folder", "Give the name of a file, such as fit.nc."))
        tree = self.draws.copy()
        tree.attrs["tinycohort"] = json.dumps(self._to_dict())
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, suffix=".nc")
        except OSError as error:
            what = f"cannot be written ({error.strerror})"
            raise InputError(
                Issue(str(target), what, "Choose a folder that exists and that you may write to.")
            ) from None
        os.close(handle)
        try:
            tree.to_netcdf(name, engine="h5netcdf")
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except OSError as error:
            raise InputError(Issue(str(target), f"cannot be written ({error})", "Choose another place.")) from None
        finally:
            Path(name).unlink(missing_ok=True)
        return target

    def _to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "compiled": self.compiled.to_dict(),
            "model": None if self.model is None else self.model.to_dict(),
            "evidence": None if self.evidence is None else self.evidence.to_dict(),
            "provenance": self.provenance,
            "diagnostics": self.posterior.diagnostics,
            "reasons": list(self.posterior.reasons),
            "log_marginal_likelihood": self.posterior.log_marginal_likelihood,
        }

    def _lines(self) -> list[str]:
        summary = self.summary()
        compiled = self.compiled
        cohorts = "1 cohort" if compiled.cohorts == 1 else f"{compiled.cohorts} cohorts"
        lines = [f"{compiled.name}: {cohorts}, {compiled.pooling.formula}, engine {summary['engine']}"]
        priors = ", ".join(f"{name} ~ {text}" for name, text in summary["priors"].items())
        lines.append(f"Priors: {priors}. Intervals are {summary['interval']}, {summary['level']:.0%}.")
        if not self.reportable:
            return [*lines, *(f"Not reportable: {reason}." for reason in self.reasons)]
        overall = ("typical", "average", "new_cohort", "tau", "tau_group", "exchangeable", "shape")
        lines += [_line(name.replace("_", " "), summary[name]) for name in overall if summary[name] is not None]
        lines += [_line(name, found) for name, found in (summary["places"] or {}).items() if found]
        inset = "  " if summary["groups"] else ""
        each = [_line(inset + cohort["label"], cohort) for cohort in summary["cohorts"]]
        for group in summary["groups"]:
            lines.append(_line(f"{group['label']}, typical", group["typical"]))
            lines += [line for line, row in zip(each, compiled.rows, strict=True) if row.group == group["label"]]
        if not summary["groups"]:
            lines += each
        return [*lines, *_exchangeable_lines(summary), *(f"{remark}." for remark in compiled.remarks)]

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def _line(name: str, row: Mapping[str, float]) -> str:
    return f"  {name:<24.24} {row['median']:8.3f}  ({row['lower']:.3f} to {row['upper']:.3f})"


def _exchangeable_lines(summary: Mapping[str, Any]) -> list[str]:
    """Which cohorts are exchangeable, where that is unknown."""
    chances = [(one["label"], one["exchangeable"]) for one in summary["cohorts"] if one["exchangeable"] is not None]
    if chances:
        return ["Exchangeable: " + ", ".join(f"{label} {chance:.2f}" for label, chance in chances) + "."]
    found = summary["exchangeability"]
    if found is None:
        return []
    sets = "; ".join(" = ".join(labels) for labels in found["most_probable"])
    return [f"Most probable ({found['probability']:.2f}): {sets}."]


def _check_interval(level: float, interval: str) -> None:
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        raise InputError(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if interval not in INTERVALS:
        raise InputError(Issue("interval", f"unknown interval {interval!r}", f"Choose one of {', '.join(INTERVALS)}."))
