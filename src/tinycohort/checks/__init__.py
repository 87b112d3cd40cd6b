"""`show`: everything that is known about one row of the evidence, or what a model would do before it does it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from typing import Any

from ..evidence import Evidence, read_evidence
from ..issues import InputError, Issue
from ..spec import ModelSpec, bundled_models, read_model
from .shown import Shown
from .shown_evidence import contradiction_text, find, read_as, show_found
from .shown_model import PRIOR_DRAWS, PRIOR_SEED, prior_predictive, show_model

__all__ = ["PRIOR_DRAWS", "PRIOR_SEED", "Shown", "contradiction_text", "prior_predictive", "read_as", "show"]


def show(
    what: str | os.PathLike[str] | Mapping[str, Any] | ModelSpec,
    evidence: Evidence | None = None,
) -> Shown:
    """Show a source, cohort, outcome, patient or contradiction with all its numbers, or a model before it is fitted.

    Parameters
    ----------
    what : str, path, mapping or ModelSpec
        An identifier of the evidence; or a model, as `read_model` takes it: a bundled name, ``model:variant``, the path
        of a model file, or its content.
    evidence : Evidence, optional
        Where to look; the evidence that comes with the package when not given.

    Returns
    -------
    Shown
        Print it, or see it in a notebook. For a model: what it would use, what it leaves out and why, its priors with
        their reasons, and what it expects before it has seen a number. ``to_dict()`` gives the same as plain types.

    Raises
    ------
    InputError
        Nothing is called so (with a suggestion), or the model or the evidence cannot be used.

    Examples
    --------
    >>> import tinycohort as tc
    >>> print(tc.show("sato_2020_response").lines[1].strip())
    about      objective_response of Sato 2020, count; judged unstated; among unstated
    """
    evidence = read_evidence() if evidence is None else evidence
    if not isinstance(what, str):
        return show_model(read_model(what), evidence)
    if found := find(what, evidence):
        return show_found(what, found, evidence)
    if _is_model(what):
        return show_model(read_model(what), evidence)
    # Each name once, though a source and its cohort may share it.
    names = dict.fromkeys([*(name for table in _IDENTIFIED for name in getattr(evidence, table)), *bundled_models()])
    near = difflib.get_close_matches(what, names, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(repr(name) for name in near)}? " if near else ""
    mend = f"{hint}Models: {', '.join(bundled_models())}. Identifiers stand in the first column of each table."
    raise InputError(Issue("show", f"no row of the evidence and no model is called {what!r}", mend))


_IDENTIFIED = ("sources", "cohorts", "outcomes", "patients", "discrepancies")


def _is_model(text: str) -> bool:
    """Whether somebody who types this means a model: its name with or without a variant, or a path."""
    name = text.partition(":")[0]
    return name in bundled_models() or ".toml" in text or "/" in text or os.sep in text
