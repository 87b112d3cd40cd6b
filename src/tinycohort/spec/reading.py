"""From the content of a model file to a `ModelSpec`, or to all that is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..families import ALL_FAMILIES, CONTRAST_MEASURES, SURVIVAL_FAMILIES, Family
from ..issues import InputError
from ..likelihoods import KINDS
from ..pooling import POOLINGS
from .borrowing_tables import read_told
from .estimand_tables import read_estimands
from .model import ModelSpec
from .prior_tables import read_priors
from .sections import LikelihoodChoice, PoolingChoice, Quantity, Selection
from .selection_tables import read_selection
from .table import Problems, Table, is_finite
from .variants import apply_variant, read_variants
from .words import FORMAT, WORD, FrozenMapping

__all__ = ["read_content"]

_FAMILY_OPTIONS = ("cut_points_months", "boundary_months", "knots_months", "degree")


def read_content(content: Mapping[str, Any], source: str) -> ModelSpec:
    """Read a model and all its variants.

    Parameters
    ----------
    content : mapping
        What a model file holds.
    source : str
        What to call it in an error.

    Raises
    ------
    InputError
        With everything that is wrong, variants included.
    """
    content = _plain(content)
    problems = Problems()
    model = _read_model(content, problems)
    of_base = set(problems)
    resolved: dict[str, ModelSpec] = {}
    # A variant that was written out is a model of its own, and has no variants.
    rules = [] if ":" in str(content.get("name")) else read_variants(content, problems)
    for rule in rules:
        found = Problems()
        changed = _read_model(apply_variant(content, rule), found)
        if changed is not None:
            resolved[rule.name] = changed
        # What is wrong with the model itself has been said once.
        new = [problem for problem in found if problem not in of_base]
        problems += [problem._replace(place=f"[[variant]] {rule.name}, makes {problem.place}") for problem in new]
    if model is not None:
        _check_different(model, resolved, problems)
    if problems or model is None:
        raise InputError(problems.issues(source))
    return dataclasses.replace(model, variant_rules=tuple(rules), _resolved=FrozenMapping(resolved))


def _check_different(model: ModelSpec, resolved: Mapping[str, ModelSpec], problems: Problems) -> None:
    seen = {model.digest: "the model itself"}
    for name, changed in resolved.items():
        if changed.digest in seen:
            what = f"the variant is the same as {seen[changed.digest]}"
            problems.report(f"[[variant]] {name}", what, "Change a value that matters, or leave the variant out.")
        seen.setdefault(changed.digest, f"variant {name!r}")


def _plain(value: Any) -> Any:
    """The same content in plain dictionaries and lists, so that tuples and other mappings may be given too."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _read_model(content: Mapping[str, Any], problems: Problems) -> ModelSpec | None:
    """The model without its variants, or None when anything is wrong with it."""
    before = len(problems)
    top = Table(content, "", problems)
    version = top.ask("format", f"Write format = {FORMAT}.")
    if "format" in content and (version != FORMAT or isinstance(version, bool)):
        top.report("format", f"format {version!r} is not known", f"This version reads format {FORMAT}.")
    name = top.text("name", "Give the model a name, that of its file.")
    base, colon, variant = (name or "").partition(":")
    # Variants that are taken together have a name each, with a plus between them.
    if name and not (WORD.fullmatch(base) and (not colon or all(map(WORD.fullmatch, variant.split("+"))))):
        top.report("name", f"{name!r} will not do", "Use lower-case letters, digits and underscores.")
    title = top.text("title", "Say in a line what the model is.")
    question = top.text("question", "Ask what the model answers.")
    why = top.text("why", "Say what this variant asks.") if colon else ""
    selection = read_selection(top)
    quantity = _read_quantity(top)
    family = None if quantity is None else quantity.build()
    likelihood = _read_likelihood(top, family)
    pooling = _read_pooling(top)
    priors, whys = read_priors(top, problems, quantity, pooling)
    estimands = read_estimands(top, family, None if colon else pooling, _of_odds(selection, likelihood))
    if not colon:
        top.ask("variant", "", optional=True)
    top.finish()
    if len(problems) > before:
        return None
    assert name is not None
    assert title is not None
    assert question is not None
    assert why is not None
    assert selection is not None
    assert quantity is not None
    assert pooling is not None
    return ModelSpec(name, title, question, selection, quantity, likelihood, pooling, priors, whys, estimands, why=why)


def _read_quantity(top: Table) -> Quantity | None:
    table = top.table("quantity", "Say what is unknown about one cohort: add [quantity].", "[quantity] ")
    if table is None:
        return None
    before = len(table.problems)
    family = table.choice("family", ALL_FAMILIES)
    contrast = family == "contrast"
    measure = table.choice("measure", CONTRAST_MEASURES) if contrast else None
    if family is None:
        for name in ("measure", "shape", *_FAMILY_OPTIONS):
            table.ask(name, "", optional=True)
    options = _read_family_options(table, family)
    shape = _read_shape(table, family)
    table.finish()
    if family is None or len(table.problems) > before:
        return None
    quantity = Quantity(family, measure, shape, options)
    built = _tried(table, quantity.build)
    return None if built is None else quantity


def _read_family_options(table: Table, family: str | None) -> FrozenMapping:
    """Where a flexible hazard may change: lists of months, and the degree of its polynomials."""
    found: dict[str, Any] = {}
    for name in _FAMILY_OPTIONS if family is not None else ():
        value = table.ask(name, "", optional=True)
        if value is None:
            continue
        if name not in {field.name for field in dataclasses.fields(ALL_FAMILIES[family])}:  # type: ignore[index]
            table.report(name, f"{family} has no {name}", "Leave it out.")
        elif name == "degree":
            found[name] = value
        elif not isinstance(value, list) or not all(is_finite(one) for one in value):
            table.report(name, f"{value!r} is not a list of months", "Write one such as [6, 12, 24].")
        else:
            found[name] = tuple(float(one) for one in value)
    return FrozenMapping(found)


def _read_shape(table: Table, family: str | None) -> str | float | None:
    """How the shape of survival curves varies: a word, or a number where it is known."""
    if family is None:
        return None
    value = table.ask("shape", "", optional=True)
    if family == "exponential" or family not in SURVIVAL_FAMILIES:
        if value is not None:
            table.report("shape", f"{family} has no shape", "Leave it out.")
        return None
    known = ("shared",) if SURVIVAL_FAMILIES[family].flexible else ("shared", "pooled")
    if isinstance(value, str) and value in known:
        return value
    if is_finite(value) and not isinstance(value, bool) and len(known) > 1:
        return float(value)
    number = "" if len(known) == 1 else ", or a number: the logarithm of a known shape"
    what = "missing" if value is None else f"{value!r} will not do"
    table.report("shape", what, f"Write {' or '.join(map(repr, known))}{number}.")
    return None


def _tried(table: Table, build: Callable[[], Any]) -> Any:
    """What is built; None, with what is wrong reported, if it cannot be."""
    try:
        return build()
    except InputError as error:
        for issue in error.issues:
            table.report(issue.where.removeprefix("quantity."), issue.what, issue.mend)
        return None


def _read_likelihood(top: Table, family: Family | None) -> tuple[LikelihoodChoice, ...]:
    choices: list[LikelihoodChoice] = []
    for table in top.tables("likelihood", "Say how a printed number informs the quantity: add [[likelihood]]."):
        kind = table.choice("kind", KINDS)
        options = _read_options(table, kind)
        table.finish()
        if kind is None:
            continue
        choice = LikelihoodChoice(kind, options)
        if family is not None and not choice.build().speaks_to(family):
            suits = [name for name, known in KINDS.items() if known().speaks_to(family)]
            named = family.name in KINDS[kind].families
            what = f"{kind!r} says nothing about a {family.quantity if named else family.name}"
            table.report("kind", what, f"Choose one of {', '.join(suits)}.")
        if any(kind == other.kind for other in choices):
            table.report("kind", f"{kind!r} stands there twice", "Write it once.")
        choices.append(choice)
    return tuple(choices)


def _of_odds(selection: Selection | None, likelihood: tuple[LikelihoodChoice, ...]) -> bool:
    """Whether a ratio can only be one of odds: two arms' counts speak of no other, and stand beside no other."""
    measures = selection.where.get("measure") if selection is not None else None
    return measures == ("odds_ratio",) or any(choice.kind == "two_arm_counts" for choice in likelihood)


def _read_options(table: Table, kind: str | None) -> FrozenMapping:
    """What else a kind is told; what it takes for granted is left out, so that saying it changes nothing."""
    if kind is None:  # which of these belong to it cannot be said
        for name in {name for known in KINDS.values() for name in known.options}:
            table.ask(name, "", optional=True)
        return FrozenMapping()
    found = {}
    for name, option in KINDS[kind].options.items():
        value = table.number(name, option.need, optional=True)
        if value is None:
            continue
        if not option.lower <= value <= option.upper:
            table.report(name, f"{value:g} is not between {option.lower:g} and {option.upper:g}", option.need)
        elif value != getattr(KINDS[kind](), name):
            found[name] = value
    return FrozenMapping(found)


def _read_pooling(top: Table) -> PoolingChoice | None:
    table = top.table("pooling", "Say how cohorts are alike: add [pooling].", "[pooling] ")
    if table is None:
        return None
    kind = table.choice("kind", [name for name, known in POOLINGS.items() if known.written])
    group = None
    if kind is not None and POOLINGS[kind].grouped:
        group = table.word("group", "Name the column of cohorts that says which group each belongs to, such as tumour.")
    elif kind is not None and table.ask("group", "", optional=True) is not None:
        table.report("group", f"pooling {kind!r} knows no groups", 'Leave group out, or pool with kind = "nested".')
    options, told = _read_pooling_options(table, kind), read_told(table, kind)
    table.finish()
    return None if kind is None or options is None or told is None else PoolingChoice(kind, group, options, told)


def _read_pooling_options(table: Table, kind: str | None) -> FrozenMapping | None:
    """What else the pooling is told; None where that is wrong. What another pooling is told is not for this one."""
    numbers = {
        name: {field.name: field for field in dataclasses.fields(known) if "need" in field.metadata}
        for name, known in POOLINGS.items()
    }
    fields = {} if kind is None else numbers[kind]
    for option in {name for each in numbers.values() for name in each} - set(fields):
        if table.ask(option, "", optional=True) is not None and kind is not None:
            table.report(option, f"pooling {kind!r} has no {option}", "Leave it out, or choose another pooling.")
    before = len(table.problems)
    found = {name: _read_pooling_option(table, name, field.metadata) for name, field in fields.items()}
    if kind is None or len(table.problems) > before or None in found.values():
        return None
    try:
        if fields:
            POOLINGS[kind](**found)
    except InputError as error:
        for issue in error.issues:
            table.report(issue.where, issue.what, issue.mend)
        return None
    return FrozenMapping(found)


def _read_pooling_option(table: Table, name: str, told: Mapping[str, Any]) -> Any:
    """A number; or one of the words that may stand for it, or a list of numbers, where the pooling knows such."""
    need, value = told["need"], table.values.get(name)
    if "only" in told:
        return table.choice(name, told["only"])
    if isinstance(value, str) and "words" in told:
        return table.choice(name, told["words"])
    if isinstance(value, list) and told.get("several"):
        table.ask(name, need)
        if value and all(is_finite(one) and not isinstance(one, bool) for one in value):
            return tuple(float(one) for one in value)
        table.report(name, f"{value!r} will not do", need)
        return None
    return table.number(name, need)
