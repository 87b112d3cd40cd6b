"""Pooling: how cohorts are alike, as a distribution of theta given mu and tau. Independent of the likelihood."""

from __future__ import annotations

from .anchors import Anchors
from .base import Pooling
from .commensurate import Commensurate
from .common import Common
from .design import Design
from .nested import Nested
from .none import Separate
from .partial import Partial
from .power import Power
from .regression import MOST_COVARIATES, Regression
from .shapes import SHAPES, Shape
from .student import Student

__all__ = [
    "MOST_COVARIATES", "POOLINGS", "SHAPES", "Anchors", "Commensurate", "Common", "Design", "Nested", "Partial",
    "Pooling", "Power", "Regression", "Separate", "Shape", "Student",
]  # fmt: skip

POOLINGS: dict[str, type[Pooling]] = {
    cls.name: cls for cls in (Separate, Common, Partial, Student, Nested, Design, Power, Commensurate, Regression)
}
