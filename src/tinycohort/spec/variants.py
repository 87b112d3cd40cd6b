"""Variants: what a model file says would change the answer, applied to its content."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ..pooling import POOLINGS
from ..priors import PRIORS
from .borrowing_tables import TOLD
from .sections import PoolingChoice, Quantity, Selection, Variant
from .table import Problems, Table
from .words import WORD, freeze, suggest, thaw

__all__ = ["apply_variant", "read_variants"]

# A variant changes who may speak or what is believed of it; what is asked stays the same.
_SECTIONS = ("evidence", "quantity", "likelihood", "pooling", "priors")
_WHOLE = "likelihood"
# Parameters that are named after a class of designs, or after a covariate.
_OF_PLACES = re.compile(r"(bias|spread|beta)_[a-z][a-z0-9_]*")


def read_variants(content: Mapping[str, Any], problems: Problems) -> list[Variant]:
    """Read ``[[variant]]``; those that are not well formed are noted and left out."""
    holder = Table(content, "", problems)
    rules: list[Variant] = []
    names: set[str] = set()
    for table in holder.tables("variant", "Write each as [[variant]], or leave it out.", optional=True):
        before = len(problems)
        rule = _read_variant(table, content)
        if rule is not None and rule.name in names:
            table.report("name", f"{rule.name!r} is the name of two variants", "Give each a name of its own.")
        if rule is not None:
            names.add(rule.name)
        if rule is not None and len(problems) == before:
            rules.append(rule)
    return rules


def _read_variant(table: Table, content: Mapping[str, Any]) -> Variant | None:
    name = table.word("name", "Give it a name in lower case, with digits and underscores.")
    why = table.text("why", "Say what this variant asks.")
    changes = table.ask("set", "", optional=True)
    leaves = table.words("unset", None, 'Write a list of dotted paths: ["priors.tau"].', optional=True) or ()
    table.finish()
    changes = {} if "set" not in table.values else changes
    if not isinstance(changes, Mapping) or ("set" in table.values and not changes):
        table.report("set", f"{changes!r} will not do", 'Write { "dotted.path" = value }.')
        return None
    if not changes and "unset" not in table.values:
        table.report("set", "the variant changes nothing", 'Add set = { "dotted.path" = value }, or unset.')
    _check_paths(table, content, dict(changes), leaves)
    return None if name is None or why is None else Variant(name, why, freeze(changes), leaves)


def _check_paths(table: Table, content: Mapping[str, Any], changes: dict[str, Any], leaves: tuple[str, ...]) -> None:
    present, allowed = _paths(content), _allowed_paths(content)
    for path in changes:
        if path in _SECTIONS and path != _WHOLE:
            mend = f'Name what changes, in quotation marks: "{path}.word" = value.'
            table.report("set", f"{path!r} is a whole section", mend)
        elif path not in present and path not in allowed and not _is_open(path):
            table.report("set", f"unknown path {path!r}", _suggest_path(path, {**present, **allowed}))
    for path in leaves:
        if path not in present:
            table.report("unset", f"the model has no {path!r}", _suggest_path(path, present))
    both = [*changes, *leaves]
    for path in both:
        if any(other.startswith(f"{path}.") for other in both) or both.count(path) > 1:
            table.report("set", f"{path!r} is changed twice", "Change it as a whole, or in its parts, once.")
            break


def _suggest_path(path: str, known: Mapping[str, None]) -> str:
    """The nearest path; all of them would fill a page, so only those of the same section are listed."""
    section = path.partition(".")[0]
    return suggest(path, [other for other in known if other.partition(".")[0] == section] or _SECTIONS)


def _is_open(path: str) -> bool:
    """A new condition or decision, whose name is a word of the evidence; or what a model calls a class or covariate."""
    head, _, name = path.rpartition(".")
    if head == "priors":
        return _OF_PLACES.fullmatch(name) is not None
    inside = ("evidence.where", "evidence.decisions", "pooling.classes", "pooling.covariates")
    return head in inside and WORD.fullmatch(name) is not None


def _paths(content: Mapping[str, Any]) -> dict[str, None]:
    """All dotted paths that the model has, in order."""
    paths: dict[str, None] = {}

    def walk(value: Any, path: str) -> None:
        paths[path] = None
        if isinstance(value, Mapping):
            for key, item in value.items():
                walk(item, f"{path}.{key}")

    for section in _SECTIONS:
        if section in content:
            walk(content[section], section)
    return paths


def _allowed_paths(content: Mapping[str, Any]) -> dict[str, None]:
    """Dotted paths that the model may lack and a variant may set."""
    written = [known for known in POOLINGS.values() if known.written]
    poolings: list[tuple[str, Any]] = [("pooling", known) for known in (PoolingChoice, *written)]
    sections = [("evidence", Selection), ("quantity", Quantity), *poolings]
    paths = [f"{name}.{field.name}" for name, section in sections for field in dataclasses.fields(section)]
    paths = [path for path in paths if path not in ("pooling.options", "pooling.told")]  # written beside the kind
    paths += [f"pooling.{word}" for words in TOLD.values() for word in words]
    parameters = {name for pooling in POOLINGS.values() for name in pooling.possible_parameters()}
    parameters |= {"shape", "tau_shape"}
    fields = {field.name for prior in PRIORS.values() for field in dataclasses.fields(prior)}
    priors = content.get("priors", {})
    for name in sorted(parameters):
        paths.append(f"priors.{name}")
        if isinstance(priors, Mapping) and name in priors:
            paths += [f"priors.{name}.{word}" for word in ("dist", "why", *sorted(fields))]
    return dict.fromkeys(paths)


def apply_variant(content: Mapping[str, Any], rule: Variant) -> dict[str, Any]:
    """The content of the model that results; whether it is a good one is for the reader to say.

    A prior that changes without a reason of its own takes that of the variant: the old one speaks of the old prior.
    """
    changed = copy.deepcopy({key: value for key, value in content.items() if key != "variant"})
    for path in rule.unset:
        _parent(changed, path).pop(path.rpartition(".")[2], None)
    for path, value in rule.set.items():
        _parent(changed, path)[path.rpartition(".")[2]] = thaw(value)
    old, new = content.get("priors"), changed.get("priors")
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name, prior in new.items():
            if prior == old.get(name) or not isinstance(prior, dict) or f"priors.{name}.why" in rule.set:
                continue
            if f"priors.{name}" not in rule.set:
                prior["why"] = rule.why
    changed["name"] = f"{content.get('name')}:{rule.name}"
    changed["why"] = rule.why
    return changed


def _parent(content: dict[str, Any], path: str) -> dict[str, Any]:
    """The table that holds the last word of a path; made where the model lacks it."""
    holder = content
    for key in path.split(".")[:-1]:
        inside = holder.setdefault(key, {})
        if not isinstance(inside, dict):  # the model itself is wrong there, and that has been noted
            inside = holder[key] = {}
        holder = inside
    return holder
