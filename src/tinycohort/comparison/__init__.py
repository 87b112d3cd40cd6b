"""One analysis beside others: its variants, and itself without each of its cohorts."""

from __future__ import annotations

from .refits import without_each
from .variants import Variants, vary

__all__ = ["Variants", "vary", "without_each"]
