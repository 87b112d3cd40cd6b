"""`pool`: numbers straight from the caller, with no files at all."""

from __future__ import annotations

from .front import pool
from .reported import from_deaths, from_landmarks, from_median, from_patients, from_person_time
from .shapes import SHAPES, Shape
from .survival import pool_survival

__all__ = [
    "SHAPES", "Shape", "from_deaths", "from_landmarks", "from_median", "from_patients", "from_person_time", "pool",
    "pool_survival",
]  # fmt: skip
