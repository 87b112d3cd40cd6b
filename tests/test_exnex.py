"""Cohorts that are exchangeable or stand on their own: against other software, against sums over who is which."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import tinycohort as tc
from support.fits import SHOWN
from tinycohort.cli import main
from tinycohort.engines.run import run

CASES = json.loads((Path(__file__).parent / "reference" / "basket_trials.json").read_text(encoding="utf-8"))["cases"]
CHUGH = next(case for case in CASES if case["id"] == "exnex_chugh_sarcoma")
EVENTS, TOTALS = [1, 9, 14], [8, 44, 20]


def exnex(
    events: Sequence[int] = EVENTS, totals: Sequence[int] = TOTALS, exchangeable: Any = 0.5, **changes: Any
) -> tc.Fit:
    fit = tc.pool(events=events, totals=totals, pooling="exnex", exchangeable=exchangeable, seed=1, **changes)
    assert fit.reportable, fit.reasons
    return fit


def chances(fit: tc.Fit) -> list[float]:
    return [cohort["exchangeable"] for cohort in fit.summary()["cohorts"]]


# -- other software ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chugh() -> tc.Fit:
    data = CHUGH["inputs"]
    mu, own = (f"Normal({mean}, {precision**-0.5})" for mean, precision in ((-1.735, 0.146), (-1.734, 0.128)))
    return exnex(data["r"], data["n"], 0.5, mu=mu, tau="HalfNormal(1)", own=own)


def test_sarcoma_subtypes_are_what_bhmbasket_prints(chugh: tc.Fit) -> None:
    published, cohorts = CHUGH["published"], chugh.summary()["cohorts"]
    for name, key, near in (("mean", "p_mean", 1e-3), ("sd", "p_sd", 2e-3), ("median", "p_median", 5e-3),
                            ("lower", "p_q025", 5e-3), ("upper", "p_q975", 5e-3)):  # fmt: skip
        for j, (cohort, printed) in enumerate(zip(cohorts, published[key], strict=True)):
            if (name, j) != ("upper", 7):
                assert cohort[name] == pytest.approx(printed, abs=near), (name, j)
    # One of five responded: its upper limit was printed where a share of 2.35% lies beyond, by Monte Carlo.
    beyond = tc.probability_above(chugh, published["p_q975"][7], "cohort", 7)
    assert beyond == pytest.approx(0.025, abs=3 * math.sqrt(0.025 * 0.975 / 5_000))


def test_sarcoma_subtypes_are_what_a_quadrature_of_its_own_gives(chugh: tc.Fit) -> None:
    exact, cohorts = CHUGH["own"]["values"], chugh.summary()["cohorts"]
    for name, key in (("mean", "p_mean"), ("sd", "p_sd"), ("exchangeable", "P(exchangeable)")):
        assert [cohort[name] for cohort in cohorts] == pytest.approx(exact[key], abs=1e-5)
    assert chugh.posterior.log_marginal_likelihood == pytest.approx(exact["log_marginal_likelihood"], abs=1e-6)


# -- every way of being exchangeable ----------------------------------------------------------------------------------


def by_membership(events: Sequence[int], totals: Sequence[int], log_prior: Any, **priors: str) -> dict[str, Any]:
    """Sums over who is exchangeable: those are pooled partially, each of the others stands on its own."""
    own = {"mu": priors.pop("own", "Logistic(0, 1)")}
    alone = [tc.pool(events=[r], totals=[n], pooling="none", **own) for r, n in zip(events, totals, strict=True)]
    weights, means, new = [], [], []
    for inside in product([False, True], repeat=len(events)):
        members = np.flatnonzero(inside)
        log_weight = log_prior(len(members)) + sum(
            fit.posterior.log_marginal_likelihood or 0.0 for fit, held in zip(alone, inside, strict=True) if not held
        )
        mean = np.array([fit.posterior.marginal("cohort", 0, True).mean for fit in alone])
        if len(members):
            fit = tc.pool(events=[events[j] for j in members], totals=[totals[j] for j in members], **priors)
            log_weight += fit.posterior.log_marginal_likelihood
            mean[members] = [fit.posterior.marginal("cohort", k, True).mean for k in range(len(members))]
        new.append(fit.posterior.marginal("new_cohort", None, True).mean if len(members) else 0.5)
        weights.append(log_weight)
        means.append((np.array(inside, float), mean))
    share = np.exp(np.array(weights) - special.logsumexp(weights))
    return {
        "log_evidence": float(special.logsumexp(weights)),
        "exchangeable": share @ np.array([inside for inside, _ in means]),
        "means": share @ np.array([mean for _, mean in means]),
        "new_cohort": float(share @ np.array(new)),
        "expected": float(share @ np.array([inside.sum() for inside, _ in means])),
    }


def assert_as_summed(fit: tc.Fit, summed: dict[str, Any]) -> None:
    summary = fit.summary()
    assert summary["log_marginal_likelihood"] == pytest.approx(summed["log_evidence"], abs=1e-5)
    assert chances(fit) == pytest.approx(summed["exchangeable"], abs=1e-4)
    assert [cohort["mean"] for cohort in summary["cohorts"]] == pytest.approx(summed["means"], abs=1e-4)
    assert summary["new_cohort"]["mean"] == pytest.approx(summed["new_cohort"], abs=1e-4)


@pytest.mark.parametrize("priors", [{}, {"own": "Normal(-1, 0.7)", "mu": "Normal(0, 1)", "tau": "HalfNormal(0.2)"}])
@pytest.mark.parametrize("share", [0.2, 0.8])
def test_everything_is_what_the_sum_over_memberships_gives(share: float, priors: dict[str, str]) -> None:
    def log_prior(inside: int) -> float:
        return inside * math.log(share) + (len(EVENTS) - inside) * math.log1p(-share)

    assert_as_summed(exnex(exchangeable=share, **priors), by_membership(EVENTS, TOTALS, log_prior, **priors))


def test_an_estimated_probability_is_what_the_sum_over_memberships_gives() -> None:
    def log_prior(inside: int) -> float:
        return float(special.betaln(2 + inside, 1 + len(EVENTS) - inside) - special.betaln(2, 1))

    fit, summed = exnex(exchangeable="Beta(2, 1)"), by_membership(EVENTS, TOTALS, log_prior)
    assert_as_summed(fit, summed)
    # Given how many are exchangeable, the probability is a beta.
    share = fit.summary()["exchangeable"]
    assert share["mean"] == pytest.approx((2 + summed["expected"]) / (3 + len(EVENTS)), abs=1e-4)
    assert share["lower"] < share["median"] < share["upper"]


def test_leaving_a_cohort_out_is_what_evidence_with_and_without_it_says() -> None:
    fit = exnex(exchangeable="Beta(1, 1)")
    for j, score in enumerate(fit.summary()["elpd_loco"]["cohorts"]):
        others = [k for k in range(len(EVENTS)) if k != j]
        rest = exnex([EVENTS[k] for k in others], [TOTALS[k] for k in others], "Beta(1, 1)")
        evidence = (one.posterior.log_marginal_likelihood for one in (fit, rest))
        assert score == pytest.approx(next(evidence) - next(evidence), abs=2e-5)


# -- what it must become ----------------------------------------------------------------------------------------------


def shown(fit: tc.Fit, *targets: str) -> list[float]:
    summary = fit.summary()
    numbers = [summary[target][name] for target in targets for name in (*SHOWN, "mean", "sd")]
    return numbers + [cohort[name] for cohort in summary["cohorts"] for name in (*SHOWN, "mean", "sd")]


counts = st.lists(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=5
)


@given(counts)
@settings(max_examples=8, deadline=None)
def test_certainly_exchangeable_cohorts_are_pooled_partially(cohorts: list[tuple[int, int]]) -> None:
    events, totals = (list(column) for column in zip(*cohorts, strict=True))
    found, partial = exnex(events, totals, 1.0), tc.pool(events=events, totals=totals, seed=1)
    targets = ("typical", "average", "new_cohort", "tau")
    assert shown(found, *targets) == pytest.approx(shown(partial, *targets), abs=2e-4)
    evidence = partial.posterior.log_marginal_likelihood
    assert found.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=1e-5)
    assert chances(found) == pytest.approx([1.0] * len(cohorts), abs=1e-12)


@given(counts)
@settings(max_examples=8, deadline=None)
def test_cohorts_that_are_certainly_not_exchangeable_stand_alone(cohorts: list[tuple[int, int]]) -> None:
    events, totals = (list(column) for column in zip(*cohorts, strict=True))
    alone = tc.pool(events=events, totals=totals, pooling="none", mu="Normal(-1, 1)", seed=1)
    found = exnex(events, totals, 0.0, own="Normal(-1, 1)")
    assert shown(found) == pytest.approx(shown(alone), abs=2e-4)
    evidence = alone.posterior.log_marginal_likelihood
    assert found.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=1e-5)
    assert chances(found) == [0.0] * len(cohorts)


@given(counts, st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_the_order_of_cohorts_does_not_matter(cohorts: list[tuple[int, int]], random: Any) -> None:
    order = list(range(len(cohorts)))
    random.shuffle(order)
    events, totals = (list(column) for column in zip(*cohorts, strict=True))
    found = exnex(events, totals)
    moved = exnex([events[j] for j in order], [totals[j] for j in order])
    assert chances(moved) == pytest.approx([chances(found)[j] for j in order], abs=2e-4)
    medians = [cohort["median"] for cohort in found.summary()["cohorts"]]
    assert [one["median"] for one in moved.summary()["cohorts"]] == pytest.approx([medians[j] for j in order], abs=2e-4)


@pytest.mark.parametrize(
    ("events", "totals"),
    [
        ([0, 0, 0, 0], [5, 8, 4, 10]),
        ([5, 5, 5, 5], [5, 5, 5, 5]),
        ([0, 6, 0], [6, 6, 5]),
        ([0, 1, 0, 0, 2], [5, 8, 4, 10, 12]),
    ],
)
def test_cohorts_of_nobody_and_of_everybody_are_answered(events: list[int], totals: list[int]) -> None:
    fit = exnex(events, totals)
    mirrored = exnex([n - r for r, n in zip(events, totals, strict=True)], totals)
    assert chances(fit) == pytest.approx(chances(mirrored), abs=1e-4)
    for one, other in zip(fit.summary()["cohorts"], mirrored.summary()["cohorts"], strict=True):
        assert one["median"] == pytest.approx(1.0 - other["median"], abs=1e-4)
        assert one["lower"] == pytest.approx(1.0 - other["upper"], abs=1e-4)


def test_an_outlying_cohort_is_left_alone_and_a_likely_one_is_drawn_in() -> None:
    cohorts = exnex([2, 3, 2, 18], [20, 25, 18, 20]).summary()["cohorts"]
    alone, drawn = cohorts[3], cohorts[0]
    assert alone["exchangeable"] < 0.2 < 0.7 < drawn["exchangeable"]
    partial = tc.pool(events=[2, 3, 2, 18], totals=[20, 25, 18, 20]).summary()["cohorts"][3]
    assert partial["mean"] < alone["mean"] < 0.9


def test_draws_follow_the_marginals() -> None:
    fit = exnex(exchangeable="Beta(1, 1)")
    posterior, p = fit.draws["posterior"], np.linspace(0.05, 0.95, 10)
    near = 4.5 * 0.5 / math.sqrt(4000)
    named = {"mu": "mu", "tau": "tau", "new_cohort": "theta_new_cohort", "exchangeable": "exchangeable"}
    everything = [(*pair, None) for pair in named.items()] + [("cohort", "theta", j) for j in range(3)]
    for target, name, cohort in everything:
        values = posterior[name].values if cohort is None else posterior[name].values[..., cohort]
        marginal = fit.posterior.marginal(target, cohort)  # type: ignore[arg-type]
        assert marginal.cdf(np.quantile(values, p)) == pytest.approx(p, abs=near), (name, cohort)
    share = posterior["exchangeable_cohort"].values.mean(axis=(0, 1))
    assert share == pytest.approx(chances(fit), abs=0.02)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exchangeable": None}, "missing, and pooling 'exnex' needs it"),
        ({"exchangeable": 1.5}, "1.5 is no probability between 0 and 1"),
        ({"exchangeable": [0.7, 0.6]}, "come to more than one"),
        ({"exchangeable": "Normal(0, 1)"}, "is no prior of a probability"),
        ({"exchangeable": [0.4, 0.4]}, "no prior, and pooling 'exnex' has a parameter mu_2"),
        ({"structure": "sets"}, "'sets' for pooling 'exnex', which has no structure"),
        ({"tau_group": "HalfNormal(1)"}, "which pooling 'exnex' does not have"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(tc.InputError, match=said):
        tc.pool(**{"events": EVENTS, "totals": TOTALS, "pooling": "exnex", "exchangeable": 0.5, **changes})


def test_several_components_are_for_nuts() -> None:
    priors = {"mu_2": "Normal(1, 0.5)", "tau_2": "HalfNormal(0.5)"}
    with pytest.raises(tc.InputError, match="the exact engine does not know several exchangeable components"):
        exnex(exchangeable=[0.3, 0.3], priors=priors, engine="exact")


@pytest.mark.slow
def test_several_components_are_what_the_sum_over_memberships_gives() -> None:
    """Each component is held by a narrow tau, so that it is one unknown value; and each cohort is of one of three."""
    mus, taus = ("Normal(-2, 0.5)", "Normal(1, 0.5)"), ("HalfNormal(0.0001)", "HalfNormal(0.0001)")
    fit = tc.pool(
        events=EVENTS, totals=TOTALS, pooling="exnex", exchangeable=[0.3, 0.4], seed=1, mu=mus[0], tau=taus[0],
        priors={"mu_2": mus[1], "tau_2": taus[1]},
    )  # fmt: skip
    assert fit.reportable, fit.reasons
    assert fit.posterior.engine == "nuts"

    def together(prior: str, members: list[int]) -> float:
        if not members:
            return 0.0
        data = {"events": [EVENTS[j] for j in members], "totals": [TOTALS[j] for j in members]}
        return float(tc.pool(**data, pooling="common", mu=prior).posterior.log_marginal_likelihood)  # type: ignore[arg-type]

    log_weights, own = [], []
    for which in product(range(3), repeat=len(EVENTS)):
        parts = [[j for j, k in enumerate(which) if k == part] for part in range(3)]
        total = sum(len(part) * math.log(share) for part, share in zip(parts, (0.3, 0.4, 0.3), strict=True))
        total += sum(together(prior, part) for prior, part in zip(mus, parts[:2], strict=True))
        log_weights.append(total + sum(together("Logistic(0, 1)", [j]) for j in parts[2]))
        own.append([k == 2 for k in which])
    weights = np.exp(np.array(log_weights) - special.logsumexp(log_weights))
    assert chances(fit) == pytest.approx(1.0 - weights @ np.array(own, float), abs=0.03)


# -- files and figures ------------------------------------------------------------------------------------------------


def content(**pooling: Any) -> dict[str, Any]:
    """A bundled model as a file has it, pooled otherwise."""
    model = tc.read_model("response_pd1").to_dict()
    del model["variant"]
    model["pooling"] = {"kind": "exnex", "exchangeable": 0.5, **pooling}
    model["priors"]["own"] = {"dist": "Logistic", "mu": 0.0, "scale": 1.0, "why": "Uniform."}
    return model


def test_a_model_file_says_how_probable_exchangeability_is() -> None:
    known = tc.read_model(content())
    assert known.pooling.build().exchangeable == 0.5  # type: ignore[attr-defined]
    assert tc.read_model(known.to_dict()) == known
    assert "Normal(mu, tau) with probability 0.5, else theta_j ~ own" in str(known)
    wanted = content(exchangeable="estimated")
    wanted["priors"]["exchangeable"] = {"dist": "Beta", "alpha": 1, "beta": 1, "why": "Any."}
    estimated = tc.read_model(wanted)
    assert estimated.digest != known.digest
    wanted = content(exchangeable=[0.25, 0.25])
    for name in ("mu", "tau"):
        wanted["priors"][f"{name}_2"] = wanted["priors"][name]
    with pytest.raises(tc.InputError, match="response_average"):  # of two kinds of cohorts
        tc.read_model(wanted)
    wanted["estimand"] = [one for one in wanted["estimand"] if one.get("target") != "average"]
    several = tc.read_model(wanted)
    assert several.pooling.build().components == 2  # type: ignore[attr-defined]
    assert tc.read_model(several.to_dict()) == several


@pytest.mark.parametrize(
    ("pooling", "said"),
    [
        ({"exchangable": 0.5, "exchangeable": None}, "Did you mean 'exchangeable'?"),
        ({"exchangeable": "estimate"}, "unknown word 'estimate'"),
        ({"exchangeable": 50}, "50.0 is no probability between 0 and 1"),
        ({"exchangeable": []}, r"\[\] will not do"),
        ({"exchangeable": "estimated"}, "has a parameter exchangeable"),
        ({"exchangeable": [0.2, 0.3]}, "has a parameter mu_2"),
        ({"nu": 4}, "pooling 'exnex' has no nu"),
        ({"kind": "exnec"}, "Did you mean 'exnex'?"),
        ({"kind": "partial"}, "pooling 'partial' has no exchangeable"),
    ],
)
def test_a_model_file_that_says_it_wrong_is_refused(pooling: dict[str, Any], said: str) -> None:
    wrong = content(**pooling)
    wrong["pooling"] = {name: value for name, value in wrong["pooling"].items() if value is not None}
    with pytest.raises(tc.InputError, match=said):
        tc.read_model(wrong)


def test_a_variant_may_pool_so_and_its_page_tables_and_figures_know_of_it() -> None:
    evidence = tc.read_evidence()
    fit = tc.fit("abscopal_contrast:exnex", evidence, seed=1)
    table = tc.estimate(fit)
    of_cohorts = table[table["target"] == "cohort"]["exchangeable"]
    assert list(of_cohorts) == pytest.approx(chances(fit))
    assert table[table["target"] != "cohort"]["exchangeable"].isna().all()
    assert "with probability 0.5, else" in repr(tc.show("abscopal_contrast:exnex", evidence))
    assert "Exchangeable: NCT04830267" in repr(fit)
    response = tc.fit("unirradiated_response:exnex", evidence, seed=1)
    assert tc.plots.prior_predictive_table(response)["lower"].notna().all()
    assert tc.plots.posterior_predictive_table(response)["lower"].notna().all()


def test_a_cohort_is_predicted_as_one_that_may_stand_on_its_own() -> None:
    """Without its data theta is a mixture of a new exchangeable cohort and of the prior of one on its own."""
    fit = exnex(EVENTS, TOTALS, 0.3, own="Normal(2, 0.5)")
    unseen, new = fit.posterior.unseen(), fit.posterior.marginal("new_cohort")
    assert unseen is not None
    x = np.linspace(-5, 4, 19)
    mixed = 0.3 * new.cdf(x) + 0.7 * special.ndtr((x - 2) / 0.5)  # type: ignore[union-attr]
    assert unseen.cdf(x) == pytest.approx(mixed, abs=1e-6)
    p = np.array([0.025, 0.5, 0.975])
    assert unseen.cdf(unseen.quantile(p)) == pytest.approx(p, abs=1e-4)


def test_the_command_line_pools_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("label,events,total\nA,1,8\nB,9,44\nC,14,20\n")
    assert main(["pool", str(file), "--pooling", "exnex", "--exchangeable", "Beta(1, 1)", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [one["exchangeable"] for one in answer["cohorts"]] == pytest.approx(
        chances(exnex(exchangeable="Beta(1, 1)"))
    )
    assert answer["exchangeable"]["mean"] > 0.3
    assert main(["pool", str(file), "--pooling", "exnex", "--exchangeable", "0.5"]) == 0
    assert "exchangeable" in capsys.readouterr().out
    assert main(["pool", str(file), "--pooling", "exnex"]) == 1
    assert "exchangeable: missing, and pooling 'exnex' needs it" in capsys.readouterr().err


def survival(shape: str | float, **pooling: Any) -> dict[str, Any]:
    """A bundled model of survival, pooled so."""
    model = tc.read_model("os_pd1").to_dict()
    del model["variant"]
    model["quantity"]["shape"] = shape
    model["pooling"] = {"kind": "exnex", "exchangeable": 0.5, **pooling}
    model["priors"]["own"] = dict(model["priors"]["mu"])
    if shape != "shared":
        del model["priors"]["shape"]
    return model


def test_survival_with_a_known_shape_is_exact_and_has_the_density_of_its_pymc_model() -> None:
    compiled = tc.compile_model(tc.read_model(survival(0.2)), tc.read_evidence())
    fit = run(compiled, "exact", seed=1)
    assert fit.reportable
    assert all(0.4 < chance < 0.8 for chance in chances(fit))
    twin, rng = compiled.pymc_model(), np.random.default_rng(1)
    z, own = rng.normal(size=(2, compiled.cohorts))
    point = {"mu": np.array(2.9), "tau": np.array(0.4), "z": z, "theta_own": 2.9 + 0.5 * own}
    values = {
        twin.rvs_to_values[one].name: np.log(point[one.name]) if one.name == "tau" else point[one.name]
        for one in twin.free_RVs
    }
    theirs = float(twin.compile_logp(jacobian=False, mode="FAST_COMPILE")(values))
    assert float(compiled.log_density(point)) == pytest.approx(theirs, rel=1e-10)


def test_survival_with_an_unknown_shape_is_not_for_the_exact_engine() -> None:
    with pytest.raises(
        tc.InputError, match="the exact engine does not know pooling 'exnex' of survival whose shape is unknown"
    ):
        tc.fit(tc.read_model(survival("shared")), tc.read_evidence(), engine="exact")
