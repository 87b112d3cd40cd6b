"""What a report says of survival: curves at stated times, deaths to expect, and where the evidence ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..curves import CURVE_FUNCTIONALS, longest_followup
from ..estimates import estimate_rows
from ..likelihoods import SurvivalReports
from ..posterior import Fit
from .words import chance, count, figure, in_words, listed, percent, span

__all__ = ["curve_label", "curve_text", "is_survival", "sentences_on_survival"]

_WORDS = {
    "survival": "Alive at {:g} months",
    "hazard": "Hazard per month at {:g} months",
    "restricted_mean": "Mean months lived up to {:g}",
}


def is_survival(fit: Fit) -> bool:
    """Whether a fit is of survival."""
    return isinstance(fit.compiled.likelihood, SurvivalReports)


def curve_label(row: Mapping[str, Any]) -> str:
    """What a row of estimates says of a curve."""
    return _WORDS[row["functional"]].format(row["time_months"])


def curve_text(value: float | None, functional: str) -> str:
    """A number of a curve: a percentage, or as it is."""
    if value is None:
        return "–"
    return percent(value, 1) if functional == "survival" else figure(value)


def sentences_on_survival(fit: Fit, place: Any) -> list[str]:
    """Curves at their times, chances, deaths to expect, and until when the evidence reaches.

    Parameters
    ----------
    fit : Fit
        A reportable fit of survival.
    place : callable
        Where a row of estimates is about, in words.
    """
    rows = [row for row in estimate_rows(fit) if row["time_months"] is not None and row["target"] != "cohort"]
    said = [*_curves(rows, place), *_chances(rows, place), *_deaths(rows, place)]
    longest = longest_followup(fit)
    beyond = sorted({row["time_months"] for row in rows if row["time_months"] > longest})
    sentences = [*said, f"No number of the evidence reaches beyond {longest:g} months."]
    if beyond:
        times = listed(f"{time:g}" for time in beyond)
        sentences.append(f"At {times} months the curves are extrapolated: their family alone says how they go on.")
    return [*sentences, *_kinds(fit)]


def _curves(rows: list[dict[str, Any]], place: Any) -> list[str]:
    found: dict[tuple[str, float], list[str]] = {}
    for row in rows:
        if row["functional"] in CURVE_FUNCTIONALS and row["median"] is not None:
            unit = "probability" if row["functional"] == "survival" else "median"
            middle = percent(row["median"]) if unit == "probability" else figure(row["median"])
            said = f"{middle} ({span(row['lower'], row['upper'], unit)}) in {place(row)}"
            found.setdefault((row["functional"], row["time_months"]), []).append(said)
    return [f"{_WORDS[functional].format(time)}: {listed(said)}." for (functional, time), said in found.items()]


def _chances(rows: list[dict[str, Any]], place: Any) -> list[str]:
    found: dict[tuple[str, float, float], list[str]] = {}
    for row in rows:
        kind, _, side = row["functional"].partition("_")
        if kind == "probability" and row["probability"] is not None:
            key = ("more" if side == "above" else "fewer", row["threshold"], row["time_months"])
            found.setdefault(key, []).append(f"{chance(row['probability'])} in {place(row)}")
    return [
        f"The probability that {side} than {percent(share)} are alive at {time:g} months is {listed(said)}."
        for (side, share, time), said in found.items()
    ]


def _deaths(rows: list[dict[str, Any]], place: Any) -> list[str]:
    return [
        f"Of {row['patients']} patients, {row['lower']:.0f} to {row['upper']:.0f} in {place(row)} would have had the"
        f" event by {row['time_months']:g} months ({100 * row['level']:g}% predictive interval)."
        for row in rows
        if row["functional"] == "predicted_events" and row["median"] is not None
    ]


def _kinds(fit: Fit) -> list[str]:
    """What each cohort is known by, and whether that is a likelihood."""
    reports = fit.compiled.likelihood.reports_of(fit.compiled.data)  # type: ignore[attr-defined]
    kinds = {kind: sum(report.kind == kind for report in reports) for kind in dict.fromkeys(r.kind for r in reports)}
    said = [f"Known by {listed(f'{in_words(kind)} ({count(number, "cohort")})' for kind, number in kinds.items())}."]
    if any(report.quasi for report in reports):
        said.append("Landmarks speak through effective numbers of people: their likelihood is only like one.")
    return said
