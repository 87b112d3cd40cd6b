"""Truths drawn from priors, cohorts that follow them, papers that print them, and how often a fit is right.

So far of survival reports; ``tools/calibrate_survival.py`` runs it, and docs/calibration.md shows what came out.
"""

from __future__ import annotations

from .cohorts import Cohorts, Prior, draw_cohorts
from .coverage import QUANTITIES, SETTINGS, SURVIVAL_AT, Cell, run, summary
from .posteriors import Placed, place
from .publishing import PATIENTS, RULES

__all__ = [
    "PATIENTS", "QUANTITIES", "RULES", "SETTINGS", "SURVIVAL_AT", "Cell", "Cohorts", "Placed", "Prior", "draw_cohorts",
    "place", "run", "summary",
]  # fmt: skip
