"""What came out of the chunks, put together: the same whoever did them, in whichever order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .ranks import counts_at, uniformity
from .result import CalibrationResult

__all__ = ["gather_grid", "gather_prior"]

_DIGITS = 6


def gather_prior(found: Sequence[Any], settings: dict[str, Any], stamp: dict[str, Any]) -> CalibrationResult:
    """Of truths drawn from the priors."""
    size, level = settings["replicates"], settings["level"]
    keys = list(found[0]["below"])
    places = {key: [value for one in found for value in one["below"][key]] for key in keys}
    rows, curves = [], {}
    for key in keys:
        name, _, label = key.partition(" ")
        whole = np.array(places[key])
        uniform = uniformity(whole)
        rows.append(
            {
                "quantity": name,
                "cohort": label,
                "replicates": size,
                "coverage": round(sum(one["held"][key] for one in found) / size, _DIGITS),
                "standard_error": round(math.sqrt(level * (1.0 - level) / size), _DIGITS),
                "width": round(sum(one["width"][key] for one in found) / size, _DIGITS),
                "p_value": float(f"{uniform.p_value:.4g}"),
                "furthest": round(uniform.furthest, _DIGITS),
                "words": uniform.words,
            }
        )
        curves[key] = [int(count) for count in counts_at(whole)]
    return CalibrationResult(
        kind="prior",
        rows=rows,
        settings=settings,
        stamp=stamp,
        competitors=_competitors([one["competitors"] for one in found if "competitors" in one], size),
        curves=curves,
        unreported=sum(one["unreported"] for one in found),
        places=places,
    )


def _competitors(found: Sequence[Any], size: int) -> list[dict[str, Any]]:
    if not found:
        return []
    rows = []
    for method, quantities in found[0].items():
        for quantity in quantities:
            measured = _measured([one[method] for one in found], quantity, size)
            rows.append({"method": method, "quantity": quantity, "replicates": size, **measured})
    return rows


def gather_grid(
    found: Sequence[Any], truths: Sequence[Any], settings: dict[str, Any], stamp: dict[str, Any]
) -> CalibrationResult:
    """Of fixed truths."""
    size = settings["replicates"]
    rows = []
    for (cohorts, people, rate, tau), one in zip(truths, found, strict=True):
        for method, quantities in one["methods"].items():
            for quantity in quantities:
                truth = {"cohorts": cohorts, "people": people, "rate": rate, "tau": tau}
                measured = _measured([quantities], quantity, size)
                rows.append({**truth, "method": method, "quantity": quantity, "replicates": size, **measured})
    return CalibrationResult("grid", rows, settings, stamp)


def _measured(found: Sequence[Any], quantity: str, size: int) -> dict[str, float]:
    """Coverage and mean width from sums."""
    held, width = (sum(one[quantity][k] for one in found) for k in (0, 1))
    return {"coverage": round(held / size, _DIGITS), "width": round(width / size, _DIGITS)}
