"""What somebody may have meant who typed a name that nothing has."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from ..evidence import Evidence
from ..issues import InputError, Issue
from ..spec import bundled_models

__all__ = ["unknown_name"]

#: Suggestions at most, and the fewest letters of a name that are worth looking for inside labels.
_MOST, _FEWEST = 5, 3


def unknown_name(typed: str, evidence: Evidence) -> InputError:
    """The error that says so, with the names that are near: by case and blanks, by beginning, by label, by letters."""
    owner = typed.partition("/")[0]
    if "/" in typed and (owner in evidence.cohorts or owner in evidence.patients):
        what = f"{typed!r} is one row of a baseline table or of a course, which have no names of their own"
        return InputError(Issue("show", what, f"Show them all: {owner}."))
    near = _near(typed, _labels(evidence))
    more = f" and {len(near) - _MOST} more" if len(near) > _MOST else ""
    hint = f"Did you mean {' or '.join(repr(name) for name in near[:_MOST])}{more}? " if near else ""
    mend = (
        f"{hint}Models: {', '.join(bundled_models())}. The first columns of sources, cohorts, patients, outcomes and"
        " discrepancies hold the other names."
    )
    return InputError(Issue("show", f"no row of the evidence and no model is called {typed!r}", mend))


def _labels(evidence: Evidence) -> dict[str, str]:
    """Every name that can be shown, those of most content first, with what else it is known by."""
    labels = dict.fromkeys(bundled_models(), "")
    labels |= {row.source_id: row.citation for row in evidence.sources.values()}
    for cohort in evidence.cohorts.values():
        labels[cohort.cohort_id] = f"{labels.get(cohort.cohort_id, '')} {cohort.label}"
    for name in (*evidence.patients, *evidence.outcomes, *evidence.discrepancies):
        labels.setdefault(name, "")
    return labels


def _near(typed: str, labels: Mapping[str, str]) -> list[str]:
    letters = "".join(_words(typed))
    if same := [name for name in labels if "".join(_words(name)) == letters]:
        return same
    if len(letters) < _FEWEST:
        return []
    if begins := [name for name in labels if "".join(_words(name)).startswith(letters)]:
        return begins
    sought = f" {' '.join(_words(typed))}"
    labelled = [name for name, label in labels.items() if sought in f" {' '.join(_words(label))}"]
    return labelled or difflib.get_close_matches("_".join(_words(typed)), labels, n=3, cutoff=0.6)


def _words(text: str) -> list[str]:
    """What is left of a name or a label without case, blanks and signs."""
    return re.findall(r"[0-9a-z]+", text.lower())
