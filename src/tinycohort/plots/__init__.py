"""Figures, and the tables that they show: small, legible in grey, and the same bytes for the same fit.

Nothing here touches matplotlib's global settings or pyplot; what a function returns is a figure to look at, or to save
with its `savefig`. Text stays text in SVG and PDF.
"""

from __future__ import annotations

from .calibration_plots import coverage, coverage_table, rank_ecdf, rank_ecdf_table
from .canvas import save
from .cohort_curves_plot import cohort_curves, cohort_curves_table
from .comparison_plot import comparison, comparison_table
from .courses_plot import courses, courses_table
from .forest_plot import forest
from .heterogeneity_plot import heterogeneity, heterogeneity_table
from .influence_plot import influence, influence_table
from .planning_plot import (
    map_prior,
    map_prior_table,
    operating_characteristics,
    operating_characteristics_table,
)
from .predictive_plot import (
    posterior_predictive,
    posterior_predictive_table,
    prior_predictive,
    prior_predictive_table,
)
from .prior_plot import prior_posterior, prior_posterior_table
from .rows import forest_table
from .specification_plot import specification_curve, specification_curve_table
from .survival_plot import hazard, hazard_table, survival, survival_table
from .unpublished_plot import unpublished_sensitivity, unpublished_sensitivity_table

__all__ = [
    "cohort_curves", "cohort_curves_table", "comparison", "comparison_table", "courses", "courses_table", "coverage",
    "coverage_table", "forest", "forest_table", "hazard", "hazard_table", "heterogeneity", "heterogeneity_table",
    "influence", "influence_table", "map_prior", "map_prior_table", "operating_characteristics",
    "operating_characteristics_table", "posterior_predictive", "posterior_predictive_table", "prior_posterior",
    "prior_posterior_table", "prior_predictive", "prior_predictive_table", "rank_ecdf", "rank_ecdf_table", "save",
    "specification_curve", "specification_curve_table", "survival", "survival_table", "unpublished_sensitivity",
    "unpublished_sensitivity_table",
]  # fmt: skip
