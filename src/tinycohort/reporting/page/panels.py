"""The answer as the model stands and under each variant: panels, of which the page shows one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...checks.left_out import reason_in_words
from ...posterior import Fit
from ...spec.toml import write_value
from ...spec.words import thaw
from ..answers import answer
from ..figures import Drawing
from ..numbers import Number, Numbers
from ..results import ModelResult, VariantResult
from ..words import in_words, sentence
from .estimates import cohorts_table, estimates_table
from .markup import Markup, identifier, join, tag
from .pictures import picture

__all__ = ["panels"]

Drawn = Mapping[str, Sequence[Drawing]]


def panels(result: ModelResult, numbers: Numbers, drawn: Drawn) -> Markup:
    """The section of figures and tables, with the choice among variants."""
    base = tag("div", *_figures_and_tables("", result.fit, numbers, drawn), data_choice="", class_="panel")
    parts = [tag("h2", "Figure and estimates"), *_chooser(result), base]
    parts += [_variant_panel(one, result, numbers, drawn) for one in result.variants]
    return tag("section", *parts, id="answers")


def _chooser(result: ModelResult) -> list[Markup]:
    if not result.variants:
        return []
    options = [tag("option", "the model as it stands", value="")]
    options += [tag("option", one.name, value=one.name) for one in result.variants]
    label = tag("label", "Shown here:", for_="choice")
    select = tag("select", *options, id="choice", autocomplete="off")
    # The script shows it; without one there is nothing to choose.
    chooser = tag("div", label, select, id="chooser", hidden=True)
    return [chooser, tag("p", id="announcement", aria_live="polite", class_="unseen")]


def _figures_and_tables(variant: str, fit: Fit, numbers: Numbers, drawn: Drawn) -> list[Markup]:
    if not fit.reportable:
        reasons = "; ".join(fit.reasons)
        return [tag("p", f"There are no figures and no estimates, because the fit may not be reported: {reasons}.")]
    used = numbers.of(variant)
    shown = [one for one in drawn[variant] if one.kind.place == "answers"]
    narrow = not fit.compiled.pooling.grouped  # of groups, tau and tau_group stand side by side
    large = [picture(one, variant, small=False) for one in shown if not (one.kind.small and narrow)]
    small = [picture(one, variant) for one in shown if one.kind.small and narrow]
    return [*large, tag("div", estimates_table(fit, used), *small, class_="beside"), cohorts_table(fit, used)]


def _variant_panel(one: VariantResult, result: ModelResult, numbers: Numbers, drawn: Drawn) -> Markup:
    """A variant: what it asks, what it changes, what comes of it."""
    parts = [tag("p", tag("b", "Variant "), identifier(one.name), ". ", one.model.why)]
    parts.append(tag("p", *_settings(one, result), class_="settings"))
    if one.fit is None:
        parts.append(tag("p", f"It cannot be fitted: {one.refusal}", class_="here"))
    else:
        parts.append(tag("p", answer(one.fit), class_="here"))
        parts.append(tag("p", tag("b", "As the model stands: "), answer(result.fit), class_="compared"))
        parts += _evidence(one, one.fit, numbers)
    inside = [tag("div", *parts, class_="variant")]
    if one.fit is not None:
        inside += _figures_and_tables(one.name, one.fit, numbers, drawn)
    return tag("div", *inside, id=f"variant-{one.name}", data_choice=one.name, class_="panel", hidden=True)


def _settings(one: VariantResult, result: ModelResult) -> list[str]:
    """What the variant changes in the model file."""
    rule = next(rule for rule in result.model.variant_rules if rule.name == one.name)
    parts: list[Markup] = [
        join((identifier(path), " = ", tag("span", write_value(thaw(value)), class_="code")))
        for path, value in rule.set.items()
        if not path.endswith(".why")
    ]
    parts += [join(("without ", identifier(path))) for path in rule.unset]
    return [tag("b", "It changes: "), join(parts, "; "), "."]


def _evidence(one: VariantResult, fit: Fit, numbers: Numbers) -> list[Markup]:
    """Which numbers speak here and not there, and the other way round."""
    change = numbers.change(one.name, fit)
    sentences: list[Markup] = []
    for words, rows in (("Speaks here alone: ", change.added), ("Read otherwise here: ", change.read_otherwise)):
        if rows:
            sentences.append(tag("li", words, join(map(_leading, rows), ", "), "."))
    for reason, silent in change.dropped.items():
        # What is said of each is said once, if it is the same of all.
        details = {left.detail for _, left in silent}
        why = details.pop() if len(details) == 1 else sentence(in_words(reason_in_words(reason)))
        sentences.append(tag("li", "Silent here: ", join((_leading(one) for one, _ in silent), ", "), f". {why}"))
    return [tag("ul", *sentences)] if sentences else []


def _leading(number: Number) -> Markup:
    return tag("a", number.used.cohort.label, href=f"#{number.anchor}")
