"""From a model and its data to a Fit, by either engine; and back from a file."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..compiled import CompiledModel, compile_model, select
from ..evidence import Evidence, Selection
from ..issues import InputError, Issue
from ..pooling import Design, Regression
from ..posterior import Fit, Posterior
from ..posterior.fit import FORMAT
from ..priors import Normal
from ..spec import ModelSpec, read_model

if TYPE_CHECKING:
    import xarray

__all__ = ["ENGINES", "fit", "read_fit", "run", "run_issues"]

ENGINES = ("auto", "exact", "nuts")
_EXACT_POOLINGS = (
    "none", "common", "partial", "student", "nested", "exnex", "mem", "design", "power", "commensurate", "regression",
)  # fmt: skip
# Spreads of biases that are integrated beside mu and tau: two are right, and take minutes.
_MOST_SPREADS = 1
# Of survival, where one scalar and at most one shared shape are unknown of a cohort.
_EXACT_CURVES = ("exponential", "weibull", "log_normal", "log_logistic")
_EXACT_SHAPES, _POOLINGS_OF_CURVES = ("fixed", "shared"), ("none", "common", "partial")
_CHAINS, _DRAWS = 4, 1000
# Fewest that leave anything to diagnose.
_LEAST = {"chains": 1, "draws": 4, "tune": 1}
_LARGEST_SEED = 2**63


def fit(
    model: ModelSpec | str | os.PathLike[str] | Mapping[str, Any],
    evidence: Evidence,
    engine: str = "auto",
    seed: int | None = None,
    **sampler: Any,
) -> Fit:
    """Fit a model to the evidence that it selects.

    Parameters
    ----------
    model : ModelSpec, str, path or mapping
        A model, or what `read_model` makes one of.
    evidence : Evidence
        As `read_evidence` returns it.
    engine : {"auto", "exact", "nuts"}
        ``auto`` takes the exact engine wherever it applies.
    seed : int, optional
        Of every random number in the fit; drawn afresh and recorded when not given.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        The model or the evidence cannot be used, or the engine does not apply.

    Examples
    --------
    >>> import tinycohort as tc
    >>> result = tc.fit("response_pd1", tc.read_evidence())
    >>> result.reportable
    True
    """
    spec = read_model(model)
    compiled = compile_model(spec, evidence)
    digests = {"model": spec.digest, "evidence": evidence.digest}
    return run(compiled, engine, seed, model=spec, evidence=select(spec, evidence), digests=digests, **sampler)


def run(
    compiled: CompiledModel,
    engine: str = "auto",
    seed: int | None = None,
    *,
    model: Any = None,
    evidence: Any = None,
    digests: Mapping[str, str] | None = None,
    **sampler: Any,
) -> Fit:
    """Fit a compiled model.

    Parameters
    ----------
    compiled : CompiledModel
        Model and data.
    engine : {"auto", "exact", "nuts"}
        ``auto`` takes the exact engine wherever it applies.
    seed : int, optional
        Of every random number in the fit; drawn afresh and recorded when not given.
    model, evidence : optional
        Kept with the fit.
    digests : mapping, optional
        Further digests for the provenance.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Raises
    ------
    InputError
        An unknown engine, an engine that does not apply, or a seed that is not a whole number.
    """
    applies, why_not = exact_applies(compiled)
    issues = run_issues(engine, seed, sampler, compiled.pooling.name)
    if not issues and not compiled.pooling.sampled and (engine == "nuts" or not applies):
        what = f"pooling {compiled.pooling.name!r} is answered by enumeration, and NUTS does not sample structures"
        mend = 'Use engine="exact".' if applies else f"Choose another pooling: enumeration does not know {why_not}."
        issues.append(Issue("engine", what, mend))
    if engine == "exact" and not applies and not issues:
        issues.append(Issue("engine", f"the exact engine does not know {why_not}", 'Use engine="nuts".'))
    if issues:
        raise InputError(issues)
    chosen = engine if engine != "auto" else "exact" if applies else "nuts"
    seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1) if seed is None else int(seed)
    begun, clock = datetime.now(UTC), time.perf_counter()
    posterior = _solve(compiled, chosen, seed, sampler)
    provenance = {
        "model": compiled.name,
        "digests": {"data_and_model": compiled.digest, **(digests or {})},
        "engine": chosen,
        "seed": seed,
        "versions": _versions(chosen),
        "started": begun.isoformat(timespec="seconds"),
        "seconds": time.perf_counter() - clock,
    }
    if chosen == "nuts":
        provenance["target_accept"] = posterior.diagnostics.get("target_accept")
    return Fit(compiled, posterior, provenance, model=model, evidence=evidence, make_draws=_make_draws)


def exact_applies(compiled: CompiledModel) -> tuple[bool, str]:
    """Whether the exact engine integrates a model, and if not, what it does not know of it."""
    pooling, shape = compiled.pooling.name, compiled.shape
    if getattr(compiled.pooling, "components", 1) > 1:
        return False, "several exchangeable components"
    if isinstance(compiled.pooling, Design):
        if not all(isinstance(compiled.priors[f"bias_{one}"], Normal) for one in compiled.pooling.classes):
            return False, "biases whose prior is not normal"
        several = len(compiled.pooling.classes)
        if several > _MOST_SPREADS:
            return False, f"more than one class of designs beside the reference ({several} here)"
    if isinstance(compiled.pooling, Regression) and len(compiled.pooling.names) > 1:
        return False, f"more than one covariate ({len(compiled.pooling.names)} here)"
    if shape is None:
        return pooling in _EXACT_POOLINGS, f"pooling {pooling!r}"
    if compiled.family.name not in _EXACT_CURVES:
        return False, f"curves of {compiled.family.name}"
    if shape.kind not in _EXACT_SHAPES:
        return False, "shapes that vary over cohorts"
    if shape.kind == "fixed" and pooling != "student" and not compiled.pooling.grouped:
        return pooling in _EXACT_POOLINGS, f"pooling {pooling!r}"
    return pooling in _POOLINGS_OF_CURVES, f"pooling {pooling!r} of survival whose shape is unknown"


def run_issues(engine: Any, seed: Any, sampler: Mapping[str, Any], pooling: str) -> list[Issue]:
    """Everything that is wrong with the choice of engine, its settings and the seed."""
    issues = []
    if engine not in ENGINES:
        issues.append(Issue("engine", f"unknown engine {engine!r}", f"Choose one of {', '.join(ENGINES)}."))
    elif engine == "exact" and pooling not in _EXACT_POOLINGS:
        what = f"the exact engine does not know pooling {pooling!r}"
        issues.append(Issue("engine", what, 'Use engine="nuts".'))
    elif engine != "nuts" and sampler:
        mend = 'Give engine="nuts", or leave it out.'
        issues.append(Issue(", ".join(sampler), "the exact engine takes no sampler settings", mend))
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed < _LARGEST_SEED):
        what = f"{seed!r} is not a whole number, zero or more"
        if whole and seed > 0:
            what = f"{seed!r} is not below {_LARGEST_SEED}"
        issues.append(Issue("seed", what, "Give one such as 1."))
    return issues + [issue for name, value in sampler.items() for issue in _setting_issues(name, value)]


def _setting_issues(name: str, value: Any) -> list[Issue]:
    if name == "target_accept":
        if isinstance(value, float) and 0.0 < value < 1.0:
            return []
        return [Issue(name, f"{value!r} is not between 0 and 1", "Give a probability, such as 0.95.")]
    if name not in _LEAST:
        mend = f"Known: {', '.join([*_LEAST, 'target_accept'])}."
        return [Issue(name, f"unknown sampler setting {name!r}", mend)]
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= _LEAST[name]:
        return []
    return [Issue(name, f"{value!r} is not a whole number of at least {_LEAST[name]}", "Give one such as 1000.")]


def _solve(compiled: CompiledModel, engine: str, seed: int, sampler: Mapping[str, Any]) -> Posterior:
    if engine == "exact":
        from .exact import solve

        return solve(compiled)
    from .nuts import sample

    return sample(compiled, seed, **sampler)


def _versions(engine: str) -> dict[str, str]:
    import scipy

    versions = {"tinycohort": __version__, "python": platform.python_version()}
    versions |= {"numpy": np.__version__, "scipy": scipy.__version__}
    if engine == "nuts":
        from importlib import metadata

        versions |= {name: metadata.version(name) for name in ("pymc", "pytensor", "nutpie", "arviz")}
    return versions


def _make_draws(fit: Fit) -> xarray.DataTree:
    from ..posterior.tree import build_tree

    seed = fit.provenance["seed"]
    arrays = fit.posterior.draws(_CHAINS, _DRAWS, seed)
    tree = build_tree(fit.compiled, arrays, seed, getattr(fit.posterior, "sample_stats", None))
    tree.attrs |= {"inference_library": "tinycohort", "created_at": fit.provenance["started"]}
    tree.attrs["inference_library_version"] = fit.provenance["versions"]["tinycohort"]
    tree.attrs["sampling_time"] = fit.provenance["seconds"]
    return tree


def read_fit(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `Fit.save` wrote: same numbers, same draws, same provenance.

    Parameters
    ----------
    path : path
        A netCDF file.

    Raises
    ------
    InputError
        No such file, not a file of this kind, or one whose stored numbers this version does not reproduce.

    Examples
    --------
    >>> import tempfile, tinycohort as tc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = tc.pool(events=[1, 7], totals=[8, 27], seed=1).save(f"{folder}/fit.nc")
    ...     tc.read_fit(saved).reportable
    True
    """
    tree, stored = _open(Path(path))
    compiled = CompiledModel.from_dict(stored["compiled"])
    posterior = _restore(compiled, tree, stored, Path(path))
    return Fit(
        compiled,
        posterior,
        stored["provenance"],
        model=None if stored["model"] is None else read_model(stored["model"]),
        evidence=None if stored["evidence"] is None else Selection.from_dict(stored["evidence"]),
        make_draws=lambda _: tree,
    )


def _open(path: Path) -> tuple[xarray.DataTree, dict[str, Any]]:
    import xarray

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(Issue(str(path), what, "Give a file that Fit.save wrote."))
    try:
        with xarray.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(Issue(str(path), f"cannot be read ({error})", "Give a file that Fit.save wrote.")) from None
    if "tinycohort" not in tree.attrs:
        raise InputError(Issue(str(path), "holds no tinycohort fit", "Give a file that Fit.save wrote."))
    stored = json.loads(tree.attrs.pop("tinycohort"))
    if stored["format"] != FORMAT:
        what = f"is of format {stored['format']}, and this version reads {FORMAT}"
        raise InputError(Issue(str(path), what, "Read it with the version that wrote it."))
    return tree, stored


def _restore(compiled: CompiledModel, tree: xarray.DataTree, stored: Mapping[str, Any], path: Path) -> Posterior:
    if stored["provenance"]["engine"] == "nuts":
        from ..posterior.tree import DRAWN
        from .nuts import DrawsPosterior

        group = tree["posterior"].dataset
        arrays = {
            name: group[name].transpose("chain", "draw", ...).values
            for name in dict.fromkeys([*DRAWN, *compiled.pooling.parameters])
            if name in group
        }
        stats = tree["sample_stats"].dataset if "sample_stats" in tree.children else {}
        record = {str(name): np.asarray(stats[name].values) for name in stats}
        return DrawsPosterior(compiled, arrays, record, stored["provenance"].get("target_accept"))
    from .exact import solve

    posterior = solve(compiled)
    was, now = stored["log_marginal_likelihood"], posterior.log_marginal_likelihood
    if now is None or not abs(was - now) < 1e-6:
        version = stored["provenance"]["versions"]["tinycohort"]
        what = f"log marginal likelihood {was!r} by version {version}, {now!r} by this one"
        raise InputError(Issue(str(path), what, "Fit it again, or read it with the version that wrote it."))
    return posterior
