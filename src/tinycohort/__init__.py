"""Bayesian evidence synthesis for tiny cohorts.

Posteriors that are right at three patients, traceable to the printed number, and quick enough that every analytic
choice can be varied. Names load when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "tinycohort.issues": ("InputError", "Issue"),
    "tinycohort.evidence": ("Evidence", "check", "read_evidence"),
    "tinycohort.priors": (
        "Beta", "Cauchy", "Exponential", "Gamma", "HalfCauchy", "HalfNormal", "HalfStudentT", "InverseGamma",
        "LogNormal", "LogStudentT", "Logistic", "Normal", "StudentT", "Turner2015", "Uniform",
    ),
    "tinycohort.spec": ("ModelSpec", "bundled_models", "read_model"),
    "tinycohort.compiled": ("CompiledModel", "compile_model"),
    "tinycohort.posterior": ("Fit",),
    "tinycohort.engines.run": ("fit", "read_fit"),
    "tinycohort.direct": (
        "from_deaths", "from_landmarks", "from_median", "from_patients", "from_person_time", "pool", "pool_survival",
    ),
    "tinycohort.curves": ("curve_marginal", "predicted_deaths", "survival_curve"),
    "tinycohort.estimates": ("estimate", "predicted_events", "prior_posterior_overlap", "probability_above"),
    "tinycohort.risks": ("risk_at_baseline",),
    "tinycohort.checks": ("show",),
    "tinycohort.comparison": (
        "Comparison", "Conflict", "ModelAverage", "PowerScaling", "Variants", "compare", "model_average",
        "power_scaling", "prior_data_conflict", "vary",
    ),
    "tinycohort.planning": (
        "DecisionRule", "MapPrior", "Mixture", "map_prior", "one_more_cohort", "plan", "probability_of_difference",
        "smallest_trial",
    ),
    "tinycohort.calibration.models": ("CalibrationResult", "calibrate"),
    "tinycohort.reconstruction": ("Reconstruction", "reconstruct"),
    "tinycohort.reporting.writing": ("report",),
    "tinycohort": ("plots",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from . import plots
    from .calibration.models import CalibrationResult, calibrate
    from .checks import show
    from .comparison import (
        Comparison,
        Conflict,
        ModelAverage,
        PowerScaling,
        Variants,
        compare,
        model_average,
        power_scaling,
        prior_data_conflict,
        vary,
    )
    from .compiled import CompiledModel, compile_model
    from .curves import curve_marginal, predicted_deaths, survival_curve
    from .direct import (
        from_deaths,
        from_landmarks,
        from_median,
        from_patients,
        from_person_time,
        pool,
        pool_survival,
    )
    from .engines.run import fit, read_fit
    from .estimates import estimate, predicted_events, prior_posterior_overlap, probability_above
    from .evidence import Evidence, check, read_evidence
    from .issues import InputError, Issue
    from .planning import (
        DecisionRule,
        MapPrior,
        Mixture,
        map_prior,
        one_more_cohort,
        plan,
        probability_of_difference,
        smallest_trial,
    )
    from .posterior import Fit
    from .priors import (
        Beta,
        Cauchy,
        Exponential,
        Gamma,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        InverseGamma,
        Logistic,
        LogNormal,
        LogStudentT,
        Normal,
        StudentT,
        Turner2015,
        Uniform,
    )
    from .reconstruction import Reconstruction, reconstruct
    from .reporting.writing import report
    from .risks import risk_at_baseline
    from .spec import ModelSpec, bundled_models, read_model

__all__ = [
    "Beta", "CalibrationResult", "Cauchy", "Comparison", "CompiledModel", "Conflict", "DecisionRule", "Evidence",
    "Exponential", "Fit", "Gamma", "HalfCauchy", "HalfNormal", "HalfStudentT", "InputError", "InverseGamma", "Issue",
    "LogNormal", "LogStudentT", "Logistic", "MapPrior", "Mixture", "ModelAverage", "ModelSpec", "Normal",
    "PowerScaling", "Reconstruction", "StudentT", "Turner2015", "Uniform", "Variants", "__version__", "bundled_models",
    "calibrate", "check", "compare", "compile_model", "curve_marginal", "estimate", "fit", "from_deaths",
    "from_landmarks", "from_median", "from_patients", "from_person_time", "map_prior", "model_average",
    "one_more_cohort", "plan", "plots", "pool", "pool_survival", "power_scaling", "predicted_deaths",
    "predicted_events", "prior_data_conflict", "prior_posterior_overlap", "probability_above",
    "probability_of_difference", "read_evidence", "read_fit", "read_model", "reconstruct", "report", "risk_at_baseline",
    "show", "smallest_trial", "survival_curve", "vary",
]  # fmt: skip


if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _HOME:
            raise AttributeError(f"module 'tinycohort' has no attribute {name!r}")
        home = _HOME[name]
        value = import_module(f"tinycohort.{name}") if home == "tinycohort" else getattr(import_module(home), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted(__all__)
