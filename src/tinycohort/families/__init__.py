"""Families: what is unknown about one cohort, and how it reads on the scale people speak in."""

from __future__ import annotations

from .base import Family
from .contrast import CONTRAST_MEASURES, Contrast
from .proportion import Proportion

__all__ = ["CONTRAST_MEASURES", "FAMILIES", "Contrast", "Family", "Proportion"]

FAMILIES: dict[str, type[Family]] = {cls.name: cls for cls in (Proportion, Contrast)}
