"""`pool`: numbers straight from the caller, with no files at all."""

from __future__ import annotations

from .front import pool
from .shapes import SHAPES, Shape

__all__ = ["SHAPES", "Shape", "pool"]
