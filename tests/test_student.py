"""Cohorts that follow a Student t: the exact engine against plain sums, what it must become, and itself."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import tinycohort as tc
from spec_contents import Content, change, complaint, contrast, proportion
from support.brute_force import binomial
from support.fits import Z
from support.student_t import Function, StudentBruteForce
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.engines.exact.engine import ExactPosterior, _left_out
from tinycohort.pooling import Student
from tinycohort.spec import read_model

EVENTS, TOTALS = [1, 7, 9, 11], [8, 27, 44, 12]
P = np.array([0.025, 0.5, 0.975])
LOGS = {"estimates": [-0.4, -0.2, -0.5, 1.5], "errors": [0.2, 0.3, 0.35, 0.25]}
RATIO = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)", "ratio": True}
Capture = pytest.CaptureFixture[str]


FITS: dict[str, tc.Fit] = {}


def counts(events: Sequence[int], totals: Sequence[int], nu: float | None = 4, **options: Any) -> tc.Fit:
    """An exact fit that may be reported; several tests ask for the same, and nothing changes it."""
    asked = repr((list(events), list(totals), nu, options))
    if asked not in FITS:
        FITS[asked] = counted(events, totals, nu, **options)
    return FITS[asked]


def counted(events: Sequence[int], totals: Sequence[int], nu: float | None, **options: Any) -> tc.Fit:
    fit = tc.pool(events=list(events), totals=list(totals), **{"pooling": "student", "nu": nu, "seed": 1, **options})
    assert fit.reportable, fit.reasons
    return fit


def contrasts(estimates: Sequence[float], errors: Sequence[float], nu: float | None = 4, **options: Any) -> tc.Fit:
    """The same of differences, or of ratios whose logarithms are given."""
    y, s = np.asarray(estimates), np.asarray(errors)
    columns = {"estimates": y, "lower": y - Z * s, "upper": y + Z * s}
    if options.get("ratio"):
        columns = {name: np.exp(column) for name, column in columns.items()}
    given = {"pooling": "student", "nu": nu, "seed": 1, "mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
    fit = tc.pool(**columns, **{**given, **options})
    assert fit.reportable, fit.reasons
    return fit


def shown(fit: tc.Fit, target: Any, number: int | None = None, natural: bool = True) -> list[float]:
    marginal = fit.posterior.marginal(target, number, natural)
    return [*marginal.quantile(P), marginal.mean, marginal.sd]


# -- against plain sums -----------------------------------------------------------------------------------------------


def agrees(fit: tc.Fit, plain: StudentBruteForce) -> None:
    """Every answer on the model scale; quantiles by the probability below them."""
    posterior = fit.posterior
    assert posterior.log_marginal_likelihood == pytest.approx(plain.log_marginal_likelihood, abs=5e-6)
    for target, (x, below) in (("mu", plain.below_mu()), ("tau", plain.below_tau())):
        marginal = posterior.marginal(target)  # type: ignore[arg-type]
        assert marginal.cdf(x) == pytest.approx(below, abs=2e-5), target
        assert marginal.cdf(marginal.quantile(P)) == pytest.approx(P, abs=1e-9), target
    for target, power in (("mu", lambda mu, tau: mu), ("tau", lambda mu, tau: tau)):
        first, second = plain.mean(power), plain.mean(lambda mu, tau, power=power: power(mu, tau) ** 2)
        marginal = posterior.marginal(target)  # type: ignore[arg-type]
        assert [marginal.mean, marginal.sd] == pytest.approx([first, math.sqrt(second - first**2)], abs=2e-5), target
    for j in [None, *range(len(plain.log_likelihoods))]:
        marginal = posterior.marginal("new_cohort" if j is None else "cohort", j)
        assert plain.cdf(marginal.quantile(P), j) == pytest.approx(P, abs=2e-5), j
        if j is not None and not math.isnan(marginal.mean):
            assert marginal.mean == pytest.approx(plain.theta_moment(1, j), abs=5e-5), j
        if j is not None and not math.isnan(marginal.sd):
            sd = math.sqrt(plain.theta_moment(2, j) - plain.theta_moment(1, j) ** 2)
            assert marginal.sd == pytest.approx(sd, abs=5e-5), j


@pytest.mark.parametrize(
    ("nu", "events", "totals", "mu_range"),
    [
        (1, [0, 7, 9, 30], [8, 27, 44, 30], (-17, 17)),
        (2.5, [1, 7, 9, 11], [8, 27, 44, 12], (-12, 10)),
        (4, [0, 7, 9, 30], [8, 27, 44, 30], (-13, 13)),
        (30, [0, 0, 0], [8, 3, 20], (-33, 15)),
    ],
    ids=["1, torn", "2.5, one far off", "4, torn", "30, nobody"],
)
def test_every_answer_about_proportions_is_that_of_plain_sums(
    nu: float, events: list[int], totals: list[int], mu_range: tuple[float, float]
) -> None:
    likelihoods: list[Function] = [binomial(r, n) for r, n in zip(events, totals, strict=True)]
    plain = StudentBruteForce(likelihoods, stats.logistic(), stats.halfnorm(scale=0.5), nu, mu_range)
    agrees(counts(events, totals, nu), plain)


def _normal(estimate: float, error: float) -> Function:
    return lambda theta: -0.5 * ((theta - estimate) / error) ** 2 - math.log(error * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("nu", [1, 4])
def test_every_answer_about_ratios_is_that_of_plain_sums(nu: float) -> None:
    likelihoods = [_normal(y, s) for y, s in zip(LOGS["estimates"], LOGS["errors"], strict=True)]
    plain = StudentBruteForce(likelihoods, stats.norm(), stats.halfnorm(scale=0.5), nu, (-6, 6), width=0.2)
    agrees(contrasts(**LOGS, nu=nu, ratio=True), plain)


def test_what_a_new_cohort_would_report_is_its_evidence() -> None:
    """Its predicted counts, mean and standard deviation are ratios of marginal likelihoods."""
    fit = counts(EVENTS, TOTALS)

    def gain(events: int, total: int) -> float:
        with_it = counts([*EVENTS, events], [*TOTALS, total])
        return math.exp(with_it.posterior.log_marginal_likelihood - fit.posterior.log_marginal_likelihood)

    chances = fit.posterior.predicted_events(4, "new_cohort")
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    assert chances[3] == pytest.approx(gain(3, 4), abs=1e-5)
    mean, square = gain(1, 1), gain(2, 2)
    new = fit.posterior.marginal("new_cohort", natural=True)
    assert new.mean == pytest.approx(mean, abs=1e-5)
    assert new.sd == pytest.approx(math.sqrt(square - mean**2), abs=1e-5)


# -- what it becomes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [counts, contrasts], ids=["counts", "differences"])
def test_with_ever_more_degrees_of_freedom_it_becomes_partial_pooling(make: Any) -> None:
    """At nu = 1e6 the two densities differ by less than a millionth where either has any mass to speak of."""
    data = (EVENTS, TOTALS) if make is counts else tuple(LOGS.values())
    student, partial = make(*data, nu=1e6), make(*data, nu=None, pooling="partial")
    assert student.posterior.log_marginal_likelihood == pytest.approx(
        partial.posterior.log_marginal_likelihood, abs=1e-5
    )
    targets: list[Any] = [("typical", None), ("average", None), ("new_cohort", None)]
    for target, j in [*targets, *(("cohort", j) for j in range(4))]:
        assert shown(student, target, j) == pytest.approx(shown(partial, target, j), abs=5e-5), (target, j)
    assert shown(student, "tau", natural=False) == pytest.approx(shown(partial, "tau", natural=False), abs=5e-5)


@pytest.mark.parametrize("nu", [1, 4])
def test_swapping_events_and_others_mirrors_every_answer(nu: float) -> None:
    others = [n - r for r, n in zip(EVENTS, TOTALS, strict=True)]
    fit, mirror = counts(EVENTS, TOTALS, nu), counts(others, TOTALS, nu)
    targets: list[Any] = [("typical", None), ("average", None), ("new_cohort", None)]
    for target, j in [*targets, *(("cohort", j) for j in range(4))]:
        low, median, high, mean, sd = shown(fit, target, j)
        assert shown(mirror, target, j) == pytest.approx([1 - high, 1 - median, 1 - low, 1 - mean, sd], abs=2e-5)


@pytest.mark.parametrize("nu", [1, 4])
def test_leaving_out_is_fitting_without(nu: float) -> None:
    fit = counts(EVENTS, TOTALS, nu)
    found = fit.posterior.leave_one_out()
    for j in range(4):
        rest = counts(np.delete(EVENTS, j).tolist(), np.delete(TOTALS, j).tolist(), nu)
        gain = fit.posterior.log_marginal_likelihood - rest.posterior.log_marginal_likelihood
        assert found.log_predictive[j] == pytest.approx(gain, abs=2e-5)
        assert found.variance_mu[j] == pytest.approx(rest.posterior.marginal("mu").sd ** 2, rel=1e-3)
        sd = rest.posterior.marginal("new_cohort").sd
        assert found.variance_theta[j] == pytest.approx(math.inf if math.isnan(sd) else sd**2, rel=1e-3)


def test_leaving_out_on_the_same_grids_is_integrating_afresh() -> None:
    posterior = counts([4, 6, 3, 8, 5], [20, 28, 17, 40, 22]).posterior
    assert isinstance(posterior, ExactPosterior)
    served = [(j, found) for j in range(5) if (found := posterior._without(j)) is not None]
    assert len(served) >= 3
    for j, found in served:
        evidence, *variances = _left_out(posterior.model, j)
        assert found[0] == pytest.approx(evidence, abs=2e-6)
        assert list(found[1:]) == pytest.approx(variances, rel=1e-5)


def test_draws_follow_the_marginals() -> None:
    fit = counts([0, 7, 9, 11], TOTALS, nu=2)
    posterior = fit.draws["posterior"]
    places: list[tuple[Any, Any, int | None]] = [(posterior[name], name, None) for name in ("mu", "tau")]
    places += [(posterior["theta_new_cohort"], "new_cohort", None)]
    places += [(posterior["theta"][..., j], "cohort", j) for j in range(4)]
    for draws, target, j in places:
        below = fit.posterior.marginal(target, j).cdf(draws.values.ravel())
        assert stats.kstest(below, "uniform").pvalue > 1e-3, (target, j)


# -- what it is for ---------------------------------------------------------------------------------------------------


def test_a_remote_cohort_is_pulled_less_and_pulls_less_than_under_partial_pooling() -> None:
    events, totals = [4, 6, 3, 8, 5, 29], [20, 28, 17, 40, 22, 30]
    student, partial = counts(events, totals, nu=4), counts(events, totals, nu=None, pooling="partial")
    raw = events[-1] / totals[-1]

    def pulled(fit: tc.Fit) -> float:
        return raw - float(fit.summary()["cohorts"][-1]["median"])

    assert 0 < pulled(student) < 0.8 * pulled(partial)
    alone = counts(events[:-1], totals[:-1], nu=4)
    typical = [float(fit.summary()["typical"]["median"]) for fit in (alone, student, partial)]
    assert typical[0] < typical[1] < typical[2]
    assert typical[1] - typical[0] < 0.5 * (typical[2] - typical[0])
    # The less an outlier is believed to be possible, the more the data speak for the Student t once there is one.
    assert student.posterior.log_marginal_likelihood > partial.posterior.log_marginal_likelihood


def test_cohorts_that_agree_are_told_much_the_same_by_both() -> None:
    student, partial = (
        counts([4, 6, 3, 8], [20, 28, 17, 40], **way) for way in ({"nu": 4}, {"nu": None, "pooling": "partial"})
    )
    assert shown(student, "typical")[1] == pytest.approx(shown(partial, "typical")[1], abs=0.01)
    # Its tails are heavier, and so is what may be expected of a new cohort.
    assert shown(student, "new_cohort")[2] > shown(partial, "new_cohort")[2]


# -- what does not exist ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nu", "mean", "sd"), [(0.8, False, False), (1, False, False), (2, True, False), (2.5, True, True)]
)
def test_a_new_cohort_of_differences_has_the_moments_below_nu(nu: float, mean: bool, sd: bool) -> None:
    summary = contrasts(**LOGS, nu=nu).summary()
    new = summary["new_cohort"]
    assert [new[name] is not None for name in ("mean", "sd", "median", "lower", "upper")] == [
        mean,
        sd,
        True,
        True,
        True,
    ]
    assert all(one[name] is not None for one in summary["cohorts"] for name in ("mean", "sd"))
    assert all(summary["mu"][name] is not None for name in ("mean", "sd"))
    # A Student t is symmetric: where it has a mean, that is its centre.
    assert (summary["average"] is not None) == mean
    if mean:
        assert summary["average"]["mean"] == pytest.approx(summary["typical"]["mean"], abs=1e-6)
        assert new["mean"] == pytest.approx(summary["typical"]["mean"], abs=1e-6)


@pytest.mark.parametrize("nu", [2.5, 4, 30])
def test_the_variance_of_a_new_cohort_is_that_of_mu_and_of_the_student_t(nu: float) -> None:
    fit = contrasts(**LOGS, nu=nu)
    mu, tau, new = (fit.posterior.marginal(name) for name in ("mu", "tau", "new_cohort"))  # type: ignore[arg-type]
    assert new.sd**2 == pytest.approx(mu.sd**2 + nu / (nu - 2) * (tau.mean**2 + tau.sd**2), rel=1e-5)


def test_a_ratio_has_no_average_and_no_mean_in_a_new_cohort() -> None:
    summary = contrasts(**LOGS, nu=30, ratio=True).summary()
    assert summary["average"] is None
    assert summary["new_cohort"]["mean"] is summary["new_cohort"]["sd"] is None
    assert summary["new_cohort"]["median"] > 0
    assert summary["typical"]["mean"] is not None
    assert all(one["mean"] is not None for one in summary["cohorts"])


def test_a_cohort_that_nothing_holds_on_one_side_has_the_moments_below_nu_only() -> None:
    for nu, mean, sd in ((1, False, False), (2, True, False), (3, True, True)):
        nobody, some = (counts([0, 7, 9], [8, 27, 44], nu).posterior.marginal("cohort", j) for j in (0, 1))
        assert [math.isfinite(nobody.mean), math.isfinite(nobody.sd)] == [mean, sd]
        assert math.isfinite(some.mean)
        assert math.isfinite(some.sd)


def test_proportions_have_all_their_moments() -> None:
    summary = counts([0, 7, 9], [8, 27, 44], nu=0.7).summary()
    for one in (summary["typical"], summary["average"], summary["new_cohort"], *summary["cohorts"]):
        assert all(0 < one[name] < 1 for name in ("mean", "sd", "median", "lower", "upper"))
    assert summary["average"]["mean"] == pytest.approx(summary["new_cohort"]["mean"], abs=1e-6)


# -- whatever the data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nu", [1, 4])
@pytest.mark.parametrize(
    ("events", "totals"),
    [([0, 0, 0], [3, 8, 5]), ([3, 8, 5], [3, 8, 5]), ([0, 8, 0], [3, 8, 5]), ([1], [1]), ([0], [40])],
    ids=["nobody", "everybody", "torn", "one patient", "one cohort"],
)
def test_extreme_data_are_answered(events: list[int], totals: list[int], nu: float) -> None:
    fit = counts(events, totals, nu)
    for target in ("typical", "average", "new_cohort"):
        low, median, high, *_ = shown(fit, target)
        assert 0 <= low < median < high <= 1


@settings(max_examples=6)
@given(st.data())
def test_whatever_the_counts_the_order_of_cohorts_does_not_matter(data: st.DataObject) -> None:
    totals = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=5))
    events = [data.draw(st.integers(0, total)) for total in totals]
    nu = data.draw(st.sampled_from([1.5, 4, 8]))
    fit, back = counts(events, totals, nu), counts(events[::-1], totals[::-1], nu)
    assert back.posterior.log_marginal_likelihood == pytest.approx(fit.posterior.log_marginal_likelihood, abs=2e-5)
    assert shown(back, "new_cohort") == pytest.approx(shown(fit, "new_cohort"), abs=2e-4)


# -- how it is asked for ----------------------------------------------------------------------------------------------


def refused(**options: Any) -> str:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(events=EVENTS, totals=TOTALS, **options)
    return str(caught.value)


def test_the_degrees_of_freedom_must_be_given() -> None:
    said = refused(pooling="student")
    assert said.startswith("nu: missing, and pooling 'student' needs it. ")
    assert said.endswith("Give the degrees of freedom, a number above zero, such as nu = 4.")


@pytest.mark.parametrize("nu", [0, -1, math.inf, math.nan, True, "4"])
def test_degrees_of_freedom_that_are_none_are_refused(nu: Any) -> None:
    assert refused(pooling="student", nu=nu).startswith(f"nu: {nu!r} is not a number above zero.")
    with pytest.raises(tc.InputError, match="is not a number above zero"):
        Student(nu)


@pytest.mark.parametrize("pooling", ["partial", "common", "none"])
def test_degrees_of_freedom_for_another_pooling_are_refused(pooling: str) -> None:
    assert refused(pooling=pooling, nu=4) == (
        f"nu: 4 for pooling {pooling!r}, which has no nu. Leave nu out, or choose another pooling."
    )


def test_degrees_of_freedom_do_not_hide_what_else_is_wrong() -> None:
    said = refused(pooling="student", nu=0, tau="Normal(0, 1)", seed=-1)
    for place in ("nu: 0 is not", "allows negative values", "seed: -1"):
        assert place in said


def test_a_saved_fit_comes_back_with_its_degrees_of_freedom(tmp_path: Path) -> None:
    fit = counts([0, 7, 9], [8, 27, 44], nu=2.5)
    back = tc.read_fit(fit.save(tmp_path / "fit.nc"))
    assert back.compiled.pooling == Student(2.5)
    assert back.summary() == fit.summary()
    assert back.compiled.digest == fit.compiled.digest != counts([0, 7, 9], [8, 27, 44], nu=3).compiled.digest


# -- in model files ---------------------------------------------------------------------------------------------------


def student_model(base: Content | None = None, nu: Any = 4) -> Content:
    content = change(base or proportion(), "pooling", {"kind": "student", "nu": nu})
    return change(content, "variant")


VARIANTS: list[Mapping[str, Any]] = [
    {"name": "nu_8", "why": "Does the answer rest on how heavy the tails are?", "set": {"pooling.nu": 8}},
    {
        "name": "normal",
        "why": "What without room for outlying cohorts?",
        "set": {"pooling.kind": "partial"},
        "unset": ["pooling.nu"],
    },
]


def test_a_model_file_says_the_degrees_of_freedom_and_survives_being_written() -> None:
    model = read_model(change(student_model(), "variant", VARIANTS))
    assert model.pooling.build() == Student(4)
    assert model.to_dict()["pooling"] == {"kind": "student", "nu": 4}
    assert tomllib.loads(model.to_toml()) == model.to_dict()
    assert read_model(model.to_dict()) == model
    assert "Student t(nu = 4" in str(model)
    for name, pooling in (("nu_8", {"kind": "student", "nu": 8}), ("normal", {"kind": "partial"})):
        variant = model.variant(name)
        assert variant.to_dict()["pooling"] == pooling
        assert read_model(tomllib.loads(variant.to_toml())) == variant
        assert variant.digest != model.digest


def test_a_model_with_other_degrees_of_freedom_is_another_model() -> None:
    four, as_written, eight = (read_model(student_model(nu=nu)).digest for nu in (4, 4.0, 8))
    assert four == as_written != eight


@pytest.mark.parametrize(
    ("nu", "said"),
    [
        (0, "nu: 0"),
        (-2.5, "nu: -2.5"),
        ("four", "nu: 'four' will not do"),
        (True, "nu: True will not do"),
        (None, "nu: missing"),
    ],
)
def test_a_model_file_with_wrong_degrees_of_freedom_is_refused(nu: Any, said: str) -> None:
    content = student_model(nu=nu)
    if nu is None:
        del content["pooling"]["nu"]
    complained = complaint(content)
    assert f"[pooling] {said}" in complained
    assert "Give the degrees of freedom, a number above zero, such as nu = 4." in complained


def test_degrees_of_freedom_of_another_pooling_are_refused_in_a_model_file() -> None:
    said = complaint(change(change(proportion(), "variant"), "pooling", {"kind": "partial", "nu": 4}))
    assert "[pooling] nu: pooling 'partial' has no nu. Leave it out, or choose another pooling." in said


def test_a_variant_that_changes_nothing_about_the_degrees_of_freedom_is_refused() -> None:
    same = {"name": "same", "why": "Nothing?", "set": {"pooling.nu": 4.0}}
    assert "the same as the model itself" in complaint(change(student_model(), "variant", [same]))


def test_the_average_of_a_ratio_is_refused_in_a_model_and_null_in_a_variant() -> None:
    average = {"name": "average", "functional": "ratio", "target": "average", "level": 0.95}
    content = change(contrast(), "estimand", [average])
    assert "average" in complaint(student_model(content))
    variant = {"name": "outliers", "why": "Room for them?", "set": {"pooling.kind": "student", "pooling.nu": 4}}
    assert read_model(change(content, "variant", [variant])).variants == ("outliers",)


def test_a_model_of_the_bundled_evidence_is_fitted_under_a_student_t(evidence: tc.Evidence) -> None:
    content = read_model("response_pd1:common").to_dict()
    content |= {"name": "robust", "pooling": {"kind": "student", "nu": 4}}
    content["priors"]["tau"] = {"dist": "HalfNormal", "sigma": 0.5, "why": "Weakly informative."}
    content.pop("why", None)
    fit = tc.fit(read_model(content), evidence, seed=1)
    assert fit.reportable
    assert fit.compiled.pooling == Student(4)
    normal = tc.fit(read_model("response_pd1"), evidence, seed=1)
    ours, theirs = tc.estimate(fit), tc.estimate(normal)
    assert (ours["median"].notna() == theirs["median"].notna()).all()


# -- on the command line ----------------------------------------------------------------------------------------------


def test_the_command_line_pools_with_a_student_t(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("label,events,total\nLin,1,8\nHsu,7,27\nMa,9,44\n")
    options = ["pool", str(path), "--pooling", "student", "--seed", "1"]
    assert main([*options, "--nu", "4", "--json"]) == ANSWERED
    expected = counts([1, 7, 9], [8, 27, 44], labels=["Lin", "Hsu", "Ma"]).summary()
    answer = json.loads(capsys.readouterr().out)
    assert {name: answer[name] for name in ("typical", "new_cohort", "tau")} == {
        name: expected[name] for name in ("typical", "new_cohort", "tau")
    }
    assert main([*options]) == WRONG
    assert "nu: missing, and pooling 'student' needs it." in capsys.readouterr().err
    assert main(["pool", str(path), "--nu", "4"]) == WRONG
    assert "nu: 4.0 for pooling 'partial', which has no nu." in capsys.readouterr().err


@pytest.fixture(scope="module")
def evidence() -> tc.Evidence:
    return tc.read_evidence()
