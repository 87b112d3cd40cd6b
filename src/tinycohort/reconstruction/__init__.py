"""Patients from a digitised Kaplan-Meier curve and its numbers at risk: as many ways as the curve leaves open."""

from __future__ import annotations

from .front import reconstruct
from .result import Reconstruction

__all__ = ["Reconstruction", "reconstruct"]
