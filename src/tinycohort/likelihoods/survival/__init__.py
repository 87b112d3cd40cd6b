"""Survival reports: times of people, landmarks and medians of curves, deaths counted, events per person-time.

Each kind of report turns what was printed into the same few terms (``terms``), which one likelihood (``reports``)
evaluates under any family of curves.
"""

from __future__ import annotations

from .counts import followup_counts_report, person_time_report
from .effective import BASES, Followup
from .kinds import SURVIVAL_KINDS, SurvivalKind
from .landmarks import landmarks_report
from .medians import MEDIAN_RULES, median_report
from .persons import Gap, persons_report
from .report import Person, Point, Report
from .reports import SurvivalReports

__all__ = [
    "BASES", "MEDIAN_RULES", "SURVIVAL_KINDS", "Followup", "Gap", "Person", "Point", "Report", "SurvivalKind",
    "SurvivalReports",
    "followup_counts_report", "landmarks_report", "median_report", "person_time_report", "persons_report",
]  # fmt: skip
