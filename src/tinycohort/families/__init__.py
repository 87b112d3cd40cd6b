"""Families: what is unknown about one cohort, and how it reads on the scale people speak in."""

from __future__ import annotations

from .base import Family
from .contrast import CONTRAST_MEASURES, Contrast
from .known_shape import KnownShape
from .proportion import Proportion
from .survival import SurvivalFamily
from .survival_curves import Clock
from .survival_hazards import MSpline, PiecewiseExponential
from .survival_shapes import Exponential, Gompertz, LogLogistic, LogNormal, Weibull

__all__ = [
    "ALL_FAMILIES",
    "CONTRAST_MEASURES",
    "FAMILIES",
    "SURVIVAL_FAMILIES",
    "Clock",
    "Contrast",
    "Exponential",
    "Family",
    "Gompertz",
    "KnownShape",
    "LogLogistic",
    "LogNormal",
    "MSpline",
    "PiecewiseExponential",
    "Proportion",
    "SurvivalFamily",
    "Weibull",
]

SURVIVAL_FAMILIES: dict[str, type[SurvivalFamily]] = {
    cls.name: cls for cls in (Exponential, Weibull, LogNormal, LogLogistic, Gompertz, PiecewiseExponential, MSpline)
}
FAMILIES: dict[str, type[Family]] = {cls.name: cls for cls in (Proportion, Contrast)}
#: Every family that a model file may name.
ALL_FAMILIES: dict[str, type[Family]] = {**FAMILIES, **SURVIVAL_FAMILIES}
