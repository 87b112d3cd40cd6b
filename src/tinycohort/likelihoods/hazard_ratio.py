"""`hazard_ratio`: a hazard ratio with its interval, normal on the log scale."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import Contrast, Family
from ..issues import InputError
from .base import Data
from .normal import NormalEstimate, interval_issues

__all__ = ["HazardRatio"]

# Off the middle of its interval by more than this share of the standard error, and by more than rounding explains.
_SHARE = 0.1
_MOST_DECIMALS = 4


class HazardRatio(NormalEstimate):
    """log(hazard ratio) ~ Normal(theta, standard_error): the hazards of both arms are taken to be proportional.

    The standard error is (log U - log L) / (2 z): Tierney et al. 2007, doi:10.1186/1745-6215-8-16. That is exact for an
    interval of Wald's kind, whose ratio lies in its middle on the log scale; of any other it is said.
    """

    name = "hazard_ratio"
    requires = (*NormalEstimate.requires, "comparator_id")

    def speaks_to(self, family: Family) -> bool:
        return isinstance(family, Contrast) and family.measure == "ratio"

    def measures(self, family: Family) -> tuple[str, ...]:
        return ("hazard_ratio",)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        """The log hazard ratio and its standard error.

        Raises
        ------
        InputError
            A ratio outside its interval, one that is not positive, or a level that is none.
        """
        numbers = reported.value, reported.lower, reported.upper, reported.level
        issues = interval_issues(family, f"outcome {reported.outcome_id!r}", *map(float, numbers))
        if issues:
            raise InputError(issues)
        return super().read(reported, family)

    def words(self, row: Mapping[str, Any]) -> str:
        """With four digits: a ratio that was turned round has more than were printed."""
        if "lower_given" not in row:
            return super().words(row)
        return f"{row['estimate']:.4g} ({row['lower_given']:.4g} to {row['upper_given']:.4g})"

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        """Ratios that lie off the middle of their interval on the log scale by more than rounding explains."""
        if not set(self.given) <= set(given):
            return []
        found = []
        for j, label in enumerate(labels):
            value, lower, upper = (float(given[name][j]) for name in self.given)
            error, middle = float(data["standard_error"][j]), 0.5 * np.log(lower * upper)
            off = abs(np.log(value) - middle)
            if off > _rounding(value, lower, upper) and off > _SHARE * error:
                reach = 0.5 * np.log(upper / lower) / error
                below, above = np.log(value / lower) / reach, np.log(upper / value) / reach
                found.append(
                    f"{label}: {value:.4g} is not in the middle of {lower:.4g} to {upper:.4g} on the log scale, as the"
                    f" ratio of a Wald interval is; its standard error would be {below:.3f} by the lower limit and"
                    f" {above:.3f} by the upper, and {error:.3f}, by both, is used"
                )
        return found


def _rounding(value: float, lower: float, upper: float) -> float:
    """How far rounding can have moved a ratio off the middle of its interval, on the log scale.

    A ratio that was turned round is the reciprocal of what was printed. Noughts at the end of a number are not known
    of: it is then taken to be rounded more than it was, and nothing is said too soon.
    """
    for printed in ((value, lower, upper), (1.0 / value, 1.0 / upper, 1.0 / lower)):
        halves = [_half_unit(number) for number in printed]
        if all(halves):
            return halves[0] + 0.5 * (halves[1] + halves[2])
    return 0.0


def _half_unit(number: float) -> float:
    """Half a unit of the last decimal of a number, as a share of it; 0 if it has more than were printed."""
    for decimals in range(_MOST_DECIMALS + 1):
        if abs(round(number, decimals) - number) < 1e-9 * number:
            return 0.5 * 10.0**-decimals / number
    return 0.0
