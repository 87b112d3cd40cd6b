"""One analysis beside others: its variants, other models, and itself without each of its cohorts."""

from __future__ import annotations

from .averaging import ModelAverage, model_average
from .comparing import Comparison, compare
from .scaling import PowerScaling, power_scaling
from .refits import without_each
from .variants import Variants, vary

__all__ = [
    "Comparison", "ModelAverage", "Variants", "compare", "model_average", "vary", "without_each",
]  # fmt: skip
