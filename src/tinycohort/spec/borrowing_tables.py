"""What poolings that borrow selectively are told in ``[pooling]``: classes of designs, discounts, who is current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pooling import MOST_COVARIATES
from .table import Table, is_finite
from .words import NOTHING, WORD, FrozenMapping, freeze

__all__ = ["TOLD", "read_at", "read_told"]

#: The words that each pooling is told beside its kind, and what they are called.
TOLD = {
    "partial": ("covariates",),
    "common": ("covariates",),
    "design": ("classes", "reference"),
    "power": ("over", "discount"),
    "commensurate": ("current",),
}
_OVER = ("partial", "common")
_CLASSES = 'Write classes = { randomised = ["randomised"], observational = ["retrospective_cohort", "case_series"] }.'
_DISCOUNT = 'Write discount = [{ cohort = "li_2021_rt", power = 0.5, why = "..." }], one for each that is discounted.'
_COVARIATES = 'Write covariates = { year = { column = "enrolled_from", centre = 2020 } }.'


def read_told(table: Table, kind: str | None) -> FrozenMapping | None:
    """What a pooling is told; None where that is wrong. What another pooling is told is not for this one."""
    own = TOLD.get(kind or "", ())
    for word in dict.fromkeys(word for words in TOLD.values() for word in words):
        if word not in own and table.ask(word, "", optional=True) is not None and kind is not None:
            whose = " or ".join(f'kind = "{other}"' for other, words in TOLD.items() if word in words)
            table.report(word, f"pooling {kind!r} has no {word}", f"Leave it out, or pool with {whose}.")
    before = len(table.problems)
    found: dict[str, Any] = {}
    if kind == "design":
        found = _read_design(table)
    elif kind == "power":
        found = {"over": table.choice("over", _OVER), "discount": _read_discounts(table)}
    elif kind == "commensurate":
        need = 'List the cohorts that are current: current = ["zhang_2025_rt"].'
        found = {"current": table.words("current", None, need)}
    elif "covariates" in own:
        covariates = _read_covariates(table)
        found = {"covariates": covariates} if covariates else {}
    if len(table.problems) > before or None in found.values() or (kind == "design" and not found):
        return None
    return freeze(found) if found else NOTHING


def _read_design(table: Table) -> dict[str, Any]:
    value, reference = table.ask("classes", _CLASSES), table.word("reference", "Name the class that has no bias.")
    if not isinstance(value, Mapping) or not all(_is_class(name, designs) for name, designs in value.items()):
        if "classes" in table.values:
            table.report("classes", f"{value!r} will not do", _CLASSES)
        return {}
    classes: dict[str, tuple[str, ...]] = {str(name): tuple(designs) for name, designs in value.items()}
    everything = [design for designs in classes.values() for design in designs]
    for design in sorted({design for design in everything if everything.count(design) > 1}):
        table.report("classes", f"{design!r} stands there twice", "A design is of one class.")
    if len(classes) < 2:
        table.report("classes", "there is one class only", f"Without another nothing is biased. {_CLASSES}")
    if reference is not None and reference not in classes:
        table.report("reference", f"{reference!r} is no class", f"Choose one of {', '.join(classes)}.")
    return {"classes": classes, "reference": reference}


def _is_class(name: Any, designs: Any) -> bool:
    words = isinstance(designs, list) and bool(designs) and all(isinstance(one, str) for one in designs)
    return bool(words and WORD.fullmatch(str(name)))


def _read_discounts(table: Table) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for one in table.tables("discount", _DISCOUNT):
        cohort = one.word("cohort", "Name the cohort.", optional=True)
        column = one.word("column", "Name a column of cohorts.", optional=True)
        value = one.ask("value", "", optional=True)
        if (cohort is None) == (column is None):
            one.report("cohort", "one of cohort and column is needed, and not both", _DISCOUNT)
        if (column is None) != (value is None):
            one.report(
                "value", "a column and a value of it belong together", 'Write column = "design", value = "case_series".'
            )
        power = one.number("power", "Give a number above 0 and up to 1.")
        if power is not None and not 0.0 < power <= 1.0:
            mend = "Exclude the cohort instead." if power == 0.0 else "Give a number above 0 and up to 1."
            one.report("power", f"{power:g} is not above 0 and up to 1", mend)
        why = one.text("why", "Say why this discount: every one has a reason.")
        one.finish()
        told = {"cohort": cohort, "column": column, "value": value, "power": power, "why": why}
        found.append({name: each for name, each in told.items() if each is not None})
    return tuple(found)


def _read_covariates(table: Table) -> dict[str, Any]:
    """Each covariate by its name: a column of cohorts, perhaps the values that count as 1, and where mu is meant."""
    value = table.ask("covariates", "", optional=True)
    if "covariates" not in table.values:
        return {}
    if not isinstance(value, Mapping) or not value or not all(isinstance(one, Mapping) for one in value.values()):
        table.report("covariates", f"{value!r} will not do", _COVARIATES)
        return {}
    if len(value) > MOST_COVARIATES:
        what = f"{len(value)} covariates, and a handful of cohorts says nothing of more than {MOST_COVARIATES}"
        table.report("covariates", what, "Leave some out.")
    found: dict[str, Any] = {}
    for name, content in value.items():
        own = Table(content, f"[pooling.covariates.{name}] ", table.problems)
        if not WORD.fullmatch(str(name)):
            own.report("", f"{name!r} will not do", "Name it in lower case, with digits and underscores.")
        column = own.word("column", "Name a column of cohorts, such as enrolled_from or drug_class.")
        values = own.ask("values", "", optional=True)
        if "values" in content and not (isinstance(values, list) and values):
            own.report("values", f"{values!r} will not do", 'List the values that count as 1: values = ["none"].')
        centre = own.number("centre", "Say at which value mu is meant; of an indicator, 0 or 1.")
        own.finish()
        told = {"column": column, "values": values, "centre": centre}
        found[str(name)] = {key: each for key, each in told.items() if each is not None}
    return found


def read_at(table: Table, covariates: tuple[str, ...], needed: bool) -> FrozenMapping:
    """The values of the covariates at which an estimand is meant."""
    value = table.ask("at", "", optional=True)
    example = f"at = {{ {', '.join(f'{name} = 0' for name in covariates or ('year',))} }}"
    if "at" not in table.values:
        if needed:
            what = f"missing, and the pooling has covariates ({', '.join(covariates)})"
            table.report("at", what, f"Say for which values it is meant: {example}.")
        return NOTHING
    if not isinstance(value, Mapping) or not value or not all(is_finite(one) for one in value.values()):
        table.report("at", f"{value!r} will not do", f"Write {example}.")
        return NOTHING
    return FrozenMapping({str(name): float(one) for name, one in value.items()})
