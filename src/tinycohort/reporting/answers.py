"""Each model's question answered in a sentence, and what the answer rests on in a few more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..estimates import estimate_rows, probability_above
from ..posterior import Fit
from ..risks import is_of_odds
from ..vocabulary import CONTRAST_MEASURES
from .headline import Standing, headline, is_pooled, standing
from .methods import fits_the_data
from .results import ModelResult
from .survival import is_survival, sentences_on_survival
from .words import about_tau, chance, count, in_words, listed, of_quantity, points, sentence, span

__all__ = ["answer", "particulars", "rests_on", "standing_of_variants"]

_PLACES = {"typical": "a typical cohort", "average": "the average of cohorts", "new_cohort": "a new cohort"}
_OF_GROUPS = {"group": "a typical cohort ({})", "new_cohort_in_group": "a new cohort ({})"}
_LIKE_THESE = {False: "in a new cohort like these", True: "in a new cohort of a new group"}


def answer(fit: Fit) -> str:
    """The answer to the question of a fit's model, with its uncertainty."""
    if not fit.reportable:
        return f"No answer: {'; '.join(fit.reasons)}."
    name = sentence(in_words(fit.model.evidence.endpoint))[:-1] if fit.model is not None else "Pooled"
    found = headline(fit)
    if found[0].target == "cohort":
        return f"{name}: {_apart(fit, found)}."
    typical, new = found
    quantity = fit.compiled.family.quantity
    if "tau" not in fit.compiled.priors:
        return f"{name}: {_amount(fit, typical)} in every cohort, if all are alike ({_interval(typical, quantity)})."
    ends = _interval(new, quantity) if new.level != typical.level else span(new.lower, new.upper, quantity)
    return (
        f"{name}: {_amount(fit, typical)} in a typical cohort ({_interval(typical, quantity)}), and"
        f" {of_quantity(quantity)(new.median)} {_LIKE_THESE[fit.compiled.pooling.grouped]} ({ends})."
    )


def _apart(fit: Fit, found: tuple[Standing, ...]) -> str:
    """The answer where cohorts are not pooled."""
    quantity = fit.compiled.family.quantity
    if len(found) == 1:
        (one,) = found
        return f"{_amount(fit, one)} in {one.label}, the one cohort there is ({_interval(one, quantity)})"
    low, high = (choose(found, key=lambda one: one.median) for choose in (min, max))
    most = f"{of_quantity(quantity)(high.median)} in {high.label} ({span(high.lower, high.upper, quantity)})"
    return (
        f"{_why_apart(fit)}, so each has its own answer, from {_amount(fit, low)} in {low.label}"
        f" ({_interval(low, quantity)}) to {most}"
    )


def _why_apart(fit: Fit) -> str:
    if fit.compiled.pooling.name == "mem":
        return "which cohorts share one value is unknown"
    return "the cohorts are not pooled"


def _amount(fit: Fit, one: Standing) -> str:
    quantity = fit.compiled.family.quantity
    shown = of_quantity(quantity)(one.median)
    if quantity == "median":
        return f"a median of {shown} months"
    return f"{shown} of patients" if quantity == "probability" else f"{_with_article(_measure(fit))} of {shown}"


def _measure(fit: Fit) -> str:
    """What a ratio or a difference is called: by what was printed, where that is one thing."""
    if is_of_odds(fit):
        return "odds ratio"
    measures = {one.outcome.measure for one in fit.evidence.used} if fit.evidence is not None else set()
    contrasts = measures & set(CONTRAST_MEASURES)
    return in_words(contrasts.pop()) if len(measures) == len(contrasts) == 1 else fit.compiled.family.quantity


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _interval(one: Standing, quantity: str) -> str:
    return f"{100 * one.level:g}% credible interval {span(one.lower, one.upper, quantity)}"


def rests_on(fit: Fit) -> str:
    """How many cohorts and people an answer rests on."""
    cohorts = count(fit.compiled.cohorts, "cohort")
    data = fit.compiled.data
    had = "in which {:,.0f} of {:,.0f} people had it"
    if set(data) == {"events", "total", "control_total", "both_events"}:
        others = (data["both_events"] - data["events"]).sum(), data["control_total"].sum()
        against = " against {:,.0f} of {:,.0f} in the arms compared with".format(*others)
        return f"It rests on {cohorts}, {had.format(data['events'].sum(), data['total'].sum())}{against}."
    if set(data) != {"events", "total"}:
        return f"It rests on {cohorts}{_people(fit)}."
    return f"It rests on {cohorts}, {had.format(data['events'].sum(), data['total'].sum())}."


def _people(fit: Fit) -> str:
    """How many people printed estimates are of; nothing where that is not known of all."""
    totals = [one.outcome.total for one in fit.evidence.used] if fit.evidence is not None else []
    if is_survival(fit):
        totals = [report.people for report in fit.compiled.likelihood.reports_of(fit.compiled.data)]  # type: ignore[attr-defined]
    return f" of {sum(map(int, totals)):,} people" if totals and None not in totals else ""


def _hazards(fit: Fit) -> list[str]:
    """Which way a hazard ratio points."""
    if not fit.evidence or {one.outcome.measure for one in fit.evidence.used} != {"hazard_ratio"}:
        return []
    turned = [one.speaker.label for one in fit.evidence.used if one.turned_to is not None]
    said = ["A hazard ratio below 1 is a lower hazard in the cohort that is named than in the one it is compared with."]
    return said + ([f"Printed the other way up, and turned round: {listed(turned)}."] if turned else [])


def particulars(result: ModelResult) -> list[str]:
    """What else the first page must say: the data, further estimands, heterogeneity, and where the variants stand."""
    fit = result.fit
    if not fit.reportable:
        return []
    sentences = [
        rests_on(fit),
        *_hazards(fit),
        *_designs(fit),
        *_denominators(fit),
        *_chances(fit),
        *_at_baselines(fit),
        *_predictions(fit),
        *(sentences_on_survival(fit, _place) if is_survival(fit) else []),
    ]
    sentences += filter(None, [sentence(about_tau(fit, name)) for name in ("tau", "tau_group")])
    remarks = [sentence(remark) for remark in fit.compiled.remarks]
    return [*sentences, *remarks, *fits_the_data(fit), *standing_of_variants(result)]


def _designs(fit: Fit) -> list[str]:
    """The designs, where not all are of patients drawn by lot; of arms that are compared, what that may mean."""
    if fit.compiled.family.quantity == "probability" or fit.evidence is None:
        return []
    # A cohort counts once, however many of its numbers are used.
    found = Counter({one.speaker.cohort_id: one.speaker.design for one in fit.evidence.used}.values())
    if set(found) <= {"randomised"}:
        return []
    parts = listed(f"{in_words(design)} in {number}" for design, number in found.most_common())
    compared = fit.compiled.family.name == "contrast"
    may = " Arms that were not drawn by lot may differ in more than the treatment." if compared else ""
    return [f"Design: {parts}.{may}"]


def _denominators(fit: Fit) -> list[str]:
    """Who is counted, where cohorts do not count alike."""
    used = fit.evidence.used if fit.evidence is not None else ()
    found = Counter(one.outcome.denominator or "unstated" for one in used if one.outcome.total is not None)
    if len(found) < 2:
        return []
    parts = [f"{in_words(name)} in {number}" for name, number in found.most_common()]
    return [f"Totals differ in whom they count: {listed(parts)}."]


def _chances(fit: Fit) -> list[str]:
    """P(quantity > threshold), one sentence a threshold; of contrasts also on which side of no difference."""
    found: dict[tuple[str, float], list[str]] = {}
    for row in estimate_rows(fit):
        kind, _, side = row["functional"].partition("_")
        of_quantity_itself = side and row["time_months"] is None and row["target"] != "cohort"
        if kind == "probability" and of_quantity_itself and row["probability"] is not None:
            said = f"{chance(row['probability'])} in {_place(row)}"
            found.setdefault((side, row["threshold"]), []).append(said)
    quantity = fit.compiled.family.quantity
    write = of_quantity(quantity) if quantity == "probability" else "{:g}".format
    of = " of patients" if quantity == "probability" else ""
    sides_of = {"above": "more than", "below": "less than"} if quantity == "probability" else {}
    named = "" if quantity == "probability" else f"{_with_article(_measure(fit))} "
    of = " months" if quantity == "median" else of
    sentences = [
        f"The probability of {named}{sides_of.get(side, side)} {write(x)}{of} is {listed(chances)}."
        for (side, x), chances in found.items()
    ]
    nothing = {"ratio": 1.0, "difference": 0.0}.get(quantity)
    if nothing is None or nothing in {x for _, x in found} or standing(fit, "typical") is None:
        return sentences
    sides = [(target, probability_above(fit, nothing, target)) for target in ("typical", "new_cohort")]
    chances = [f"{chance(1.0 - above)} in {_PLACES[target]}" for target, above in sides if above is not None]
    return [*sentences, f"The probability that it is below {nothing:g} is {listed(chances)}."]


def _place(row: Mapping[str, Any]) -> str:
    target, label = row["target"], row["label"]
    if target in _OF_GROUPS:
        return _OF_GROUPS[target].format(in_words(label))
    return _PLACES.get(target) or f"{label}"


def _at_baselines(fit: Fit) -> list[str]:
    """What a ratio of odds comes to where so many have it without the treatment."""
    sources = {one.name: one.baseline_source for one in getattr(fit.model, "estimands", ())}
    found: dict[tuple[float, str], list[str]] = {}
    for row in estimate_rows(fit):
        if row["functional"] == "risk_difference" and row["median"] is not None:
            ends = f"{points(row['lower'])} to {points(row['upper'])}"
            said = f"{points(row['median'])} percentage points ({ends}) in {_place(row)}"
            found.setdefault((row["baseline"], sources[row["name"]]), []).append(said)
    return [
        f"Where {100 * baseline:g}% have it without the treatment (as in {source}), the difference is {listed(said)}."
        for (baseline, source), said in found.items()
    ]


def _predictions(fit: Fit) -> list[str]:
    found: dict[tuple[int, float], list[str]] = {}
    for row in estimate_rows(fit):
        if row["functional"] == "predicted_events" and row["median"] is not None and row["time_months"] is None:
            said = f"{row['lower']:.0f} to {row['upper']:.0f} in {_place(row)}"
            found.setdefault((row["patients"], row["level"]), []).append(said)
    return [
        f"Of {patients} patients, {listed(said)} would have it"
        f" ({100 * level:g}% predictive interval{'' if len(said) == 1 else 's'})."
        for (patients, level), said in found.items()
    ]


def standing_of_variants(result: ModelResult) -> list[str]:
    """How far the variants move the answer, and what stands on the first page whatever it says: who was published."""
    usable = {one.name: one.fit for one in result.variants if one.fit is not None and one.fit.reportable}
    found = {name: one for name, fit in usable.items() if (one := _comparable(result, fit)) is not None}
    missing = [one.name for one in result.variants if one.name not in usable]
    sentences = [*_range(result, found), *_selection(result, found)]
    return sentences + ([f"No answer from {listed(missing)}."] if missing else [])


def _comparable(result: ModelResult, fit: Fit) -> Standing | None:
    """What a variant says of that of which the model speaks: of a new cohort, or of the one cohort there is."""
    if is_pooled(result.fit):
        return standing(fit, "new_cohort")
    alone = result.fit.compiled.cohorts == fit.compiled.cohorts == 1 and not is_pooled(fit)
    return standing(fit, "cohort", 0) if alone else None


def _range(result: ModelResult, found: Mapping[str, Standing]) -> list[str]:
    if not found:
        return []
    write = of_quantity(result.fit.compiled.family.quantity)
    low, high = (choose(found, key=lambda name: found[name].median) for choose in (min, max))
    who = " for a new cohort" if is_pooled(result.fit) else ""
    if len(found) == 1:
        return [f"In the one variant of the analysis, {low}, the median{who} is {write(found[low].median)}."]
    return [
        f"In {count(len(found), 'variant')} of the analysis, the median{who} runs from"
        f" {write(found[low].median)} ({low}) to {write(found[high].median)} ({high})."
    ]


def _selection(result: ModelResult, found: Mapping[str, Standing]) -> list[str]:
    """Who was published: what prospective cohorts say alone, and what a correction for unpublished ones does."""
    quantity = result.fit.compiled.family.quantity
    write = of_quantity(quantity)

    def stands(one: Standing) -> str:
        return f"{write(one.median)} ({span(one.lower, one.upper, quantity)})"

    sentences = []
    if "prospective_only" in found:
        sentences.append(f"From prospective cohorts alone it is {stands(found['prospective_only'])}.")
    corrected = [name for name in found if name.startswith("unpublished")]
    if corrected:
        parts = listed(f"{stands(found[name])} in {name}" for name in corrected)
        sentences.append(f"Corrected for series that went unpublished because nobody in them had it, it is {parts}.")
    elif quantity == "probability":
        sentences.append("Nothing here corrects for small series that went unpublished because nobody in them had it.")
    return sentences
