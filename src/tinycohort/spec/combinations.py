"""Several variants of a model at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from ..issues import InputError, Issue
from .model import ModelSpec
from .reading import read_content
from .sections import Variant
from .variants import apply_variant
from .words import FrozenMapping, suggest

__all__ = ["PLUS", "combine_variants", "contradictions"]

#: What stands between the names of variants that are taken together: ``model:tau_100+prospective_only``.
PLUS = "+"


def contradictions(model: ModelSpec, names: Sequence[str]) -> list[str]:
    """What the variants of these names, taken together, say of one thing in two ways: a sentence each.

    Examples
    --------
    >>> from tinycohort.spec import read_model
    >>> contradictions(read_model("response_pd1"), ["tau_025", "common"])
    ["tau_025 sets 'priors.tau.sigma' and common leaves out 'priors.tau'"]
    """
    rules = [_rule(model, name) for name in names]
    pairs = ((one, other) for k, one in enumerate(rules) for other in rules[k + 1 :])
    return [sentence for one, other in pairs for sentence in _between(one, other)]


def combine_variants(model: ModelSpec, names: Sequence[str]) -> ModelSpec:
    """The model with several of its variants applied, called ``"model:one+other"``.

    Parameters
    ----------
    model : ModelSpec
        A base model.
    names : sequence of str
        Of its variants, each once; their order changes the name and nothing else.

    Raises
    ------
    InputError
        Fewer than two variants, an unknown one, one that is named twice, variants that contradict each other, or
        together make a model that will not do.

    Examples
    --------
    >>> from tinycohort.spec import read_model
    >>> combine_variants(read_model("response_pd1"), ["tau_100", "prospective_only"]).name
    'response_pd1:tau_100+prospective_only'
    """
    where = f"model {model.name!r}, variants {', '.join(names)}"
    unknown = [name for name in dict.fromkeys(names) if name not in model.variants]
    issues = [Issue(where, f"it has no variant {name!r}", suggest(name, model.variants)) for name in unknown]
    doubled = sorted({name for name in names if list(names).count(name) > 1})
    issues += [Issue(where, f"{name!r} is named twice", "Name each once.") for name in doubled]
    if len(names) < 2:
        issues.append(Issue(where, f"{len(names)} of them", "Name two or more."))
    if not unknown and not doubled:
        mend = "They cannot be taken together; choose one of them."
        issues += [Issue(where, sentence, mend) for sentence in contradictions(model, names)]
    if issues:
        raise InputError(issues)
    rules = [_rule(model, name) for name in names]
    changes = {path: value for rule in rules for path, value in rule.set.items()}
    leaves = tuple(dict.fromkeys(path for rule in rules for path in rule.unset))
    together = Variant(PLUS.join(names), " ".join(rule.why for rule in rules), FrozenMapping(changes), leaves)
    changed = read_content(apply_variant(model.to_dict(), together), f"{model.name}:{together.name}")
    return dataclasses.replace(changed, base=model)


def _rule(model: ModelSpec, name: str) -> Variant:
    return next(rule for rule in model.variant_rules if rule.name == name)


def _between(one: Variant, other: Variant) -> Iterator[str]:
    """What two variants contradict each other in; to set one thing to the same value is no contradiction."""
    for path, value in _changes(one):
        for second, another in _changes(other):
            if path == second:
                if value != another:
                    yield f"{one.name} and {other.name} both change {path!r}"
            elif path.startswith(f"{second}.") or second.startswith(f"{path}."):
                yield f"{one.name} {_does(value)} {path!r} and {other.name} {_does(another)} {second!r}"


def _changes(rule: Variant) -> list[tuple[str, Any]]:
    """Each path with its new value; nothing for one that is left out."""
    # The reason of a prior is no choice of its own.
    changed = [(path, value) for path, value in rule.set.items() if not path.endswith(".why")]
    return [*changed, *((path, None) for path in rule.unset)]


def _does(value: Any) -> str:
    return "leaves out" if value is None else "sets"
