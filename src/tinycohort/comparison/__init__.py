"""One analysis beside others: its variants, other models, itself without each cohort, itself with other weights."""

from __future__ import annotations

from .averaging import ModelAverage, model_average
from .comparing import Comparison, compare
from .conflict import Conflict, prior_data_conflict
from .refits import without_each
from .scaling import PowerScaling, power_scaling
from .variants import Variants, vary

__all__ = [
    "Comparison", "Conflict", "ModelAverage", "PowerScaling", "Variants", "compare", "model_average", "power_scaling",
    "prior_data_conflict", "vary", "without_each",
]  # fmt: skip
