"""Each model's question answered in a sentence, and what the answer rests on in a few more."""

from __future__ import annotations

from typing import Any

from ..estimates import estimate_rows
from ..posterior import Fit
from .results import ModelResult
from .words import about_tau, count, listed, of_quantity, span

__all__ = ["answer", "particulars", "rests_on", "standing_of_variants"]


def answer(result: ModelResult) -> str:
    """The answer to a model's question, with its uncertainty."""
    fit = result.fit
    if not fit.reportable:
        return f"No answer: {'; '.join(fit.reasons)}."
    found = {row["target"]: row for row in _own_quantity(fit)}
    typical, new = found.get("typical"), found.get("new_cohort")
    name = _endpoint(result)
    if typical is None or new is None:
        return f"{name}: the cohorts are not pooled, so there is one answer for each of them, in the table below."
    quantity = fit.compiled.family.quantity
    write = of_quantity(quantity)
    of = "of patients " if quantity == "probability" else ""
    kind = "" if quantity == "probability" else f"a {quantity} of "
    interval = f"{100 * typical['level']:g}% credible interval"
    return (
        f"{name}: {kind}{write(typical['median'])} {of}in a typical cohort ({interval} {span(typical, quantity)}), and"
        f" {write(new['median'])} in a new cohort like these ({span(new, quantity)})."
    )


def _own_quantity(fit: Fit) -> list[dict[str, Any]]:
    """Typical and new cohort at the level that the model asks for, or at 0.95 if it does not ask."""
    quantity = fit.compiled.family.quantity
    asked = {row["target"]: row for row in estimate_rows(fit) if row["functional"] == quantity}
    summary = fit.summary()
    usual = {
        name: {**values, "target": name, "level": summary["level"]}
        for name in ("typical", "new_cohort")
        if (values := summary[name]) is not None
    }
    return [row for name, row in (usual | asked).items() if row["median"] is not None and name in usual]


def _endpoint(result: ModelResult) -> str:
    return result.model.evidence.endpoint.replace("_", " ").capitalize()


def rests_on(fit: Fit) -> str:
    """How many cohorts and people an answer rests on."""
    cohorts = count(fit.compiled.cohorts, "cohort")
    data = fit.compiled.data
    if set(data) != {"events", "total"}:
        return f"It rests on {cohorts}."
    return f"It rests on {cohorts}, in which {data['events'].sum():,.0f} of {data['total'].sum():,.0f} people had it."


def particulars(result: ModelResult) -> list[str]:
    """What else the first page must say: the data, further estimands, heterogeneity, variants, the second engine."""
    fit = result.fit
    if not fit.reportable:
        return []
    sentences = [rests_on(fit), *_chances(fit)]
    for row in estimate_rows(fit):
        if row["functional"] == "predicted_events" and row["median"] is not None:
            among = f"{row['lower']:.0f} to {row['upper']:.0f} of {row['patients']} patients"
            interval = f"{100 * row['level']:g}% predictive interval"
            sentences.append(f"In {_ARTICLES[row['target']]}, {among} would have it ({interval}).")
    if sentence := about_tau(fit):
        sentences.append(f"{sentence[0].upper()}{sentence[1:]}.")
    return sentences + standing_of_variants(result)


_ARTICLES = {
    "typical": "a typical cohort",
    "average": "the average of cohorts",
    "new_cohort": "a new cohort",
    "cohort": "a cohort",
}


def _chances(fit: Fit) -> list[str]:
    """P(quantity > threshold), one sentence a threshold."""
    found: dict[float, list[str]] = {}
    for row in estimate_rows(fit):
        if row["functional"] == "probability_above" and row["probability"] is not None and row["target"] != "cohort":
            chance = f"{row['probability']:.2f} in {_ARTICLES[row['target']]}"
            found.setdefault(row["threshold"], []).append(chance)
    write = of_quantity(fit.compiled.family.quantity)
    of = " of patients" if fit.compiled.family.quantity == "probability" else ""
    return [f"The probability of more than {write(mark)}{of} is {listed(chances)}." for mark, chances in found.items()]


def standing_of_variants(result: ModelResult) -> list[str]:
    """How far the variants move the answer, and what stands on the first page whatever it says: who was published."""
    quantity = result.fit.compiled.family.quantity
    write = of_quantity(quantity)
    found = {}
    for variant in result.variants:
        usable = variant.fit is not None and variant.fit.reportable
        new = variant.fit.summary()["new_cohort"] if usable and variant.fit is not None else None
        if new is not None:
            found[variant.name] = new
    sentences = []
    if found:
        low, high = (choose(found, key=lambda name: found[name]["median"]) for choose in (min, max))
        sentences.append(
            f"In {count(len(found), 'variant')} of the analysis, the median for a new cohort runs from"
            f" {write(found[low]['median'])} ({low}) to {write(found[high]['median'])} ({high})."
        )
    if "prospective_only" in found:
        new = found["prospective_only"]
        sentences.append(f"From prospective cohorts alone it is {write(new['median'])} ({span(new, quantity)}).")
    if not any(name.startswith("unpublished") for name in result.model.variants):
        sentences.append("Nothing here corrects for small series that went unpublished because nobody responded.")
    missing = [variant.name for variant in result.variants if variant.fit is None or not variant.fit.reportable]
    return sentences + ([f"No answer from {listed(missing)}."] if missing else [])
