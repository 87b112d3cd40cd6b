"""The model in words and formulas, and what the data did to each prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..checks import prior_predictive
from ..compiled import CompiledModel
from ..estimates import prior_posterior_overlap
from ..families import SurvivalFamily
from ..pooling import is_level
from ..posterior import Fit
from .agreement import Agreement
from .predictions import Prediction, predictions
from .results import ModelResult
from .words import amount_said, diagnosis, figure, in_words, listed, of_quantity, span

__all__ = [
    "PriorStory", "Statement", "computation", "fits_the_data", "describe_model", "expectations", "prior_stories",
]  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One part of a model: in words, and as a formula."""

    words: str
    formula: str


@dataclass(frozen=True)
class PriorStory:
    """A prior, and what became of it.

    Attributes
    ----------
    parameter, prior, why : str
        As the model file has them.
    before : str
        Its central 95%, on the natural scale as well where it is a level.
    after : str
        The posterior: median and central 95%; empty where the pooling has none, or it may not be reported.
    said : str
        What the data said, in words.
    """

    parameter: str
    prior: str
    why: str
    before: str
    after: str
    said: str


_FAMILIES = {
    "probability": Statement("Cohort j has a probability p_j, on the scale of log odds.", "theta_j = logit p_j"),
    "ratio": Statement("Cohort j has a ratio, on the scale of logarithms.", "theta_j = log ratio_j"),
    "difference": Statement("Cohort j has a difference, as it stands.", "theta_j = difference_j"),
    "median": Statement(
        "Cohort j has a median survival, on the scale of logarithms.", "theta_j = log median_j (months)"
    ),
}
_LIKELIHOODS = {
    "binomial": Statement(
        "Of the n_j patients of cohort j, r_j had the event, independently of each other and with the same"
        " probability. The count is taken as a count: no standard error, no normal approximation, no correction"
        " where nobody had it.",
        "r_j ~ Binomial(n_j, p_j)",
    ),
    "normal": Statement(
        "Cohort j reported y_j (a ratio by its logarithm) with an interval, from whose width and level the standard"
        " error s_j follows. What was reported is taken to be normally distributed around the cohort's own value.",
        "y_j ~ Normal(theta_j, s_j)",
    ),
    "hazard_ratio": Statement(
        "Cohort j reported a hazard ratio with an interval, from whose width and level the standard error s_j of its"
        " logarithm y_j follows. That the ratio is one number takes the hazards of both arms to be proportional at all"
        " times; its logarithm is taken to be normally distributed around the cohort's own.",
        "y_j ~ Normal(theta_j, s_j)",
    ),
    "rounded": Statement(
        "Of cohort j only a percentage and the number of its patients n_j were printed. Every count r_j that prints"
        " so is possible, and their probabilities are added up.",
        "P(printed_j) = sum of Binomial(r_j; n_j, p_j) over all r_j that print so",
    ),
    "two_arm_counts": Statement(
        "Two arms of cohort j reported their counts. Given how many had the event in both together, the count of the"
        " one arm depends on the odds ratio alone: nothing is assumed of the level, and empty cells need no"
        " correction.",
        "r_j, given r_j + s_j ~ noncentral hypergeometric, with the odds ratio exp(theta_j)",
    ),
}  # fmt: skip
_POOLINGS = {
    "none": "Cohorts are not pooled. Each stands on its number and the prior alone, and nothing is said of another.",
    "common": "All cohorts share one value. That they may differ is ruled out, so the interval does not allow for it.",
    "partial": (
        "Cohorts are alike but not the same: their values vary around mu with standard deviation tau, and how much is"
        " learned from them as far as they can tell. A small cohort is drawn towards the others; a large one stays put."
    ),
    "student": (
        "Cohorts are alike, and a few may lie far off: their values follow a Student t distribution around mu with"
        " scale tau, which lets an outlying cohort stay where it is."
    ),
    "nested": (
        "Cohorts come in groups: those of one group vary with standard deviation tau around its mean, and the means of"
        " groups with tau_group around mu."
    ),
    "exnex": (
        "Each cohort is exchangeable with the others, so that they learn from each other as far as they are alike, or"
        " it stands on its own, with a prior of its own; which, is unknown. One that does not fit to the others is left"
        " alone. A typical and a new cohort are exchangeable ones."
    ),
    "mem": (
        "Two cohorts share one value or have nothing to do with each other, and which of them do is unknown: every"
        " possibility is weighed by how well it predicts the data."
    ),
    "design": (
        "Cohorts vary around mu with standard deviation tau, and those of a class of designs other than the reference"
        " share a bias: it does not average away however many they are. It varies within the class by its spread. A"
        " typical and a new cohort are those of the reference, without bias."
    ),
    "power": (
        "Cohorts are alike as said, and the likelihood of some counts to a stated power only: with a power of a half,"
        " as that of half as many patients. Marginal likelihoods are then pseudo-likelihoods."
    ),
    "commensurate": (
        "Historical cohorts share one value, mu. Current ones vary around it with standard deviation tau: the closer"
        " they agree with the historical ones, the more they borrow."
    ),
    "regression": (
        "Cohorts vary around a line in their covariates. A typical and a new cohort are those at stated values of them;"
        " mu is meant at the centres."
    ),
}
# Priors that have no posterior, as they are those of several unknowns.
_ALONE = {
    ("none", "mu"): "It is the prior of each cohort on its own.",
    ("mem", "mu"): "It is the prior of the value that the cohorts of a set share, for each set.",
    ("exnex", "own"): "It is the prior of each cohort that stands on its own.",
}
# The parameters of which there is a posterior to report.
_KNOWN_AFTER = ("mu", "tau", "tau_group", "shape", "exchangeable")
_OF_PLACES = ("bias_", "spread_", "beta_")
_CURVES = {
    "exponential": ("The hazard is constant.", "S_j(t) = 2^(-t / median_j)"),
    "weibull": ("The hazard rises or falls as a power of time.", "S_j(t) = 2^(-(t / median_j)^k)"),
    "log_normal": ("Log times are normal.", "S_j(t) = Phi(-k log(t / median_j))"),
    "log_logistic": ("The hazard may rise before it falls.", "S_j(t) = 1 / (1 + (t / median_j)^k)"),
    "gompertz": (
        "The hazard rises or falls exponentially.",
        "log 2 (exp(c t / median_j) - 1) / (exp(c) - 1) = -log S_j(t)",
    ),
    "piecewise_exponential": ("The hazard is constant between stated times.", "h_j(t) = exp(-theta_j) log 2 w_i"),
    "m_spline": ("The hazard is a smooth spline.", "h_j(t) = exp(-theta_j) log 2 sum_i w_i B_i(t)"),
}
_SHAPES = {
    "fixed": " Its shape is known.",
    "shared": " Its shape is one for all cohorts, and unknown.",
    "pooled": " Each cohort has a shape of its own, around a mean.",
}
_REPORTS = {
    "times": (
        "Patients speak one by one: who died, by the density at that time, or the probability of the interval in which"
        " it lies; who was censored, by survival until then.",
        "L_j = prod f_j(t) prod {S_j(a) - S_j(b)} prod S_j(c)",
    ),
    "landmarks": (
        "All printed points of one curve speak together: between two of them a share of those alive dies, as a binomial"
        " of as many people as were observed there. A median is a point at a half, at which one of the deaths lies.",
        "prod {S_j(t_i) / S_j(t_(i-1))}^(n*_i q_i) {1 - S_j(t_i) / S_j(t_(i-1))}^(n*_i (1 - q_i))",
    ),
    "median": (
        "A median alone speaks by its interval, as a normal of its logarithm; without one, or without censoring, by the"
        " density of the order statistic that it is.",
        "log m_j ~ Normal(theta_j, s_j)",
    ),
    "followup_counts": (
        "So many died among people who were followed for times between two limits: each with the probability of dying,"
        " averaged over those times.",
        "d_j ~ Binomial(n_j, mean of 1 - S_j(c) over follow-up c)",
    ),
    "person_time": ("Events in so many person-months, at a constant hazard.", "d_j ~ Poisson(h_j T_j)"),
}  # fmt: skip


def describe_model(compiled: CompiledModel) -> list[Statement]:
    """What is unknown, how a number speaks of it, and how cohorts are alike."""
    likelihood, pooling = compiled.likelihood, compiled.pooling
    known = Statement((type(likelihood).__doc__ or likelihood.name).splitlines()[0], "")
    alike = _POOLINGS.get(pooling.name, (type(pooling).__doc__ or "").splitlines()[0])
    if isinstance(compiled.family, SurvivalFamily):
        return [*_of_survival(compiled), Statement(alike, pooling.formula)]
    return [
        _FAMILIES[compiled.family.quantity],
        _LIKELIHOODS.get(likelihood.name, known),
        Statement(alike, pooling.formula),
    ]


def _of_survival(compiled: CompiledModel) -> list[Statement]:
    """The median, the curve, its shape, and each kind of report."""
    curve, formula = _CURVES[compiled.family.name]
    kinds = dict.fromkeys(row["kind"] for row in compiled.shown())
    varies = "" if compiled.shape is None or not compiled.family.shape_names else _SHAPES[compiled.shape.kind]  # type: ignore[attr-defined]
    return [
        _FAMILIES["median"],
        Statement(f"{curve}{varies}", formula),
        *(Statement(*_REPORTS[kind]) for kind in kinds),
    ]


def prior_stories(fit: Fit) -> list[PriorStory]:
    """Each prior with its reason, and what the data did to it."""
    compiled, whys = fit.compiled, getattr(fit.model, "whys", {})
    return [
        PriorStory(name, str(prior), whys.get(name, ""), _before(compiled, name), _after(fit, name), _said(fit, name))
        for name, prior in compiled.priors.items()
    ]


def _before(compiled: CompiledModel, name: str) -> str:
    prior = compiled.level_priors[name]
    lower, upper = (float(x) for x in prior.quantile(np.array([0.025, 0.975])))
    quantity = compiled.family.quantity
    if not is_level(name) or quantity == "difference":
        return f"{lower:.2f} to {upper:.2f}"
    low, high = (float(x) for x in compiled.family.natural(np.array([lower, upper])))
    return f"{lower:.2f} to {upper:.2f}, a {quantity} from {span(low, high, quantity)}"


def _has_posterior(name: str) -> bool:
    return name in _KNOWN_AFTER or name.startswith(_OF_PLACES)


def _after(fit: Fit, name: str) -> str:
    known = fit.reportable and _has_posterior(name)
    marginal = fit.posterior.marginal(name) if known else None  # type: ignore[arg-type]
    if marginal is None:
        return ""
    found = marginal.summary(0.95)
    return f"{found['median']:.2f} ({found['lower']:.2f} to {found['upper']:.2f})"


def _said(fit: Fit, name: str) -> str:
    if not fit.reportable:
        return "Nothing may be reported."
    overlap = prior_posterior_overlap(fit, name) if _has_posterior(name) else None
    if overlap is None:
        return _ALONE.get((fit.compiled.pooling.name, name), "")
    return f"The data said {amount_said(overlap)}: prior and posterior overlap by {100 * overlap:.0f}%."


def expectations(compiled: CompiledModel) -> list[str]:
    """What the priors expect before any number is seen."""
    found, quantity = prior_predictive(compiled), compiled.family.quantity
    write = of_quantity(quantity)
    places = {"typical": "a typical cohort", "new_cohort": "a new cohort"}
    parts = [
        f"{place} at {write(found[name]['median'])} ({span(found[name]['lower'], found[name]['upper'], quantity)})"
        for name, place in places.items()
        if found[name] is not None
    ]
    if not parts:
        return []
    return [f"Before any number was seen, the priors expected {', and '.join(parts)}: medians and central 95%."]


def computation(result: ModelResult, agreement: Agreement | None) -> list[str]:
    """Whether the numbers can be believed as computed: by each engine, and by both together."""
    sentences = [diagnosis(result.fit), *fits_the_data(result.fit)]
    if result.sampled is not None:
        sentences.append(f"The second engine. {diagnosis(result.sampled)}")
    summary = result.fit.summary()
    if summary["log_marginal_likelihood"] is not None:
        score, found = summary["elpd_loco"], f"{summary['log_marginal_likelihood']:.3f}"
        more = ""
        if score is not None:
            more = f"; leaving out each cohort in turn, the log probability of its number sums to {score['total']:.2f}"
        sentences.append(f"The log marginal likelihood is {found}{more}.".replace("-", "\N{MINUS SIGN}"))
    if agreement is not None and result.sampled is not None:
        sentences.append(_apart(result, agreement))
    return sentences


def fits_the_data(fit: Fit) -> list[str]:
    """Whether the cohorts report what the others lead one to expect."""
    found = predictions(fit)
    if not found:
        return []
    level = f"{100 * found[0].level:g}%"
    outside = [one for one in found if one.outside]
    if not outside:
        return [f"Predicted from the others, every cohort lies within its {level} interval."]
    parts = listed(f"{one.label} ({_seen(one)})" for one in outside)
    lie = "lies" if len(outside) == 1 else "lie"
    return [f"Predicted from the others, {parts} {lie} outside of the {level} interval."]


def _seen(one: Prediction) -> str:
    """What was reported, and what was predicted."""
    if one.total is None:
        return f"{figure(one.observed)}, where {figure(one.lower)} to {figure(one.upper)} was predicted"
    return f"{one.observed:.0f} of {one.total}, where {one.lower:.0f} to {one.upper:.0f} were predicted"


def _apart(result: ModelResult, agreement: Agreement) -> str:
    """How far the engines are apart on one model."""
    mine = agreement.of(result.model.name)
    if not mine:
        return "The engines were not compared here, because a fit may not be reported."
    worst = max(mine, key=lambda one: abs(one.distance))
    statistic = worst.statistic if worst.statistic == "mean" else f"{worst.statistic} quantile"
    return (
        f"Of {len(mine)} numbers by both engines the furthest apart, the {statistic} of"
        f" {worst.label or in_words(worst.target)}, differ by {abs(worst.distance):.1f} Monte Carlo standard errors;"
        f" {agreement.limit:.1f} would be too many."
    )
