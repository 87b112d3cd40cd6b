"""Which combinations of variants are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from ..issues import InputError, Issue
from ..spec import PLUS, ModelSpec, combine_variants, contradictions
from ..spec.words import suggest

__all__ = ["Combine", "combined_models"]

#: Lists of names; or "pairs"; or groups of names, of which every crossing is taken.
Combine = str | Sequence[Sequence[str]] | Mapping[str, Sequence[str]]

_PAIRS = "pairs"
_MEND = 'Give lists of variants, [["tau_100", "prospective_only"]]; or "pairs"; or groups by name, to be crossed.'


def combined_models(model: ModelSpec, combine: Combine | None) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """The combinations that are asked for, and those that cannot be, each with the reason.

    Combinations that are named one by one must be possible. Of pairs and crossings those are left out whose variants
    contradict each other, and those that come to the same model as a variant or combination before them.

    Raises
    ------
    InputError
        Names that are no variants, combinations named one by one that contradict themselves, or none of these forms.
    """
    if combine is None:
        return {}, {}
    asked, by_name = _asked(model, combine)
    unknown = sorted({name for names in asked for name in names} - set(model.variants))
    if unknown:
        raise InputError(
            [
                Issue("combine", f"model {model.name!r} has no variant {n!r}", suggest(n, model.variants))
                for n in unknown
            ]
        )
    if by_name:
        return _all_of_them(model, asked), {}
    return _possible(model, asked)


def _all_of_them(model: ModelSpec, asked: Sequence[Sequence[str]]) -> dict[str, ModelSpec]:
    found: dict[str, ModelSpec] = {}
    issues: list[Issue] = []
    for names in asked:
        try:
            found[PLUS.join(names)] = combine_variants(model, names)
        except InputError as error:
            issues += error.issues
    if issues:
        raise InputError(issues)
    return found


def _possible(model: ModelSpec, asked: Sequence[Sequence[str]]) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    found: dict[str, ModelSpec] = {}
    skipped: dict[str, str] = {}
    seen = {model.variant(name).digest: name for name in model.variants} | {model.digest: model.name}
    for names in asked:
        name, sentences = PLUS.join(names), contradictions(model, names)
        if sentences:
            skipped[name] = "; ".join(sentences)
            continue
        try:
            together = combine_variants(model, names)
        except InputError as error:
            skipped[name] = " ".join(str(issue) for issue in error.issues)
            continue
        if together.digest in seen:
            skipped[name] = f"the same as {seen[together.digest]}"
        else:
            seen[together.digest] = name
            found[name] = together
    return found, skipped


def _asked(model: ModelSpec, combine: Any) -> tuple[list[tuple[str, ...]], bool]:
    """The names of each combination, and whether they were named one by one."""
    if combine == _PAIRS:
        return list(combinations(model.variants, 2)), False
    if isinstance(combine, Mapping) and all(_is_names(names) for names in combine.values()):
        return list(_crossed([tuple(names) for names in combine.values()])), False
    if not isinstance(combine, str | Mapping) and isinstance(combine, Sequence) and all(map(_is_names, combine)):
        return [tuple(names) for names in combine], True
    raise InputError(Issue("combine", f"{combine!r} names no combinations", _MEND))


def _is_names(names: Any) -> bool:
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)


def _crossed(groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One or none of each group, two or more in all."""
    for taken in product(*((None, *names) for names in groups)):
        names = tuple(name for name in taken if name is not None)
        if len(names) > 1:
            yield names
