"""One analysis beside others: its variants, other models, and itself without each of its cohorts."""

from __future__ import annotations

from .comparing import Comparison, compare
from .refits import without_each
from .variants import Variants, vary

__all__ = ["Comparison", "Variants", "compare", "vary", "without_each"]
