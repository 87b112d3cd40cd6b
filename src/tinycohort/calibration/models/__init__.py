"""Models calibrated: truths from their own priors or from a grid, data, refits, and where the truths lie in them."""

from __future__ import annotations

from .front import calibrate
from .grid import Grid
from .ranks import band
from .result import CalibrationResult

__all__ = ["CalibrationResult", "Grid", "band", "calibrate"]
