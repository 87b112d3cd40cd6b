"""Models: TOML files that hold every choice of an analysis. Nothing here knows the evidence."""

from __future__ import annotations

from .combinations import PLUS, combine_variants, contradictions
from .files import bundled_models, read_model
from .model import ModelSpec
from .sections import Estimand, LikelihoodChoice, PoolingChoice, Quantity, Selection, Variant
from .words import DECISIONS, FUNCTIONALS, LEVELS, ORIGINS, POLICIES, RELATIONS, TARGETS

__all__ = [
    "DECISIONS", "FUNCTIONALS", "LEVELS", "ORIGINS", "PLUS", "POLICIES", "RELATIONS", "TARGETS",
    "Estimand", "LikelihoodChoice", "ModelSpec", "PoolingChoice", "Quantity", "Selection", "Variant",
    "bundled_models", "combine_variants", "contradictions", "read_model",
]  # fmt: skip
