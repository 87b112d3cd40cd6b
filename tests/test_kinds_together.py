"""Several kinds in one model: each cohort is read by its own, and the model is one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import tinycohort as tc
from evidence.made_up import cohort, count, evidence
from spec_contents import change, complaints, contrast, proportion
from support.fits import compiled
from tinycohort.engines.run import run
from tinycohort.evidence import Evidence
from tinycohort.families import Contrast, Proportion
from tinycohort.likelihoods import Binomial, NormalEstimate, Rounded, Several, TwoArmCounts

PRIORS = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)"}


def readings(order: str) -> Any:
    """Four counts and the same as percentages, chosen cohort by cohort: a the count, b the percentage."""
    counts = [(1, 8), (7, 27), (9, 44), (0, 5)]
    both = [
        ({"events": r, "total": n}, {"percentage": round(100 * r / n, 1), "decimals": 1, "total": n}) for r, n in counts
    ]
    members = ["ab".index(letter) for letter in order]
    return Several.of([Binomial(), Rounded()], members, [pair[k] for pair, k in zip(both, members, strict=True)])


def model(order: str, pooling: str = "partial") -> tc.CompiledModel:
    likelihood, data = readings(order)
    return compiled(likelihood, Proportion(), pooling, data, PRIORS)


@pytest.mark.parametrize("pooling", ["partial", "common", "none"])
@pytest.mark.parametrize("order", ["abab", "bbba", "baaa"])
def test_which_kind_reads_a_cohort_changes_nothing_where_both_read_the_same(order: str, pooling: str) -> None:
    """With a decimal each percentage is one count alone, so that every mixture of kinds is one model."""
    ours, theirs = run(model(order, pooling)), tc.pool([1, 7, 9, 0], [8, 27, 44, 5], pooling=pooling)
    assert ours.reportable
    mine, same = ours.summary(), theirs.summary()
    assert mine["log_marginal_likelihood"] == pytest.approx(same["log_marginal_likelihood"], abs=1e-9)
    for target in ("mu", "tau", "typical", "new_cohort"):
        assert mine[target] == (None if same[target] is None else pytest.approx(same[target], abs=1e-9))
    for a, b in zip(mine["cohorts"], same["cohorts"], strict=True):
        for name in ("median", "lower", "upper", "weight", "shrinkage"):
            assert a[name] == (None if b[name] is None else pytest.approx(b[name], abs=1e-7))
    assert mine["elpd_loco"]["cohorts"] == pytest.approx(same["elpd_loco"]["cohorts"], abs=1e-7)
    draws, others = (fit.draws["posterior"]["theta"].values for fit in (ours, theirs))
    assert abs(draws.mean(axis=(0, 1)) - others.mean(axis=(0, 1))).max() < 0.15


def test_cohorts_of_one_kind_alone_are_that_kind() -> None:
    likelihood, data = readings("aaaa")
    assert likelihood == Binomial()
    assert set(data) == {"events", "total"}
    likelihood, _ = readings("bbbb")
    assert likelihood == Rounded()


def test_every_shape_that_an_engine_asks_for_is_each_cohorts_own() -> None:
    likelihood, data = readings("abba")
    prepared = likelihood.prepare(data)
    rng = np.random.default_rng(1)
    each = [
        (Binomial() if letter == "a" else Rounded(), {
            name: np.asarray(data[name])[[j]] for name in (Binomial if letter == "a" else Rounded).columns
        })
        for j, letter in enumerate("abba")
    ]  # fmt: skip

    def alone(theta: Any, j: int) -> Any:
        kind, own = each[j]
        return kind.log_kernel(np.asarray(theta)[..., None], kind.prepare(own))[..., 0]

    # A cohort at many points; all of them, each at its own; pairs in any order; points in one row.
    cases = [
        (2, rng.normal(size=(5, 3))),
        (np.arange(4).reshape(-1, 1, 1), rng.normal(size=(4, 6, 2))),
        (np.array([[3], [1], [1], [0]]), rng.normal(size=(3, 4, 7))),
        (np.array([0, 0, 2, 3, 1]), rng.normal(size=5)),
        (np.array([[1]]), rng.normal(size=(2, 1, 3))),
    ]
    for j, theta in cases:
        found = likelihood.log_kernel(theta, {name: column[j] for name, column in prepared.items()})
        where = np.broadcast_to(j, theta.shape)
        exact = np.array([alone(x, int(k)) for x, k in zip(theta.ravel(), where.ravel(), strict=True)])
        assert found == pytest.approx(exact.reshape(theta.shape), rel=1e-12, abs=1e-12)


def test_the_pymc_model_has_a_named_distribution_for_each_kind() -> None:
    twin = model("abba").pymc_model()
    assert [variable.name for variable in twin.observed_RVs] == ["binomial_events", "rounded_percentage"]
    assert {name: list(labels) for name, labels in twin.coords.items()} == {
        "cohort": ["cohort 1", "cohort 2", "cohort 3", "cohort 4"],
        "binomial_cohort": ["cohort 1", "cohort 4"],
        "rounded_cohort": ["cohort 2", "cohort 3"],
    }
    text = twin.str_repr()
    assert "binomial_events ~ Binomial" in text
    assert "rounded_percentage ~ CustomDist" in text


def test_tables_show_what_each_kind_reads_and_nothing_where_it_does_not() -> None:
    fit = run(model("abba"))
    shown = [
        {name: cohort[name] for name in ("kind", "events", "percentage", "total")}
        for cohort in fit.summary()["cohorts"]
    ]
    assert shown[:2] == [
        {"kind": "binomial", "events": 1, "percentage": None, "total": 8},
        {"kind": "rounded", "events": None, "percentage": "25.9", "total": 27},
    ]
    assert fit.compiled.reported == ("1 of 8", "25.9% of 27", "20.5% of 44", "0 of 5")
    table = tc.plots.forest_table(fit)
    assert table["raw"][:4].tolist() == pytest.approx([0.125, 0.259, 0.205, 0.0])
    assert table["raw_upper"][3] == pytest.approx(1 - 0.025 ** (1 / 5))
    from tinycohort.reporting.text import fit_lines

    assert any(line.split()[:4] == ["cohort", "2", "rounded", "-"] for line in fit_lines(fit))


def test_a_mixture_of_kinds_survives_plain_types() -> None:
    mixed = model("abba")
    stored = json.loads(json.dumps(mixed.to_dict(), allow_nan=False))
    assert stored["likelihood"] == {"kinds": [{"kind": "binomial"}, {"kind": "rounded"}]}
    back = tc.CompiledModel.from_dict(stored)
    assert back.digest == mixed.digest
    assert back.digest != model("baba").digest
    assert back.log_density({"mu": 0.1, "tau": 0.3, "z": np.zeros(4)}) == mixed.log_density(
        {"mu": 0.1, "tau": 0.3, "z": np.zeros(4)}
    )


def test_another_division_into_kinds_is_another_compiled_sampler(monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    from tinycohort.engines import nuts

    class Stub:
        def with_data(self, **data: Any) -> Any:
            return data

    monkeypatch.setattr(nuts, "_compiled", type(nuts._compiled)())
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda _: Stub())
    for k, order in enumerate(("abba", "baab", "aabb"), start=1):
        given = nuts.compiled_sampler(model(order))
        assert len(nuts._compiled) == k
        assert given["binomial_total"].dtype.kind == "i"
    nuts.compiled_sampler(model("abba"))
    assert len(nuts._compiled) == 3


def test_wrong_data_of_any_kind_are_told_with_their_cohorts() -> None:
    likelihood, data = readings("abba")
    data["events"][0], data["percentage"][1] = 9, 26.4
    with pytest.raises(tc.InputError) as caught:
        compiled(likelihood, Proportion(), "partial", data, PRIORS)
    assert [issue.where for issue in caught.value.issues] == [
        "cohort 'cohort 1', events",
        "cohort 'cohort 2', percentage",
    ]


# -- from the evidence ------------------------------------------------------------------------------------------------


def mixed_evidence(*more: dict[str, Any]) -> Evidence:
    cohorts = [cohort(name, 230) for name in ("counted", "recovered", "rounded", "bare")]
    outcomes = [
        count("counted", 4, 20),
        count("recovered", 3, 20, measure="percentage", value=0.15, printed="15%; n = 20", derivation="3 of 20 is 15%"),
        count("rounded", None, 230, measure="percentage", value=0.21, printed="21%; n = 230"),
        count("bare", None, None, measure="percentage", value=0.3, printed="30%", denominator=None),
    ]
    return evidence(cohorts, [*outcomes, *more])


def with_kinds(content: dict[str, Any], *kinds: dict[str, Any]) -> Any:
    content = change(change(content, "likelihood", list(kinds)), "evidence/where", {})
    return tc.read_model(change(content, "variant"))


def test_a_cohort_is_read_by_the_first_kind_that_can() -> None:
    both = with_kinds(proportion(), {"kind": "binomial"}, {"kind": "rounded"})
    fit = tc.fit(both, mixed_evidence())
    assert [cohort["kind"] for cohort in fit.summary()["cohorts"]] == ["binomial", "binomial", "rounded"]
    assert fit.compiled.reported == ("4 of 20", "3 of 20", "21% of 230")
    assert fit.compiled.remarks == ("ROUNDED: 21% of 230 may be 48 to 49 people",)
    turned = with_kinds(proportion(), {"kind": "rounded"}, {"kind": "binomial"})
    kinds = [cohort["kind"] for cohort in tc.fit(turned, mixed_evidence()).summary()["cohorts"]]
    assert kinds == ["binomial", "rounded", "rounded"]
    assert both.digest != turned.digest
    alone = with_kinds(proportion(), {"kind": "rounded"})
    assert tc.fit(alone, mixed_evidence()).compiled.labels == ("RECOVERED", "ROUNDED")


def test_the_digits_of_the_evidence_say_how_a_percentage_was_rounded() -> None:
    fit = tc.fit(with_kinds(proportion(), {"kind": "rounded"}), mixed_evidence())
    assert fit.compiled.data["decimals"].tolist() == [0.0, 0.0]
    assert fit.compiled.data["percentage"].tolist() == [15.0, 21.0]


def test_an_impossible_percentage_of_the_bundled_evidence_is_refused_with_its_cohort() -> None:
    """Luke 2018 prints 13.5% of 68, which no count does."""
    content = change(proportion(), "evidence/where", {"cohort_id": ["luke_2018"]})
    content = change(change(content, "likelihood", [{"kind": "rounded"}]), "variant")
    content = change(content, "evidence/origins", ["document", "cited", "primary"])
    with pytest.raises(tc.InputError) as caught:
        tc.compile_model(tc.read_model(content), tc.read_evidence())
    assert "no number of 68 people prints as 13.5%" in str(caught.value)
    assert "9 of 68 is 13.2%, 10 of 68 is 14.7%" in str(caught.value)


def two_arms_and_a_ratio(measure: str) -> Evidence:
    cohorts = [cohort(name, 21) for name in ("rt", "control", "late", "late_control")]
    ratio = {
        "outcome_id": "late_ratio", "measure": measure, "events": None, "total": None, "value": 1.4, "lower": 0.6,
        "upper": 3.3, "level": 0.95, "printed": "1.4 (0.6-3.3)", "denominator": None,
    }  # fmt: skip
    outcomes = [count("rt", 5, 20, comparator_id="control"), count("control", 3, 21)]
    return evidence(cohorts, [*outcomes, count("late", comparator_id="late_control", **ratio)])


def test_two_arms_stand_beside_an_odds_ratio_that_was_printed() -> None:
    both = with_kinds(contrast(), {"kind": "normal"}, {"kind": "two_arm_counts"})
    fit = tc.fit(both, two_arms_and_a_ratio("odds_ratio"))
    assert fit.compiled.reported == ("5 of 20 against 3 of 21", "1.4 (0.6 to 3.3)")
    first, second = fit.summary()["cohorts"]
    assert (first["control_events"], first["estimate"], second["control_events"]) == (3, None, None)
    assert (second["estimate"], second["lower_given"], second["upper_given"]) == (1.4, 0.6, 3.3)
    assert fit.compiled.rows[0].comparator_id == "control"
    assert fit.compiled.rows[0].comparator_outcome_id == "control_response"
    assert fit.compiled.rows[0].printed == "5/20 against 3/21"
    again = tc.CompiledModel.from_dict(json.loads(json.dumps(fit.compiled.to_dict(), allow_nan=False)))
    assert again.digest == fit.compiled.digest
    table = tc.plots.forest_table(fit)
    assert table[["raw", "raw_lower", "raw_upper", "raw_level"]].iloc[1].tolist() == [1.4, 0.6, 3.3, 0.95]
    assert table["raw_level"][0] == 0.95


def test_a_ratio_of_risks_is_not_pooled_with_a_ratio_of_odds() -> None:
    both = with_kinds(contrast(), {"kind": "normal"}, {"kind": "two_arm_counts"})
    with pytest.raises(tc.InputError) as caught:
        tc.compile_model(both, two_arms_and_a_ratio("risk_ratio"))
    assert "odds ratio: rt_response; risk ratio: late_ratio" in str(caught.value)
    assert "They are different quantities" in str(caught.value)


def test_a_saved_fit_of_two_arms_comes_back_with_both(tmp_path: Any) -> None:
    fit = tc.fit(with_kinds(contrast(), {"kind": "two_arm_counts"}), two_arms_and_a_ratio("odds_ratio"), seed=1)
    back = tc.read_fit(fit.save(tmp_path / "fit.nc"))
    assert back.summary() == fit.summary()
    assert [one.outcome.outcome_id for one in back.evidence.numbers] == ["rt_response", "control_response"]


def test_what_a_model_would_use_shows_both_arms() -> None:
    shown = tc.show(with_kinds(contrast(), {"kind": "two_arm_counts"}), two_arms_and_a_ratio("odds_ratio"))
    assert "would use 2 numbers" in str(shown)
    assert [row["outcome_id"] for row in shown.to_dict()["used"]] == ["rt_response", "control_response"]


# -- model files ------------------------------------------------------------------------------------------------------


def test_a_variant_may_set_the_chance_of_publication() -> None:
    content = change(proportion(), "variant", [
        {
            "name": "unpublished", "why": "What if series without a responder were published half the time?",
            "set": {"likelihood": [{"kind": "binomial", "published_without_events": 0.5}]},
        }
    ])  # fmt: skip
    base = tc.read_model(content)
    corrected = base.variant("unpublished")
    assert corrected.kinds() == [Binomial(0.5)]
    assert base.kinds() == [Binomial()]
    assert base.digest != corrected.digest
    assert tc.read_model(corrected.to_dict()).digest == corrected.digest
    assert "binomial, published without events: 0.5" in str(corrected)
    import tomllib

    assert tomllib.loads(corrected.to_toml())["likelihood"] == [{"kind": "binomial", "published_without_events": 0.5}]


def test_saying_what_is_taken_for_granted_changes_nothing() -> None:
    said = change(proportion(), "likelihood", [{"kind": "binomial", "published_without_events": 1.0}])
    assert tc.read_model(said).digest == tc.read_model(proportion()).digest


@pytest.mark.parametrize(
    ("likelihood", "said"),
    [
        ([{"kind": "binomial", "published_without_events": 1.5}], "published_without_events: 1.5 is not between 0 and"),
        ([{"kind": "binomial", "published_without_events": "half"}], "published_without_events: 'half' will not do"),
        ([{"kind": "binomial", "published_without_event": 0.5}], "Did you mean 'published_without_events'?"),
        ([{"kind": "binomial"}, {"kind": "binomial", "published_without_events": 0.5}], "'binomial' stands there"),
        ([{"kind": "two_arm_counts"}], "'two_arm_counts' says nothing about a proportion. Choose one of binomial,"),
        ([{"kind": "two_arms"}], "unknown word 'two_arms'. Did you mean 'two_arm_counts'?"),
    ],
)  # fmt: skip
def test_wrong_kinds_and_options_are_refused(likelihood: list[dict[str, Any]], said: str) -> None:
    (found,) = complaints(change(change(proportion(), "likelihood", likelihood), "variant"))
    assert said in found


def test_a_difference_is_not_what_two_arms_speak_of() -> None:
    content = change(change(contrast(), "quantity/measure", "difference"), "likelihood", [{"kind": "two_arm_counts"}])
    content = change(change(content, "estimand/0/functional", "difference"), "variant")
    (found,) = complaints(content)
    assert "'two_arm_counts' says nothing about a difference. Choose one of normal." in found
    assert not TwoArmCounts().speaks_to(Contrast("difference"))
    assert NormalEstimate().speaks_to(Contrast("difference"))
