"""The exact engine against integrations that share nothing with it, closed forms, and its own draws."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import tinycohort as tc
from support.brute_force import BruteForce, binomial
from support.fits import SHOWN, normal_fit, quantile
from support.normal_normal import NormalNormal
from tinycohort.engines.exact import engine, refinement
from tinycohort.engines.exact.grid import integrate
from tinycohort.engines.exact.marginals import stack
from tinycohort.priors import PRIORS, prior

# What the project promises: on the probability scale, and of logarithms of probabilities of the data.
PROBABILITY = 1e-4
LOG_EVIDENCE = 1e-5
# Contrasts have no natural unit: their numbers count in posterior standard deviations.
STANDARD_DEVIATIONS = 1e-4

REFERENCE = json.loads((Path(__file__).parent / "reference" / "exact_posteriors.json").read_text(encoding="utf-8"))
TARGETS = ("typical", "average", "new_cohort")


@dataclass(frozen=True)
class Stored:
    """A stored posterior, and the fit of the same data by the package."""

    name: str
    reference: dict[str, Any]
    fit: tc.Fit
    summary: dict[str, Any]

    def pairs(self) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
        """Each quantity that both report: its name, ours and theirs."""
        for target in ("mu", "tau", *TARGETS):
            if self.reference.get(target) is not None:
                yield target, self.summary[target], self.reference[target]
        for j, theirs in enumerate(self.reference.get("cohorts") or []):
            yield f"cohort {j + 1}", self.summary["cohorts"][j], theirs


def fitted(case: dict[str, Any], pooling: str) -> Stored:
    priors = {name: prior(case["priors"][name]) for name in (("mu", "tau") if pooling == "partial" else ("mu",))}
    if "events" in case:
        fit = tc.pool(events=case["events"], totals=case["totals"], pooling=pooling, seed=1, **priors)
    else:
        fit = normal_fit(case["estimates"], case["standard_errors"], pooling=pooling, **priors)
    assert fit.reportable, f"{case['id']}, {pooling}: {fit.reasons}"
    return Stored(f"{case['id']}, {pooling}", case["pooling"][pooling], fit, fit.summary())


@pytest.fixture(scope="module")
def counts() -> list[Stored]:
    return [fitted(case, pooling) for case in REFERENCE["cases"] for pooling in case["pooling"]]


@pytest.fixture(scope="module")
def contrasts() -> list[Stored]:
    return [fitted(case, pooling) for case in REFERENCE["contrast_cases"] for pooling in case["pooling"]]


class Worst:
    """The largest error of each sort, and where it was found."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, "nothing compared"))
        self.compared = 0

    def add(self, sort: str, error: float, where: str) -> None:
        self.compared += 1
        if not error <= self.found[sort][0]:
            self.found[sort] = (error, where)

    def __str__(self) -> str:
        ranked = sorted(self.found.items(), key=lambda item: -item[1][0])
        return f"{self.compared} numbers; worst: " + "; ".join(f"{k} {e:.1e} ({w})" for k, (e, w) in ranked)

    def hold(self, tolerance: float) -> None:
        assert self.compared
        assert all(error <= tolerance for error, _ in self.found.values()), str(self)


def sort_of(name: str) -> str:
    return name.partition(" ")[0]


def sd_of(quantity: dict[str, float]) -> float:
    """A posterior standard deviation that exists even where the moment does not."""
    return (quantity["upper"] - quantity["lower"]) / (2 * stats.norm.ppf(0.975))


def test_the_stored_posteriors_are_of_all_sorts_of_data() -> None:
    cases = REFERENCE["cases"]
    assert {"all_zero", "all_response", "conflict"} <= {case["kind"] for case in cases}
    assert min(min(case["totals"]) for case in cases) == 1
    assert max(sum(case["totals"]) for case in cases) >= 5_000
    scales = [case["priors"]["tau"]["sigma"] for case in cases]
    assert (min(scales), max(scales)) == (0.01, 5.0)
    assert {pooling for case in cases for pooling in case["pooling"]} == {"none", "common", "partial"}


def test_medians_and_limits_of_rates_are_those_of_an_integration_built_otherwise(counts: list[Stored]) -> None:
    worst = Worst()
    for one in counts:
        for name, ours, theirs in one.pairs():
            if name not in ("mu", "tau"):
                for shown in SHOWN:
                    worst.add(f"{sort_of(name)} {shown}", abs(ours[shown] - theirs[shown]), f"{one.name}, {name}")
    worst.hold(PROBABILITY)


def test_means_and_standard_deviations_of_rates_are_those_of_an_integration_built_otherwise(
    counts: list[Stored],
) -> None:
    worst = Worst()
    for one in counts:
        for name, ours, theirs in one.pairs():
            if name not in ("mu", "tau"):
                for moment in ("mean", "sd"):
                    worst.add(f"{sort_of(name)} {moment}", abs(ours[moment] - theirs[moment]), f"{one.name}, {name}")
    worst.hold(PROBABILITY)


def test_heterogeneity_is_that_of_an_integration_built_otherwise(counts: list[Stored]) -> None:
    worst = Worst()
    for one in counts:
        for name, ours, theirs in one.pairs():
            if name == "tau":
                for shown in (*SHOWN, "mean", "sd"):
                    worst.add(shown, abs(ours[shown] - theirs[shown]) / sd_of(theirs), one.name)
    # The engine refines until a tenth of a posterior standard deviation moves by no more than the tolerance.
    worst.hold(10 * STANDARD_DEVIATIONS)


def test_contrasts_are_those_of_an_integration_built_otherwise(contrasts: list[Stored]) -> None:
    worst = Worst()
    for one in contrasts:
        for name, ours, theirs in one.pairs():
            if name != "tau":
                for shown in SHOWN:
                    error = abs(ours[shown] - theirs[shown]) / sd_of(theirs)
                    worst.add(f"{sort_of(name)} {shown}", error, f"{one.name}, {name}")
    worst.hold(STANDARD_DEVIATIONS)


def test_heterogeneity_of_contrasts_is_that_of_an_integration_built_otherwise(contrasts: list[Stored]) -> None:
    worst = Worst()
    for one in contrasts:
        for name, ours, theirs in one.pairs():
            if name == "tau":
                for shown in SHOWN:
                    worst.add(shown, abs(ours[shown] - theirs[shown]) / sd_of(theirs), one.name)
    worst.hold(10 * STANDARD_DEVIATIONS)


def test_log_marginal_likelihoods_are_those_of_an_integration_built_otherwise(
    counts: list[Stored], contrasts: list[Stored]
) -> None:
    worst = Worst()
    for one in [*counts, *contrasts]:
        theirs = one.reference["log_marginal_likelihood"]
        worst.add("log marginal likelihood", abs(one.summary["log_marginal_likelihood"] - theirs), one.name)
    worst.hold(LOG_EVIDENCE)


def test_scores_with_each_cohort_left_out_are_those_of_an_integration_built_otherwise(
    counts: list[Stored], contrasts: list[Stored]
) -> None:
    worst = Worst()
    for one in [*counts, *contrasts]:
        pairs = zip(one.summary["elpd_loco"]["cohorts"], one.reference["elpd_loco"], strict=True)
        for j, (ours, theirs) in enumerate(pairs):
            worst.add("elpd_loco", abs(ours - theirs), f"{one.name}, cohort {j + 1}")
    worst.hold(LOG_EVIDENCE)


def share_of_honest(errors: list[tuple[float, float, str]]) -> tuple[float, list[str]]:
    """The share of true errors within ten times their estimate (or below what matters to anyone), and the others."""
    lies = [f"{true:.1e} where {said:.1e} is said ({where})" for true, said, where in errors if true > 10 * said]
    return 1 - len(lies) / len(errors), lies


def test_the_estimated_integration_error_is_honest_about_the_evidence(
    counts: list[Stored], contrasts: list[Stored]
) -> None:
    errors = []
    for one in [*counts, *contrasts]:
        true = abs(one.summary["log_marginal_likelihood"] - one.reference["log_marginal_likelihood"])
        said = one.fit.posterior.diagnostics["log_marginal_likelihood_error"]
        errors.append((true, max(said, 1e-8), one.name))
    share, lies = share_of_honest(errors)
    assert share > 0.98, lies


def test_the_estimated_integration_error_is_honest_about_quantiles(
    counts: list[Stored], contrasts: list[Stored]
) -> None:
    errors = []
    for one in [*counts, *contrasts]:
        natural = one.summary["scale"] == "probability"
        true, where = 0.0, one.name
        for name, ours, theirs in one.pairs():
            # Rates count as they are, everything else in tenths of a posterior standard deviation.
            unit = 1.0 if natural and name not in ("mu", "tau") else 10 * sd_of(theirs)
            moved = max(abs(ours[shown] - theirs[shown]) for shown in SHOWN) / unit
            if moved > true:
                true, where = moved, f"{one.name}, {name}"
        errors.append((true, max(one.fit.posterior.diagnostics["estimate_error"], 1e-8), where))
    share, lies = share_of_honest(errors)
    assert share > 0.98, lies
    assert max(true for true, _, _ in errors) <= refinement.TOLERANCE_ESTIMATES, lies


def test_an_integration_that_has_not_settled_is_blocked_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refinement, "TOLERANCE_ESTIMATES", -1.0)
    fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44], seed=1)
    assert not fit.reportable
    assert len(fit.reasons) == 1
    assert "an estimate moved by" in fit.reasons[0]
    assert "at the finest integration" in fit.reasons[0]
    summary = fit.summary()
    assert not summary["reportable"]
    assert summary["reasons"] == list(fit.reasons)
    for quantity in ("mu", "tau", *TARGETS, "log_marginal_likelihood", "elpd_loco"):
        assert summary[quantity] is None
    for cohort in summary["cohorts"]:
        assert all(cohort[shown] is None for shown in (*SHOWN, "mean", "sd", "weight", "shrinkage"))
    table = tc.estimate(fit)
    assert not table["reportable"].any()
    assert table[["mean", "sd", "median", "lower", "upper", "probability"]].isna().all(axis=None)
    assert "Not reportable" in repr(fit)
    for ask in (tc.probability_above, tc.predicted_events):
        with pytest.raises(tc.InputError, match="may not be reported: an estimate moved by"):
            ask(fit, 1)


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
def test_an_evidence_that_has_not_settled_is_blocked_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, pooling: str
) -> None:
    monkeypatch.setattr(refinement, "TOLERANCE_EVIDENCE", -1.0)
    fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44], pooling=pooling, seed=1)
    assert not fit.reportable
    assert all("the log marginal likelihood moved by" in reason for reason in fit.reasons)


# -- closed forms -----------------------------------------------------------------------------------------------------

COUNTS = [
    ([1, 7, 9], [8, 27, 44]),
    ([0, 0], [3, 8]),
    ([5], [5]),
    ([0], [1]),
    ([12, 3400], [40, 9_000]),
    ([0, 6, 0, 20], [6, 6, 5, 20]),
]
BETAS = [("Logistic(0, 1)", 1.0, 1.0), ("Beta(0.6, 0.4)", 0.6, 0.4), ("Beta(2, 7)", 2.0, 7.0)]


def check_beta(found: dict[str, float], exact: Any) -> None:
    for shown, p in SHOWN.items():
        assert found[shown] == pytest.approx(exact.ppf(p), abs=PROBABILITY)
    assert found["mean"] == pytest.approx(exact.mean(), abs=PROBABILITY)
    assert found["sd"] == pytest.approx(exact.std(), abs=PROBABILITY)


def log_beta_binomial(events: int, total: int, a: float, b: float) -> float:
    return float(stats.betabinom(total, a, b).logpmf(events))


@pytest.mark.parametrize(("mu", "a", "b"), BETAS)
@pytest.mark.parametrize(("events", "totals"), COUNTS)
def test_one_rate_for_all_cohorts_is_a_beta_of_the_sums(
    events: list[int], totals: list[int], mu: str, a: float, b: float
) -> None:
    fit = tc.pool(events=events, totals=totals, mu=mu, pooling="common", seed=1)
    summary, exact = fit.summary(), stats.beta(a + sum(events), b + sum(totals) - sum(events))
    for target in TARGETS:
        check_beta(summary[target], exact)
    for cohort in summary["cohorts"]:
        check_beta(cohort, exact)
    choose = sum(-np.log1p(n) - special.betaln(n - r + 1, r + 1) for r, n in zip(events, totals, strict=True))
    evidence = choose + special.betaln(*exact.args) - special.betaln(a, b)
    assert summary["log_marginal_likelihood"] == pytest.approx(evidence, abs=LOG_EVIDENCE)


@pytest.mark.parametrize(("mu", "a", "b"), BETAS)
@pytest.mark.parametrize(("events", "totals"), COUNTS)
def test_cohorts_on_their_own_are_each_a_beta(
    events: list[int], totals: list[int], mu: str, a: float, b: float
) -> None:
    fit = tc.pool(events=events, totals=totals, mu=mu, pooling="none", seed=1)
    summary = fit.summary()
    each = [log_beta_binomial(r, n, a, b) for r, n in zip(events, totals, strict=True)]
    for r, n, cohort in zip(events, totals, summary["cohorts"], strict=True):
        check_beta(cohort, stats.beta(a + r, b + n - r))
    assert summary["log_marginal_likelihood"] == pytest.approx(sum(each), abs=LOG_EVIDENCE)
    assert summary["elpd_loco"]["cohorts"] == pytest.approx(each, abs=LOG_EVIDENCE)


@pytest.mark.parametrize(("mu", "a", "b"), BETAS)
def test_a_cohort_left_out_of_one_rate_for_all_is_beta_binomial(mu: str, a: float, b: float) -> None:
    events, totals = [0, 7, 9, 2], [8, 27, 44, 2]
    fit = tc.pool(events=events, totals=totals, mu=mu, pooling="common", seed=1)
    r, n = sum(events), sum(totals)
    exact = [
        log_beta_binomial(r_j, n_j, a + r - r_j, b + n - n_j - r + r_j) for r_j, n_j in zip(events, totals, strict=True)
    ]
    assert fit.summary()["elpd_loco"]["cohorts"] == pytest.approx(exact, abs=LOG_EVIDENCE)


NORMAL = ([0.42, -0.10, 1.30, 0.05], [0.30, 0.55, 0.80, 0.12])


def test_normal_data_with_one_effect_for_all_are_weighted_by_their_precision() -> None:
    y, s = map(np.array, NORMAL)
    fit = normal_fit(y, s, "Normal(0.3, 2)", pooling="common")
    precision = 1 / 4 + (s**-2).sum()
    exact = stats.norm((0.3 / 4 + (y / s**2).sum()) / precision, precision**-0.5)
    summary = fit.summary()
    for target in (*TARGETS, "mu"):
        for shown, p in SHOWN.items():
            assert summary[target][shown] == pytest.approx(exact.ppf(p), abs=STANDARD_DEVIATIONS * exact.std())
        assert summary[target]["mean"] == pytest.approx(exact.mean(), abs=STANDARD_DEVIATIONS * exact.std())
    covariance = np.diag(s**2) + 4
    evidence = stats.multivariate_normal(np.full(4, 0.3), covariance).logpdf(y)
    assert summary["log_marginal_likelihood"] == pytest.approx(evidence, abs=LOG_EVIDENCE)


def test_normal_data_with_hardly_any_heterogeneity_are_those_with_one_effect_for_all() -> None:
    y, s = NORMAL
    partial = normal_fit(y, s, "Normal(0, 2)", "HalfNormal(0.000001)").summary()
    common = normal_fit(y, s, "Normal(0, 2)", pooling="common").summary()
    for target in TARGETS:
        for shown in SHOWN:
            assert partial[target][shown] == pytest.approx(common[target][shown], abs=1e-5)
    assert partial["log_marginal_likelihood"] == pytest.approx(common["log_marginal_likelihood"], abs=LOG_EVIDENCE)


class Folded:
    """Student t around zero, its positive half, which SciPy does not have."""

    def __init__(self, nu: float, sigma: float) -> None:
        self._whole = stats.t(nu, 0, sigma)

    def ppf(self, p: float) -> float:
        return float(self._whole.ppf(0.5 * (1 + p)))

    def isf(self, p: float) -> float:
        return float(self._whole.isf(0.5 * p))

    def logpdf(self, x: Any) -> Any:
        return np.log(2) + self._whole.logpdf(x)


class LogStudent:
    """A variable whose logarithm is Student t, cut where neither prior nor likelihood has anything left."""

    def __init__(self, nu: float, mu: float, sigma: float) -> None:
        self._log = stats.t(nu, mu, sigma)

    def ppf(self, p: float) -> float:
        return float(np.exp(max(self._log.ppf(p), -150)))

    def isf(self, p: float) -> float:
        return float(np.exp(min(self._log.isf(p), 150)))

    def logpdf(self, x: Any) -> Any:
        return self._log.logpdf(np.log(x)) - np.log(x)


HETEROGENEITY: dict[str, Any] = {
    "HalfNormal(0.5)": stats.halfnorm(scale=0.5),
    "HalfCauchy(0.5)": stats.halfcauchy(scale=0.5),
    "HalfStudentT(3, 0.5)": Folded(3, 0.5),
    "LogNormal(-1.07, 0.87)": stats.lognorm(0.87, scale=np.exp(-1.07)),
    "LogStudentT(5, -1.72, 1.295)": LogStudent(5, -1.72, 1.295),
    "Exponential(2)": stats.expon(scale=0.5),
    "Gamma(2, 4)": stats.gamma(2, scale=0.25),
    "InverseGamma(1, 0.15)": stats.invgamma(1, scale=0.15),
    "Uniform(0, 3)": stats.uniform(0, 3),
    "Uniform(0.2, 1)": stats.uniform(0.2, 0.8),
    "Turner2015(any, any)": stats.lognorm(1.74 / 2, scale=np.exp(-2.56 / 2)),
}

DATA = {
    "four cohorts": NORMAL,
    "one cohort": ([0.7], [0.4]),
    "agreement": ([0.30, 0.31, 0.29], [0.2, 0.4, 0.1]),
    "conflict": ([-2.0, 2.5, 0.1, 2.4, -1.9], [0.1, 0.2, 0.15, 0.1, 0.3]),
}


def test_every_prior_of_the_positive_half_line_is_tried_as_a_heterogeneity() -> None:
    half_line = {name for name, kind in PRIORS.items() if kind.half_line or name == "Uniform"}
    assert {text.partition("(")[0] for text in HETEROGENEITY} == half_line


@pytest.mark.parametrize("tau", HETEROGENEITY)
@pytest.mark.parametrize("data", DATA)
def test_normal_data_give_what_a_mixture_of_normals_over_tau_gives(data: str, tau: str) -> None:
    y, s = DATA[data]
    fit = normal_fit(y, s, "Normal(0, 1.5)", tau)
    exact = NormalNormal(y, s, (0.0, 1.5), HETEROGENEITY[tau])
    assert fit.reportable, fit.reasons
    assert fit.posterior.log_marginal_likelihood == pytest.approx(exact.log_marginal_likelihood, abs=LOG_EVIDENCE)
    for target, cohort in [("mu", None), ("new_cohort", None), *(("cohort", j) for j in range(len(y)))]:
        shown = [exact.quantile(p, target, cohort) for p in SHOWN.values()]
        found = [quantile(fit, p, target, cohort) for p in SHOWN.values()]
        assert found == pytest.approx(shown, abs=STANDARD_DEVIATIONS * (shown[2] - shown[0]) / 4), (target, cohort)


# -- draws ------------------------------------------------------------------------------------------------------------

DRAWN = [
    ({"events": [0, 3, 9], "totals": [4, 10, 12], "tau": "HalfNormal(1)"}, "partial"),
    ({"events": [0, 0], "totals": [3, 40], "tau": "HalfNormal(0.05)"}, "partial"),
    ({"events": [2, 300, 7], "totals": [2, 900, 7], "tau": "HalfCauchy(0.5)"}, "partial"),
    ({"events": [1, 290, 8], "totals": [300, 300, 9], "tau": "Uniform(0, 0.5)", "mu": "Normal(0, 0.3)"}, "partial"),
    ({"events": [0, 3, 9], "totals": [4, 10, 12]}, "common"),
    ({"events": [0, 3, 9], "totals": [4, 10, 12]}, "none"),
]


# Shares of the distribution below the edges of bins, tails included.
EDGES = np.array([0.002, 0.01, 0.025, *np.linspace(0.05, 0.95, 19), 0.975, 0.99, 0.998])


@pytest.mark.parametrize(("data", "pooling"), DRAWN)
def test_draws_follow_the_quantiles_that_are_reported(data: dict[str, Any], pooling: str) -> None:
    fit = tc.pool(**data, pooling=pooling, seed=1)
    targets = [("mu", None), ("tau", None), ("new_cohort", None), *(("cohort", j) for j in range(len(data["events"])))]
    marginals = {(target, cohort): fit.posterior.marginal(target, cohort) for target, cohort in targets}
    edges = {key: marginal and marginal.quantile(EDGES) for key, marginal in marginals.items()}
    expected = np.diff([0, *EDGES, 1])
    for seed in (1, 2, 3):
        draws = fit.posterior.draws(4, 5000, seed)
        for (target, cohort), ends in edges.items():
            name = {"new_cohort": "theta_new_cohort", "cohort": "theta"}.get(target, target)
            assert (name in draws) == (ends is not None), name
            if ends is not None:
                values = draws[name] if cohort is None else draws[name][..., cohort]
                counts = np.bincount(np.searchsorted(ends, values.ravel()), minlength=len(expected))
                p = stats.chisquare(counts, expected * values.size).pvalue
                assert p > 1e-4, (target, cohort, seed, p)


def test_draws_of_the_same_seed_are_the_same_and_of_another_are_not() -> None:
    fits = [tc.pool(events=[1, 7], totals=[8, 27], seed=seed).draws["posterior"]["mu"].values for seed in (5, 5, 6)]
    assert np.array_equal(fits[0], fits[1])
    assert not np.isclose(fits[0], fits[2]).any()


def test_cohorts_on_their_own_are_drawn_independently() -> None:
    fit = tc.pool(events=[1, 7, 7], totals=[8, 27, 27], pooling="none", seed=1)
    draws = fit.posterior.draws(4, 2500, 1)["theta"].reshape(-1, 3)
    assert abs(np.corrcoef(draws.T)[np.triu_indices(3, 1)]).max() < 4.5 / np.sqrt(len(draws))


@pytest.mark.parametrize("tau", ["HalfNormal(1)", "HalfNormal(0.2)"])
def test_draws_hang_together_as_a_brute_force_grid_says(tau: str) -> None:
    events, totals = [0, 3, 9], [4, 10, 12]
    parts = [binomial(r, n) for r, n in zip(events, totals, strict=True)]
    grid = BruteForce(parts, stats.logistic(), stats.halfnorm(scale=prior(tau).sigma), (-16.0, 16.0))
    fit = tc.pool(events=events, totals=totals, tau=tau, seed=1)
    assert fit.posterior.log_marginal_likelihood == pytest.approx(grid.log_marginal_likelihood, abs=1e-6)
    draws = fit.posterior.draws(4, 5000, 11)
    for j in range(3):
        variables = [draws["mu"].ravel(), np.log(draws["tau"].ravel()), draws["theta"][..., j].ravel()]
        found, exact = np.corrcoef(variables), grid.correlations(j)
        # 4.5 standard errors of a correlation, doubled since the tails are heavier than a normal's.
        assert found == pytest.approx(exact, abs=9 / np.sqrt(variables[0].size)), (j, found, exact)


@pytest.mark.parametrize("events", [[0, 3, 9], [0, 0, 0], [4, 10, 12], [1, 1, 1]])
def test_a_brute_force_grid_gives_the_same_evidence_and_means(events: list[int]) -> None:
    totals = [4, 10, 12]
    parts = [binomial(r, n) for r, n in zip(events, totals, strict=True)]
    grid = BruteForce(parts, stats.logistic(), stats.halfnorm(scale=1.0), (-30.0, 30.0))
    fit = tc.pool(events=events, totals=totals, tau="HalfNormal(1)", seed=1)
    summary = fit.summary()
    assert summary["log_marginal_likelihood"] == pytest.approx(grid.log_marginal_likelihood, abs=LOG_EVIDENCE)
    assert summary["mu"]["mean"] == pytest.approx(grid.mean(lambda mu, tau: mu + 0 * tau), abs=1e-4)
    assert summary["tau"]["mean"] == pytest.approx(grid.mean(lambda mu, tau: tau + 0 * mu), abs=1e-4)
    typical = grid.mean(lambda mu, tau: special.expit(mu) + 0 * tau)
    assert summary["typical"]["mean"] == pytest.approx(typical, abs=PROBABILITY)
    for j in range(3):
        marginal = fit.posterior.marginal("cohort", j)
        if np.isfinite(marginal.mean):
            assert marginal.mean == pytest.approx(grid.theta_mean(j), abs=1e-4)


# -- what is hard -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mu", ["Cauchy(0, 2.5)", "StudentT(3, 0, 1)", "Normal(0, 1.5)"])
@pytest.mark.parametrize("pooling", ["none", "common"])
def test_no_responders_under_any_prior_of_the_level(mu: str, pooling: str) -> None:
    law = {"Cauchy": stats.cauchy(0, 2.5), "StudentT": stats.t(3), "Normal": stats.norm(0, 1.5)}[mu.partition("(")[0]]
    fit = tc.pool(events=[0], totals=[5], mu=mu, pooling=pooling, seed=1)
    assert fit.reportable, fit.reasons
    # The prior's own probabilities as the variable of integration: no tail is left out, however heavy.
    nodes, weights = np.polynomial.legendre.leggauss(10)
    ends = np.linspace(0, 1, 2001)
    p = ends[:-1, None] + 0.5 * np.diff(ends)[:, None] * (nodes + 1)
    evidence = np.log(0.5 / 2000 * (special.expit(-law.ppf(p)) ** 5 @ weights).sum())
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=LOG_EVIDENCE)


@pytest.mark.parametrize("mu", ["HalfNormal(0.3)", "Uniform(-1, 1)"])
def test_a_prior_of_the_level_that_ends_abruptly_can_be_answered(mu: str) -> None:
    fit = normal_fit(*NORMAL, mu, "HalfNormal(0.5)")
    assert fit.reportable, fit.reasons


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
@pytest.mark.parametrize("estimate", [-7.0, -2.5, 0.2, 30.0])
def test_an_estimate_far_outside_the_prior_of_the_level(estimate: float, pooling: str) -> None:
    """The prior is right or wrong; what it and the data say together is a normal in either case."""
    tau = "HalfNormal(0.001)" if pooling == "partial" else None
    fit = normal_fit([estimate], [0.3], "Normal(0, 0.3)", tau, pooling)
    exact = NormalNormal([estimate], [0.3], (0.0, 0.3), stats.halfnorm(scale=0.001) if tau else 0.0)
    assert fit.reportable, fit.reasons
    found = [quantile(fit, p, "cohort", 0) for p in SHOWN.values()]
    shown = [exact.quantile(p, "mu") for p in SHOWN.values()]
    assert found == pytest.approx(shown, abs=10 * STANDARD_DEVIATIONS * 0.3)
    assert fit.posterior.log_marginal_likelihood == pytest.approx(exact.log_marginal_likelihood, abs=LOG_EVIDENCE)


@pytest.mark.parametrize(("events", "total"), [(0, 10_000), (9_999, 10_000), (1, 300)])
@pytest.mark.parametrize("mu", ["Normal(0, 0.5)", "Normal(1, 0.3)"])
def test_counts_far_outside_the_prior_of_the_level(events: int, total: int, mu: str) -> None:
    law = stats.norm(prior(mu).mu, prior(mu).sigma)
    theta = np.linspace(-15, 15, 300_001)
    log_density = binomial(events, total)(theta) + law.logpdf(theta)
    density = np.exp(log_density - log_density.max())
    below = np.cumsum(density) / density.sum()
    fit = tc.pool(events=[events], totals=[total], mu=mu, pooling="common", seed=1)
    assert fit.reportable, fit.reasons
    for shown, p in SHOWN.items():
        exact = special.expit(np.interp(p, below, theta + 0.5 * (theta[1] - theta[0])))
        assert fit.summary()["typical"][shown] == pytest.approx(exact, abs=PROBABILITY)
    evidence = log_density.max() + np.log(density.sum() * (theta[1] - theta[0]))
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=LOG_EVIDENCE)


# Estimates many standard errors apart under a prior that allows hardly any heterogeneity: each cohort's theta is torn
# between its own data and a mu that the others hold, and lies where neither alone would have it.
TORN = [
    ([0.0, 3.0], [0.06, 0.14], "Uniform(0, 0.05)", stats.uniform(0, 0.05)),
    ([0.0, 3.0], [0.06, 0.14], "HalfNormal(0.05)", stats.halfnorm(scale=0.05)),
    ([-0.6, 0.4, -3.3], [0.06, 0.08, 0.14], "HalfNormal(0.05)", stats.halfnorm(scale=0.05)),
    ([0.0, 2.0], [0.06, 0.06], "Uniform(0, 0.05)", stats.uniform(0, 0.05)),
    ([0.0, 0.1, 5.0], [0.01, 0.2, 0.3], "HalfNormal(0.2)", stats.halfnorm(scale=0.2)),
    ([5.0, -12.0], [0.2, 0.4], "Uniform(0, 0.5)", stats.uniform(0, 0.5)),
]
# Dozens or hundreds of standard errors apart: a grid may fail to resolve what is left of such a posterior.
BEYOND = [
    ([0.0, 10.0], [0.02, 0.02], "Uniform(0, 0.1)", stats.uniform(0, 0.1)),
    ([8.0, -8.0], [0.1, 0.1], "HalfNormal(0.0001)", stats.halfnorm(scale=1e-4)),
    ([4.9, -0.7, -0.8, -12.0], [0.2, 0.6, 0.8, 0.4], "Uniform(0, 0.5)", stats.uniform(0, 0.5)),
    ([5.1, -0.9, -14.3, 8.3], [0.7, 0.3, 0.5, 0.4], "Uniform(0, 0.5)", stats.uniform(0, 0.5)),
    ([1.4, -2.8, -9.5], [0.02, 0.13, 0.02], "Uniform(0, 0.1)", stats.uniform(0, 0.1)),
]


def assert_right(fit: tc.Fit, exact: NormalNormal) -> None:
    """Every quantile that is shown, in posterior standard deviations."""
    cohorts = [("cohort", j) for j in range(fit.compiled.cohorts)]
    for target, cohort in [("mu", None), ("new_cohort", None), *cohorts]:
        shown = [exact.quantile(p, target, cohort) for p in SHOWN.values()]
        found = [quantile(fit, p, target, cohort) for p in SHOWN.values()]
        assert found == pytest.approx(shown, abs=STANDARD_DEVIATIONS * (shown[2] - shown[0]) / 4), (target, cohort)


@pytest.mark.parametrize("mu", [1.0, 0.3])
@pytest.mark.parametrize(("y", "s", "tau", "law"), TORN)
def test_cohorts_torn_between_their_data_and_the_others(
    y: list[float], s: list[float], tau: str, law: Any, mu: float
) -> None:
    fit = normal_fit(y, s, f"Normal(0, {mu})", tau)
    assert fit.reportable, fit.reasons
    assert_right(fit, NormalNormal(y, s, (0.0, mu), law))


@pytest.mark.parametrize("mu", [1.0, 0.3])
@pytest.mark.parametrize(("y", "s", "tau", "law"), TORN)
def test_draws_of_cohorts_torn_between_their_data_and_the_others(
    y: list[float], s: list[float], tau: str, law: Any, mu: float
) -> None:
    draws = normal_fit(y, s, f"Normal(0, {mu})", tau).posterior.draws(4, 2500, 5)
    exact = NormalNormal(y, s, (0.0, mu), law)
    targets = [("mu", None), ("new_cohort", None), *(("cohort", j) for j in range(len(y)))]
    for target, cohort in targets:
        name = {"new_cohort": "theta_new_cohort", "cohort": "theta"}.get(target, target)
        values = draws[name] if cohort is None else draws[name][..., cohort]
        for p in (0.1, 0.5, 0.9):
            below = (values < exact.quantile(p, target, cohort)).mean()
            assert below == pytest.approx(p, abs=4.5 * np.sqrt(p * (1 - p) / values.size)), (target, cohort, p)


# Every level of refinement is tried before it is refused, which takes long with more than one cohort.
@pytest.mark.parametrize("totals", [[3], pytest.param([3, 8], marks=pytest.mark.slow)], ids=["one", "two"])
def test_a_heterogeneity_without_end_is_refused_with_its_reason(totals: list[int]) -> None:
    fit = tc.pool(events=[0] * len(totals), totals=totals, tau="InverseGamma(0.001, 0.001)", seed=1)
    assert not fit.reportable
    assert any("reaches beyond" in reason for reason in fit.reasons)


@pytest.mark.parametrize("coarse", [0, 1])
def test_marginals_lose_no_probability_on_their_way_from_the_likelihood(coarse: int) -> None:
    model = tc.pool(events=[1, 7, 9, 5, 31], totals=[8, 27, 44, 24, 91]).compiled
    windows, grid = engine._first_look(model)
    whole = grid if coarse else integrate(model, windows, refinement.LEVELS[3])
    curve, lost, _ = stack(whole, whole.pruned(), model)
    assert curve.mass.sum(axis=(1, 2)) == pytest.approx(1, abs=1e-9)
    assert lost.max() < (1e-4 if coarse else 1e-9)


@pytest.mark.parametrize("mu", [1.0, 0.3])
@pytest.mark.parametrize(("y", "s", "tau", "law"), BEYOND)
def test_cohorts_torn_beyond_all_reason_are_blocked_or_right(
    y: list[float], s: list[float], tau: str, law: Any, mu: float
) -> None:
    fit = normal_fit(y, s, f"Normal(0, {mu})", tau)
    if fit.reportable:
        assert_right(fit, NormalNormal(y, s, (0.0, mu), law))
    else:
        assert fit.summary()["typical"] is None


@pytest.mark.parametrize(
    ("tau", "law"),
    [
        ("Uniform(0.5999, 0.6001)", stats.uniform(0.5999, 0.0002)),
        ("LogNormal(-0.5, 0.001)", stats.lognorm(0.001, scale=np.exp(-0.5))),
        ("Gamma(10000, 20000)", stats.gamma(10000, scale=1 / 20000)),
        ("Uniform(20, 21)", stats.uniform(20, 1)),
        ("HalfNormal(0.000001)", stats.halfnorm(scale=1e-6)),
    ],
)
def test_a_heterogeneity_that_is_all_but_known(tau: str, law: Any) -> None:
    fit, exact = normal_fit(*NORMAL, "Normal(0, 1)", tau), NormalNormal(*NORMAL, (0.0, 1.0), law)
    assert fit.reportable, fit.reasons
    assert fit.posterior.log_marginal_likelihood == pytest.approx(exact.log_marginal_likelihood, abs=LOG_EVIDENCE)
    for target in ("mu", "new_cohort"):
        shown = [exact.quantile(p, target) for p in SHOWN.values()]
        found = [quantile(fit, p, target) for p in SHOWN.values()]
        assert found == pytest.approx(shown, abs=STANDARD_DEVIATIONS * (shown[2] - shown[0]) / 4), target


def test_any_numbers_of_people_are_answered() -> None:
    fit = tc.pool(events=[3], totals=[10**9], pooling="common", seed=1)
    assert fit.summary()["typical"]["median"] == pytest.approx(stats.beta(4, 10**9 - 2).median(), rel=1e-3)
