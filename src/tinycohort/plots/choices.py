"""What differs between analyses, in plain words: each choice that they do not share, and which way each took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..compiled import CompiledModel
from ..printing import spoken
from ..spec import ModelSpec

__all__ = ["Analysis", "Choice", "choices"]

_POOLINGS = {"none": "none (each on its own)", "common": "common (tau = 0)"}
_NAMES = {
    "origins": "Where numbers were read",
    "exclude": "Left out by name",
    "prefer": "Preferred",
    "decisions": "Contradictions decided otherwise",
    "allow_selected": "Selected cohorts admitted",
}
# What stands for a word that a model does not have.
_ABSENT = {"decisions": "none", "exclude": "nobody", "prefer": "nobody", "allow_selected": "no"}
_FEW = 3


@dataclass(frozen=True)
class Analysis:
    """A model as it was read, or its data and choices alone, or both."""

    model: ModelSpec | None
    compiled: CompiledModel | None


@dataclass(frozen=True)
class Choice:
    """Something that analyses do differently.

    Attributes
    ----------
    name : str
        What is chosen.
    options : tuple of str
        What can be chosen, the first analysis' own first.
    taken : tuple of int or None
        For each analysis the position of its option; None where there is no such choice (tau, where there is none).
    """

    name: str
    options: tuple[str, ...]
    taken: tuple[int | None, ...]


def choices(analyses: Sequence[Analysis]) -> list[Choice]:
    """Every choice that the analyses do not share; the first is the one that the others are put beside."""
    features = [_features(one) for one in analyses]
    names = list(dict.fromkeys(name for each in features for name in each))
    if not any(_differ(name, features) for name in names if name.startswith("evidence.")):
        for each, one in zip(features, analyses, strict=True):
            each["cohorts"] = None if one.compiled is None else _cohorts(one.compiled)
        names.append("cohorts")
    return [_choice(name, features) for name in names if _differ(name, features)]


def _features(analysis: Analysis) -> dict[str, Any]:
    """Everything that may differ, in the order in which it is shown."""
    model, compiled = analysis.model, analysis.compiled
    found: dict[str, Any] = {}
    if model is not None:
        kinds = [choice.to_dict() for choice in model.likelihood]
        found = {"pooling": _worded(model.pooling.to_dict())} | {f"prior.{k}": str(v) for k, v in model.priors.items()}
        found["likelihood"] = " and ".join(_worded(kind) for kind in kinds)
        for section, value in model.evidence.to_dict().items():
            parts = value if section in ("where", "against", "overlaps") else {"": value}
            found |= {f"evidence.{section}.{name}".rstrip("."): part for name, part in parts.items()}
    elif compiled is not None:
        pooling, parts = compiled.pooling, compiled.parts
        found = {"pooling": _worded({"kind": pooling.name, **vars(pooling)})}
        found |= {f"prior.{name}": str(prior) for name, prior in compiled.priors.items()}
        found["likelihood"] = " and ".join(_worded(part.kind.to_dict()) for part in parts)
    return found


def _worded(settings: Mapping[str, Any]) -> str:
    """A kind and its settings: "binomial, published without events 0.5"."""
    kind = str(settings["kind"])
    rest = [f"{_plain(name)} {_setting(value)}" for name, value in settings.items() if name != "kind"]
    return ", ".join([_POOLINGS.get(kind, _plain(kind)), *rest])


def _setting(value: Any) -> str:
    """What a setting says, without its reasons: classes by their names, discounts by whose they are."""
    if isinstance(value, Mapping):
        told = [part for name, part in value.items() if name not in ("why", "column")]
        return " ".join(map(_setting, told)) if "power" in value else " and ".join(map(_plain, value))
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value))
    return _plain(value)


def _cohorts(compiled: CompiledModel) -> tuple[Any, ...]:
    """The cohorts, each with its numbers: the same people counted otherwise are another choice."""
    columns = [compiled.data[name] for name in compiled.likelihood.columns]
    return tuple((label, *(float(column[j]) for column in columns)) for j, label in enumerate(compiled.labels))


def _differ(name: str, features: Sequence[Mapping[str, Any]]) -> bool:
    return any(each.get(name) != features[0].get(name) for each in features)


def _choice(name: str, features: Sequence[Mapping[str, Any]]) -> Choice:
    main = features[0].get(name)
    # A prior that an analysis has no use for is not a choice of its own; a condition that it lacks is.
    texts = [_text(name, each.get(name), main) for each in features]
    if name.startswith("prior."):
        texts = [text if name in each else None for text, each in zip(texts, features, strict=True)]
    options = tuple(dict.fromkeys(text for text in texts if text is not None))
    return Choice(_title(name), options, tuple(None if text is None else options.index(text) for text in texts))


def _title(name: str) -> str:
    head, _, rest = name.partition(".")
    if head == "prior":
        return f"Prior of {rest}"
    if head != "evidence":
        return head.capitalize()
    section, _, column = rest.partition(".")
    if section == "overlaps":
        return f"Overlap, {_plain(column)}"
    if section == "against":
        return f"Compared with, {_plain(column)}"
    words = _plain(column) if column else _NAMES.get(section, _plain(section))
    return words[:1].upper() + words[1:]


def _text(name: str, value: Any, main: Any) -> str | None:
    """An option in words, told by how it differs from that of the main analysis where that is shorter."""
    if name == "cohorts":
        return None if value is None else _people(value, main)
    section = name.removeprefix("evidence.")
    if value is None:
        return _ABSENT.get(section, "any")
    if isinstance(value, Mapping):
        value = list(value)
    if isinstance(value, str | bool) or not isinstance(value, Sequence):
        return ("yes" if value else "no") if isinstance(value, bool) else _plain(value, name)
    words = [_plain(one) or "not stated" for one in value]
    others = [_plain(one) or "not stated" for one in main] if isinstance(main, Sequence | Mapping) else []
    return _listed(words, others)


def _listed(words: list[str], main: list[str]) -> str:
    added, dropped = [one for one in words if one not in main], [one for one in main if one not in words]
    if main and added and not dropped:
        return f"also {', '.join(added)}"
    if dropped and not added and len(dropped) <= min(_FEW, len(words)):
        return f"without {', '.join(dropped)}"
    if len(words) > _FEW and not (added or dropped):
        return f"{words[0]} and {len(words) - 1} more"
    return ", ".join(words)


def _people(value: tuple[Any, ...], main: tuple[Any, ...] | None) -> str:
    """Which cohorts, by their labels."""
    labels, others = [one[0] for one in value], [one[0] for one in main or ()]
    if main is None or value == main:
        return f"all {len(labels)}" if len(labels) > 1 else labels[0]
    if set(labels) == set(others):
        return "other numbers"
    text = _listed(labels, others)
    return text if len(text) < 40 else f"{len(labels)} cohorts: {labels[0]} and others"


def _plain(word: Any, name: str = "") -> str:
    return str(word) if name.startswith("prior.") else ("cohorts" if word == "cohort_id" else spoken(str(word)))
