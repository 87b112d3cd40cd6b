"""What a posterior is to the rest of the package, whichever engine made it, and the Fit that carries it."""

from __future__ import annotations

from .asking import check_target, require_reportable, target_issues
from .base import INTERVALS, TARGETS, Interval, LeaveOneOut, Marginal, Points, Posterior, Target
from .fit import Fit
from .points import marginal_of

__all__ = [
    "INTERVALS", "TARGETS", "Fit", "Interval", "LeaveOneOut", "Marginal", "Points", "Posterior", "Target",
    "check_target", "marginal_of", "require_reportable", "target_issues",
]  # fmt: skip
