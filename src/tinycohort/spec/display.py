"""A model as people read it: labelled lines of text, or a table in HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from .sections import Estimand, LikelihoodChoice, PoolingChoice, Selection, Variant
from .toml import write_value
from .words import thaw

__all__ = [
    "as_html", "as_text", "describe_estimand", "describe_likelihood", "describe_pooling",
    "describe_selection", "describe_variant",
]  # fmt: skip

Rows = Sequence[tuple[str, str]]


def as_text(heading: str, rows: Rows) -> str:
    """Labelled lines under a heading, wrapped at 110 characters."""
    width = max(len(label) for label, _ in rows) + 2
    lines = [heading]
    for label, text in rows:
        lines += textwrap.wrap(
            text, 110, initial_indent=f"  {label:<{width}}", subsequent_indent=" " * (width + 2), break_on_hyphens=False
        ) or [f"  {label}"]
    return "\n".join(lines)


def as_html(heading: str, rows: Rows) -> str:
    """The same as a table, every word of the model escaped."""
    body = "".join(
        f'<tr><th scope="row" style="text-align:left;vertical-align:top">{html.escape(label)}</th>'
        f'<td style="text-align:left">{html.escape(text)}</td></tr>'
        for label, text in rows
    )
    return f"<table><caption>{html.escape(heading)}</caption><tbody>{body}</tbody></table>"


def describe_selection(selection: Selection) -> Rows:
    """Who may speak, in a line each."""
    rows = [("endpoint", selection.endpoint)]
    for label, conditions in (("where", selection.where), ("against", selection.against)):
        if conditions:
            rows.append((label, "; ".join(f"{key} is {_either(values)}" for key, values in conditions.items())))
    rows += [("origins", ", ".join(selection.origins)), ("overlaps", _pairs(selection.overlaps))]
    rows += [(label, ", ".join(names)) for label in ("prefer", "exclude") if (names := getattr(selection, label))]
    if selection.decisions:
        rows.append(("decisions", _pairs(selection.decisions)))
    if selection.allow_selected:
        rows.append(("allow_selected", "cohorts selected on the endpoint may speak too"))
    return rows


def describe_likelihood(choice: LikelihoodChoice) -> str:
    """One kind in a line, with what it is told."""
    told = [f"{name.replace('_', ' ')}: {value:g}" for name, value in choice.options.items()]
    return ", ".join([choice.kind, *told])


def describe_pooling(choice: PoolingChoice) -> str:
    """How cohorts are alike, with what places each of them."""
    words = [f"{choice.kind}: {choice.build().formula}"]
    words += [f"grouped by {choice.group}"] if choice.group else []
    told = choice.told
    for name, designs in told.get("classes", {}).items():
        words.append(f"class {name}: {', '.join(designs)}")
    for one in told.get("discount", ()):
        whose = one["cohort"] if "cohort" in one else f"{one['column']} {one['value']}"
        words.append(f"{whose} to the power {one['power']:g} ({one['why'].rstrip('.')})")
    words += [f"current: {', '.join(told['current'])}"] if "current" in told else []
    for name, one in told.get("covariates", {}).items():
        values = f" is {_either(one['values'])}" if "values" in one else ""
        words.append(f"{name}: {one['column']}{values}, mu at {one['centre']:g}")
    return "; ".join(words)


def describe_estimand(estimand: Estimand) -> str:
    """One estimand in a line."""
    words = [estimand.functional.replace("_", " ")]
    if estimand.threshold is not None:
        words.append(f"{estimand.threshold:g}")
    if estimand.patients is not None:
        words.append(f"among {estimand.patients} new patients")
    if estimand.baseline is not None:
        words.append(f"at a baseline of {estimand.baseline:g} ({estimand.baseline_source})")
    parts = [" ".join(words), *([estimand.target.replace("_", " ")] if estimand.target else [])]
    parts += [f"at {name} {value:g}" for name, value in estimand.at.items()]
    text = f"{estimand.name}: {', '.join(parts)}, {100 * estimand.level:g}%"
    return f"{text}. {estimand.why}" if estimand.why else text


def describe_variant(rule: Variant) -> str:
    """One variant in a line: what it changes, and why."""
    changes = [f"{path} = {write_value(thaw(value))}" for path, value in rule.set.items()]
    changes += [f"without {path}" for path in rule.unset]
    return f"{rule.name}: {', '.join(changes)}. {rule.why}"


def _pairs(mapping: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in mapping.items())


def _either(values: Sequence[Any]) -> str:
    words = [str(value).lower() if isinstance(value, bool) else str(value) or "empty" for value in values]
    return " or ".join(words)
