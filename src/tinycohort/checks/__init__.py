"""`show`: everything that is known about one row of the evidence, or what a model would do before it does it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..evidence import Evidence, read_evidence
from ..spec import ModelSpec, bundled_models, read_model
from .expected import prior_predictive
from .facts import gather
from .layout import WIDTH, Shown
from .model_page import show_model
from .names import unknown_name
from .page import lay_out
from .wording import contradiction_text, read_as

__all__ = ["WIDTH", "Shown", "contradiction_text", "prior_predictive", "read_as", "show"]


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
        Print it, or see it in a notebook; ``text(width)`` has lines of another width than 80. For a model: who may
        speak, what it would use, what it leaves out and why, its priors with their reasons, and what it expects before
        it has seen a number. ``to_dict()`` gives the same as plain types.

    Raises
    ------
    InputError
        Nothing is called so (with a suggestion), or the model or the evidence cannot be used.

    Examples
    --------
    >>> import tinycohort as tc
    >>> print(tc.show("sato_2020_response").lines[1].strip())
    read as           2 of 12, 0.167
    """
    evidence = read_evidence() if evidence is None else evidence
    if not isinstance(what, str):
        return show_model(read_model(what), evidence)
    if (facts := gather(what, evidence)) is not None:
        return lay_out(facts)
    if _is_model(what, evidence):
        return show_model(read_model(what), evidence)
    raise unknown_name(what, evidence)


def _is_model(text: str, evidence: Evidence) -> bool:
    """Whether somebody who types this means a model: its name with or without a variant, or a path."""
    if text.partition(":")[0] in bundled_models() or ".toml" in text:
        return True
    head = text.partition("/")[0]
    return ("/" in text or os.sep in text) and head not in evidence.cohorts and head not in evidence.patients
