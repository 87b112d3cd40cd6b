"""What goes to standard output (answers) and to standard error (progress and messages)."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["NO_ANSWER", "NO_CALIBRATION", "NO_RECONSTRUCTION", "answer", "answer_json", "complain", "refuse"]

#: The keys of a fit's JSON when there is no fit to tell of: everything absent, the reasons beside it.
NO_ANSWER: dict[str, Any] = {
    "scale": None,
    "level": None,
    "interval": None,
    "engine": None,
    "reportable": False,
    "reasons": [],
    "priors": None,
    "mu": None,
    "tau": None,
    "tau_group": None,
    "shape": None,
    "exchangeable": None,
    "exchangeability": None,
    "places": None,
    "typical": None,
    "average": None,
    "new_cohort": None,
    "cohorts": [],
    "groups": [],
    "remarks": [],
    "log_marginal_likelihood": None,
    "elpd_loco": None,
    "diagnostics": None,
    "versions": None,
}

#: The same for a reconstruction.
NO_RECONSTRUCTION: dict[str, Any] = {
    "total": None,
    "events": None,
    "events_lowest": None,
    "events_highest": None,
    "median_months": None,
    "median_months_lowest": None,
    "median_months_highest": None,
    "mean_miss": None,
    "worst_miss": None,
    "ensemble": None,
    "precision": None,
    "seed": None,
    "remarks": [],
    "patients": [],
    "reasons": [],
}

#: The same for a calibration.
NO_CALIBRATION: dict[str, Any] = {
    "format": None,
    "kind": None,
    "calibrated": None,
    "verdict": None,
    "settings": None,
    "stamp": None,
    "unreported": None,
    "table": [],
    "competitors": [],
    "curves": {},
    "reasons": [],
}


def answer(lines: Iterable[str]) -> None:
    """Write lines to standard output, with a substitute for what its encoding does not have."""
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def answer_json(content: Any) -> None:
    """Write JSON to standard output: ASCII, so that no terminal spoils it, and null for what is not a number."""
    sys.stdout.write(json.dumps(_finite(content), indent=2, allow_nan=False) + "\n")


def complain(text: str) -> None:
    """Write a message to standard error, on one line."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    sys.stderr.write(f"tinycohort: {shown}\n".encode("utf-8", "backslashreplace").decode())
    sys.stderr.flush()


def refuse(reasons: Sequence[str], options: Any) -> None:
    """Say why there is no answer: on standard error, and with --json in `reasons` on standard output too."""
    for reason in reasons:
        complain(reason)
    if getattr(options, "json", False):
        answer_json({**getattr(options, "no_answer", {}), "reasons": list(reasons)})


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
