"""Pooling: how cohorts are alike, as a distribution of theta given mu and tau. Independent of the likelihood."""

from __future__ import annotations

from .anchors import Anchors
from .base import Pooling, is_level
from .common import Common
from .exnex import ESTIMATED, Exnex
from .mem import MOST_COHORTS, Mem
from .nested import Nested
from .none import Separate
from .partial import Partial
from .shapes import SHAPES, Shape
from .student import Student

__all__ = [
    "ESTIMATED", "MOST_COHORTS", "SHAPES", "Anchors", "Common", "Exnex", "Mem", "Nested", "Partial", "Pooling",
    "Separate", "Shape", "Student", "is_level",
]  # fmt: skip

POOLINGS: dict[str, type[Pooling]] = {cls.name: cls for cls in (Separate, Common, Partial, Student, Nested, Exnex, Mem)}
