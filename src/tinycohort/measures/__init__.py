"""What each way of reporting a number must contain, what it must leave empty, and when it is implausible."""

from __future__ import annotations

from .checks import check_outcome
from .kinds import MEASURES, RULED, Measure
from .numbers import numbers_in, prints_as

__all__ = ["MEASURES", "RULED", "Measure", "check_outcome", "numbers_in", "prints_as"]
