"""Pooling: how cohorts are alike, as a distribution of theta given mu and tau. Independent of the likelihood."""

from __future__ import annotations

from .anchors import Anchors
from .base import Pooling, is_level
from .commensurate import Commensurate
from .common import Common
from .design import Design
from .exnex import ESTIMATED, Exnex
from .mem import MOST_COHORTS, Mem
from .nested import Nested
from .none import Separate
from .partial import Partial
from .power import Power
from .regression import MOST_COVARIATES, Regression
from .shapes import SHAPES, Shape
from .student import Student

__all__ = [
    "ESTIMATED", "MOST_COHORTS", "MOST_COVARIATES", "POOLINGS", "SHAPES", "Anchors", "Commensurate", "Common", "Design",
    "Exnex", "Mem", "Nested", "Partial", "Pooling", "Power", "Regression", "Separate", "Shape", "Student", "is_level",
]  # fmt: skip

POOLINGS: dict[str, type[Pooling]] = {
    cls.name: cls
    for cls in (
        Separate, Common, Partial, Student, Nested, Exnex, Mem, Design, Power, Commensurate, Regression,
    )
}  # fmt: skip
