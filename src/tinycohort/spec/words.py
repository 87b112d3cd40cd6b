"""Closed words of model files, and what to say when somebody writes another."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = [
    "AT_BASELINE", "DECISIONS", "FORMAT", "FUNCTIONALS", "LEVELS", "NOTHING", "OF_CURVES", "ORIGINS", "OVERALL",
    "POLICIES",
    "RELATIONS", "TARGETS", "WORD", "FrozenMapping", "freeze", "is_unicode", "suggest", "thaw",
]  # fmt: skip

FORMAT = 1
"""The version of the format of model files that this package reads."""

# The words for origins and relations are the evidence's, which the model side may not import; a test holds them equal.
ORIGINS = ("document", "cited", "primary", "secondary")
RELATIONS = ("same_people", "a_within_b", "some_shared", "suspected")
POLICIES = ("keep_larger", "keep_both", "refuse")
DECISIONS = ("used", "other")
LEVELS = ("cohort", "patient", "either")
FUNCTIONALS = (
    "probability", "ratio", "difference", "median", "survival", "hazard", "restricted_mean", "probability_above",
    "probability_below", "predicted_events", "risk_difference", "risk_ratio", "heterogeneity",
)  # fmt: skip
#: What a ratio of odds comes to at a stated risk without the treatment.
AT_BASELINE = ("risk_difference", "risk_ratio")
#: What is asked of a survival curve at a time, or until one.
OF_CURVES = ("survival", "hazard", "restricted_mean")
TARGETS = ("typical", "average", "new_cohort", "cohort", "group", "new_cohort_in_group")

#: Targets that are of no cohort and no group in particular.
OVERALL = ("typical", "average", "new_cohort")

WORD = re.compile(r"[a-z][a-z0-9_]*")


def suggest(word: object, known: Iterable[str]) -> str:
    """Advice to somebody who wrote `word`: the nearest known one, if any is near, and all of them."""
    known = tuple(known)
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Known: {', '.join(known)}."


def is_unicode(text: str) -> bool:
    """Whether a text can be written to a file at all: lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class FrozenMapping(Mapping[str, Any]):
    """A mapping that never changes: it can be hashed, compared, copied and pickled, unlike a mappingproxy.

    Parameters
    ----------
    items : mapping or iterable of pairs
        What it holds; values must be hashable for the mapping to be.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        object.__setattr__(self, "_items", dict(items))

    def __getitem__(self, key: str) -> Any:
        return self._items[key]  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._items)  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._items,)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return repr(self._items)  # type: ignore[attr-defined]


NOTHING = FrozenMapping()


def freeze(value: Any) -> Any:
    """Lists as tuples and mappings as `FrozenMapping`, all the way down."""
    if isinstance(value, Mapping):
        return FrozenMapping({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """The reverse: plain lists and dictionaries, which are copies."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(item) for item in value]
    return value
