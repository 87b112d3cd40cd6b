"""How often the truth is in the interval that is claimed to hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..families import SurvivalFamily
from .cohorts import Prior, draw_cohorts
from .posteriors import Placed, place
from .publishing import RULES

__all__ = ["SURVIVAL_AT", "Cell", "run"]

SURVIVAL_AT = (12.0, 24.0)


@dataclass(frozen=True)
class Cell:
    """One family, rule of publication and size of cohort; `away`, where the truth is fixed there."""

    family: SurvivalFamily
    prior: Prior
    rule: str
    people: int
    replicates: int
    away: tuple[float, float] | None = None
    fitted: SurvivalFamily | None = None

    @property
    def seed(self) -> list[int]:
        """The same people for every rule with the same follow-up."""
        return [20261122, self.people, *self.family.name.encode(), *(round(10 * a) + 100 for a in self.away or ())]


def run(cell: Cell) -> tuple[Placed, Any]:
    """Draw, publish, fit; and whether each replicate printed anything."""
    rule, followed = RULES[cell.rule]
    rng = np.random.default_rng(cell.seed)
    cohorts = draw_cohorts(
        cell.family, cell.prior, cell.people, cell.replicates, rng, followed_months=followed, away=cell.away
    )
    reports = [rule(cohorts, k) for k in range(cell.replicates)]
    printed = np.array([report.kind != "nothing" for report in reports])
    return place(cell.fitted or cell.family, cell.prior, reports, cohorts, SURVIVAL_AT), printed
