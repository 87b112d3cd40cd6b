"""Pooling: how cohorts are alike, as a distribution of theta given mu and tau. Independent of the likelihood."""

from __future__ import annotations

from .anchors import Anchors
from .base import Pooling
from .common import Common
from .nested import Nested
from .none import Separate
from .partial import Partial
from .shapes import SHAPES, Shape
from .student import Student

__all__ = ["POOLINGS", "SHAPES", "Anchors", "Common", "Nested", "Partial", "Pooling", "Separate", "Shape", "Student"]

POOLINGS: dict[str, type[Pooling]] = {cls.name: cls for cls in (Separate, Common, Partial, Student, Nested)}
