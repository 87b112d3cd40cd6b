"""The bundled models of survival: who speaks and as what, and what eight printed figures say of eight patients."""

from __future__ import annotations

import datetime
import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy import integrate

import tinycohort as tc
from support.contract import monte_carlo_errors
from tinycohort.compiled import CompiledModel
from tinycohort.compiled.assemble import select
from tinycohort.families import Weibull
from tinycohort.likelihoods.survival import SurvivalReports

MODELS = ("os_pd1", "os_de_novo", "pfs_de_novo", "pfs_after_sbrt")
VARIANTS = [(model, variant) for model in MODELS for variant in tc.read_model(model).variants]
DAYS_IN_A_MONTH = 30.4375
Order = tuple[bool, ...]


@cache
def evidence() -> tc.Evidence:
    return tc.read_evidence()


@cache
def compiled(name: str) -> CompiledModel:
    return tc.compile_model(tc.read_model(name), evidence())


@cache
def fitted(model: str, engine: str = "exact") -> tc.Fit:
    settings = {"target_accept": 0.99} if engine == "nuts" else {}
    return tc.fit(model, evidence(), engine=engine, seed=5, **settings)


@cache
def numbers_of(name: str) -> dict[str, str]:
    """What each cohort that a model or variant uses reported."""
    model = compiled(name)
    return {row.cohort_id: said for row, said in zip(model.rows, model.reported, strict=True)}


def changed_by(model: str, variant: str) -> dict[str, str | None]:
    """The cohorts that a variant reads otherwise, with what it reads; None of those it leaves out."""
    before, after = numbers_of(model), numbers_of(f"{model}:{variant}")
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def why_left_out(model: str) -> dict[str, str]:
    chosen = select(tc.read_model(model), evidence())
    return {left.outcome_id: left.reason for left in chosen.left_out}


# -- the eight patients of document 000 ------------------------------------------------------------------------------


def kaplan_meier(order: Order) -> list[Fraction]:
    """Survival after each of the ordered times, of which some are deaths."""
    at_risk, found, share = len(order), [], Fraction(1)
    for k, died in enumerate(order):
        share *= Fraction(at_risk - k - died, at_risk - k)
        found.append(share)
    return found


def compatible() -> list[Order]:
    """Orders of five deaths and three survivors whose curve passes through 75%."""
    orders = [tuple(k in deaths for k in range(8)) for deaths in itertools.combinations(range(8), 5)]
    assert len(orders) == 56
    return [order for order in orders if Fraction(3, 4) in kaplan_meier(order)]


def ordered(cohort: str) -> list[tuple[int, bool, float | None, float | None, float | None]]:
    rows = [row for row in evidence().outcomes.values() if row.cohort_id == cohort]
    return [
        (row.at_risk or 0, bool(row.events), row.value, row.lower, row.upper)
        for row in rows
        if row.measure == "ordered_time"
    ]


def test_of_the_eight_two_died_before_anybody_was_lost_and_the_median_is_the_fourth_death() -> None:
    orders = compatible()
    assert len(orders) == 20
    assert {order[:2] for order in orders} == {(True, True)}
    places = [next(k for k, share in enumerate(kaplan_meier(order)) if share <= Fraction(1, 2)) for order in orders]
    deaths = [sum(order[: place + 1]) for order, place in zip(orders, places, strict=True)]
    assert sorted(deaths) == [3] + [4] * 19
    # The exception has all three survivors lost before the third death.
    assert orders[deaths.index(3)] == (True, True, False, False, False, True, True, True)
    times = ordered("lin_2022_all")
    assert [one[:2] for one in times] == [(8 - k, k < 5) for k in range(8)]
    assert times[1][4] == times[2][3] == 24
    # The fourth: printed as 30.9, and as 30.8 of the seven; the middle of the interval is between 30.80 and 30.90.
    lower, upper = times[3][3], times[3][4]
    assert lower is not None
    assert upper is not None
    assert lower <= (15.55 + 46.05) / 2 + 1e-9
    assert upper >= 30.95 - 1e-9


def test_a_curve_of_seven_cannot_be_at_43_5_percent_and_is_nearest_to_it_with_four_events() -> None:
    values = {share for order in itertools.product((True, False), repeat=7) for share in kaplan_meier(order)}
    nearest = sorted({*values, Fraction(1)}, key=lambda share: abs(float(share) - 0.435))
    assert len({*values, Fraction(1)}) == 49
    assert nearest[:3] == [Fraction(3, 7), Fraction(4, 9), Fraction(5, 12)]
    times = ordered("lin_2022_sbrt")
    assert [one[:2] for one in times] == [(7 - k, k < 4) for k in range(7)]
    assert {one[3] for one in times if not one[1]} == {12}
    assert times[0][4] == round(95 / DAYS_IN_A_MONTH, 2)


def test_the_gap_between_two_deaths_is_what_gives_the_printed_interval_by_the_formula_of_spss() -> None:
    """Standard error of a median: that of survival there over the slope of the curve around it."""
    rows = evidence().outcomes
    median, gap = rows["lin_2022_all_survival_median"], rows["lin_2022_all_ordered_gap"]
    assert median.lower is not None
    assert median.upper is not None
    survival, error = kaplan_meier((True,) * 5 + (False,) * 3), math.sqrt(0.5 * 0.5 / 8)
    before, after = float(survival[2]), float(survival[4])
    assert before >= 0.55
    assert after <= 0.45
    assert float(survival[3]) == 0.5
    for width, printed in ((30.5, gap.value), (30.4, gap.lower), (30.6, gap.upper)):
        assert printed == pytest.approx(width / (2 * 1.96) / error * (before - after), abs=0.006)
    assert median.upper - median.lower == pytest.approx(30.5)


def test_survivors_lived_as_long_as_the_dates_say() -> None:
    def months(start: datetime.date, end: datetime.date) -> float:
        return round((end - start).days / DAYS_IN_A_MONTH, 1)

    latest = datetime.date(2017, 8, 31)
    assert ordered("lin_2022_all")[5][3] == months(latest, datetime.date(2020, 8, 27))
    declared = evidence().discrepancies
    assert float(declared["lin_2022_first_survivor"].other or 0) == months(latest, datetime.date(2021, 10, 3))
    # Nobody was followed beyond 61.1 months: from the earliest first dose, 1 September 2016, to 4 October 2021.
    end = datetime.date(2016, 9, 1) + datetime.timedelta(days=61.1 * DAYS_IN_A_MONTH)
    assert end == datetime.date(2021, 10, 4)
    assert float(declared["lin_2022_first_death"].other or 0) == round(4 * 14 / DAYS_IN_A_MONTH, 2)


def log_kernel(name: str, cohort: str, theta: float, shape: float) -> float:
    """The log-likelihood of one cohort of a model at a log median and a log shape of a Weibull curve."""
    model = compiled(name)
    assert isinstance(model.likelihood, SurvivalReports)
    assert isinstance(model.family, Weibull)
    likelihood = model.likelihood.with_shape((shape,))
    place = [row.cohort_id for row in model.rows].index(cohort)
    at = np.full((1, len(model.rows)), theta)
    return float(likelihood.log_likelihood(at, model.data)[0, place])


@pytest.mark.parametrize(("median", "shape"), [(20.0, 0.2), (35.0, -0.3), (60.0, 0.5)])
def test_the_eight_say_what_their_constraints_say(median: float, shape: float) -> None:
    """One death between 6.05 and 6.15, one by 24, two 11.0 apart around one at 30.8 to 30.95, three alive."""
    k = math.exp(shape)

    def survival(t: float) -> float:
        return math.exp(-math.log(2.0) * (t / median) ** k)

    def density(t: float) -> float:
        return math.log(2.0) * k / t * (t / median) ** k * survival(t)

    tied, _ = integrate.quad(lambda t: density(t) * density(t + 11.0), 24.0, 30.85, epsabs=0, epsrel=1e-12)
    free = (survival(24.0) - survival(30.85)) * (survival(30.85) - survival(61.1))
    lost, _ = integrate.quad(lambda t: survival(t) / (56.7 - 35.9), 35.9, 56.7, epsabs=0, epsrel=1e-12)
    rest = (survival(6.05) - survival(6.15)) * (survival(6.05) - survival(24.0)) * (survival(30.8) - survival(30.95))
    rest *= lost * survival(56.7) * survival(61.1)
    at = {"cohort": "lin_2022_all", "theta": math.log(median), "shape": shape}
    assert log_kernel("os_pd1:with_lin_2022", **at) == pytest.approx(math.log(tied * rest), abs=1e-8)
    loose = log_kernel("os_pd1:with_lin_2022_without_interval", **at)
    assert loose == pytest.approx(math.log(free * rest), abs=1e-8)
    early = log_kernel("os_pd1:with_lin_2022_early_death", **at) - log_kernel("os_pd1:with_lin_2022", **at)
    wider = (survival(1.84) - survival(6.15)) / (survival(6.05) - survival(6.15))
    assert early == pytest.approx(math.log(wider), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("pfs_after_sbrt", 7.95, 8.05), ("pfs_after_sbrt:median_10", 9.5, 10.5)]
)
def test_the_seven_say_what_their_constraints_say(name: str, low: float, high: float) -> None:
    """One by 3.12 months, two by the median, one at it, three beyond a year."""
    median, k = 9.0, math.exp(0.1)
    before = round(0.5 * (low + high), 3)
    died = [-math.expm1(-math.log(2.0) * (t / median) ** k) for t in (3.12, before, low, high, 12.0)]
    expected = math.log(died[0] * died[1] ** 2 * (died[3] - died[2]) * (1.0 - died[4]) ** 3)
    assert log_kernel(name, "lin_2022_sbrt", math.log(median), 0.1) == pytest.approx(expected, abs=1e-10)


# -- who speaks ------------------------------------------------------------------------------------------------------


def test_survival_under_the_antibody_alone_rests_on_four_cohorts_and_on_seven_with_review_tables() -> None:
    assert numbers_of("os_pd1") == {
        "ma_2018": "59% at 12 (of 44)",
        "yang_2021_captain": "median 17.4 (15.2 to 21.9) months of 156",
        "chen_2024_penpulimab": "median 22.8 (17.1 to not reached) months of 130",
        "sato_2020": "75.8% at 12 (of 12)",
    }
    wang = {"wang_2021": "median 17.4 (11.7 to 22.9) months of 190"}
    others = {
        "hsu_2017": "85.2% at 6, 63% at 12, median 16.5 months (of 27)",
        "ma_2018": "59% at 12, median 17.1 months (of 44)",
        "chan_2023_pembrolizumab": "median 17.2 (11.7 to 22.9) months of 117",
    }
    assert changed_by("os_pd1", "with_secondary") == {**others, **wang}
    assert changed_by("os_pd1", "with_secondary_without_wang_2021") == others
    assert changed_by("os_pd1", "prospective_only") == {"sato_2020": None}
    assert changed_by("os_pd1", "without_penpulimab") == {"chen_2024_penpulimab": None}
    why = why_left_out("os_pd1")
    assert why["lin_2022_all_ordered_1"] == "other_radiotherapy"
    assert why["lin_2022_all_survival_median"] == "excluded"
    assert why["lin_2022_all_patient_7_survival"] == "other_level"
    assert why["shi_2022_os_median"] == "other_drug_class"
    assert why["wang_2021_os_median"] == "origin"
    assert why["mai_2021_toripalimab_os_median_6_years"] == "other_line"


@pytest.mark.parametrize("variant", ["", "_without_interval", "_early_death", "_one_cutoff"])
def test_the_eight_speak_as_patients(variant: str) -> None:
    assert changed_by("os_pd1", f"with_lin_2022{variant}") == {"lin_2022_all": "8 people, 5 events"}


def test_the_eight_speak_as_a_curve_in_a_variant_and_never_as_both() -> None:
    assert changed_by("os_pd1", "with_lin_2022_curve") == {"lin_2022_all": "75% at 24, median 30.9 months (of 8)"}
    content = {name: part for name, part in tc.read_model("os_pd1").to_dict().items() if name != "variant"}
    content["evidence"]["where"]["radiotherapy"] = ["none", "some_patients"]
    del content["evidence"]["exclude"]
    with pytest.raises(tc.InputError, match="'lin_2022_all' would speak 11 times"):
        tc.compile_model(tc.read_model(content), evidence())


def test_survival_in_de_novo_disease_rests_on_cohorts_with_immunotherapy() -> None:
    assert numbers_of("os_de_novo") == {
        "chen_2024": "93% at 12, 65.4% at 24, median 29.4 months (of 90)",
        "liu_2023_lrrt": "98.3% at 12 (of 178)",
        "liu_2023_control": "89.5% at 12 (of 95)",
        "two_centres_2024": "0 of 16 died within 14 to 47 months",
    }
    arms = {"chen_2024_lrrt": "72.3% at 24 (of 69)", "chen_2024_without_lrrt": "36.3% at 24 (of 21)"}
    assert changed_by("os_de_novo", "by_arm") == {"chen_2024": None, **arms}
    assert changed_by("os_de_novo", "suspected_overlaps") == {"chen_2024": None, "two_centres_2024": None}
    assert set(numbers_of("os_de_novo:clock_stated")) == {"chen_2024"}
    earlier = {
        "you_2020_rt": "76.4% at 24 (of 63)",
        "you_2020_control": "54.5% at 24 (of 63)",
        "lin_2022_bone": "median 33 months of 131",
        "yang_2021_cmar_none": "75% at 12, 32.1% at 24, 0% at 36 (of 28)",
        "yang_2021_cmar_early": "77.4% at 12, 54.8% at 24, 12.9% at 36 (of 31)",
        "yang_2021_cmar_late": "85.7% at 12, 71.4% at 24, 31.4% at 36 (of 35)",
    }
    assert numbers_of("os_de_novo:chemotherapy_era") == earlier
    assert numbers_of("os_de_novo:both_eras") == {**numbers_of("os_de_novo"), **earlier}
    oligometastatic = {"huang_2024": "98% at 12, 75.4% at 36, median 53.87 months, 45.6% at 60 (of 51)"}
    assert numbers_of("os_de_novo:chemotherapy_era_with_oligometastatic") == {**earlier, **oligometastatic}
    why = why_left_out("os_de_novo")
    assert why["chen_2024_high_risk_os_24"] == "selected_on"
    assert why["li_he_2025_case1_os"] == "other_level"
    assert why["rusthoven_2017_rt_os_median"] == "excluded"


def test_progression_in_de_novo_disease_rests_on_cohorts_with_immunotherapy() -> None:
    assert numbers_of("pfs_de_novo") == {
        "chen_2024": "67.9% at 12, 52.5% at 24, median 24.9 months (of 90)",
        "liu_2023_lrrt": "80.6% at 12 (of 178)",
        "liu_2023_control": "65.1% at 12 (of 95)",
        "he_2025_lrrt": "53.2% at 36 (of 406)",
        "he_2025_control": "31.2% at 36 (of 140)",
        "two_centres_2024": "93.8% at 12, 58.4% at 24, 50.1% at 36 (of 16)",
        "nct04398056": "44.9% at 36 (of 22)",
    }
    arms = {"chen_2024_lrrt": "58.9% at 24 (of 69)", "chen_2024_without_lrrt": "25.8% at 24 (of 21)"}
    assert changed_by("pfs_de_novo", "by_arm") == {"chen_2024": None, **arms}
    assert set(numbers_of("pfs_de_novo:suspected_overlaps")) == {"he_2025_lrrt", "he_2025_control"}
    # Read year by year, the four numbers of document 001 change places: each keeps one of its two.
    assert numbers_of("pfs_de_novo:year_by_year")["chen_2024"].startswith("65.4% at 12, 52.5% at 24")
    assert numbers_of("os_de_novo:year_by_year")["chen_2024"].startswith("93% at 12, 67.9% at 24")


@pytest.mark.parametrize("model", ["os_de_novo", "pfs_de_novo"])
def test_two_patients_who_were_chosen_speak_in_a_variant_alone(model: str) -> None:
    assert "li_he_2025" not in numbers_of(model)
    said = "2 people, 1 event" if model == "os_de_novo" else "2 people, 2 events"
    assert changed_by(model, "with_li_he_2025") == {"li_he_2025": said}


def test_the_patient_who_lived_is_followed_for_28_months_or_by_the_earlier_version_for_25() -> None:
    difference = [
        log_kernel(f"os_de_novo:{variant}", "li_he_2025", math.log(30.0), 0.0)
        for variant in ("with_li_he_2025", "with_li_he_2025_at_25")
    ]
    assert difference[1] - difference[0] == pytest.approx(math.log(2.0) * 3.0 / 30.0, abs=1e-9)


def test_a_median_without_an_interval_speaks_for_fewer_than_were_enrolled() -> None:
    """Of whom nothing is known of the follow-up some will have been censored before the median."""
    model = compiled("pfs_de_novo:chemotherapy_era")
    assert isinstance(model.likelihood, SurvivalReports)
    report = model.likelihood.reports_of(model.data)[[row.cohort_id for row in model.rows].index("lin_2022_bone")]
    assert report.basis == "nothing known of the follow-up"
    assert report.points[0].people is not None
    assert 0.5 * 131 < report.points[0].people < 131


# -- answers ---------------------------------------------------------------------------------------------------------


def check(fit: tc.Fit) -> None:
    assert fit.reportable, fit.reasons
    table = tc.estimate(fit)
    asked = [estimand.name for estimand in fit.model.estimands]
    answered = table[table["name"].isin(asked)][["median", "probability"]].notna().any(axis=1)
    assert answered.all(), table["name"][~answered]


@pytest.mark.parametrize("model", ["os_pd1", "pfs_after_sbrt"])
def test_a_bundled_model_of_survival_can_be_answered(model: str) -> None:
    check(fitted(model))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["os_de_novo", "pfs_de_novo"])
def test_a_larger_bundled_model_of_survival_can_be_answered(model: str) -> None:
    check(fitted(model))


@pytest.mark.slow
@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_of_a_bundled_model_of_survival_can_be_answered(model: str, variant: str) -> None:
    fit = tc.fit(tc.read_model(model).variant(variant), evidence(), seed=5)
    assert fit.reportable, fit.reasons
    for j in range(fit.compiled.cohorts):
        lower, median, upper = fit.posterior.marginal("cohort", j, natural=True).quantile(np.array([0.025, 0.5, 0.975]))
        assert 0.0 < lower < median < upper


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_of_a_bundled_model_of_survival_changes_what_the_answer_rests_on(model: str, variant: str) -> None:
    assert compiled(model).digest != compiled(f"{model}:{variant}").digest


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_both_engines_agree_on_a_bundled_model_of_survival(model: str) -> None:
    exact, sampled = fitted(model), fitted(model, "nuts")
    assert sampled.reportable, sampled.reasons
    errors = monte_carlo_errors(exact, sampled)
    assert {name: error for name, error in errors.items() if error >= 4.5} == {}
    ours, theirs = (tc.estimate(fit) for fit in (exact, sampled))
    assert list(ours["name"]) == list(theirs["name"])
    # From at least 400 effective draws: probabilities, and means of what has one.
    for column, error in (("probability", math.sqrt(0.25 / 400)), ("mean", ours["sd"].astype(float) / math.sqrt(400))):
        by_sum, by_draws = (table[column].astype(float) for table in (ours, theirs))
        assert (by_sum.isna() == by_draws.isna()).all()
        assert not (abs(by_draws - by_sum) > 4.5 * error).any(), ours["name"][abs(by_draws - by_sum) > 4.5 * error]


def test_a_single_cohort_answers_as_a_plain_sum_over_medians_and_shapes_does() -> None:
    """The seven of document 000: prior times constraints, summed over a fine grid."""
    fit = fitted("pfs_after_sbrt")
    theta, shape = np.linspace(-2.0, 7.0, 1801)[:, None], np.linspace(-1.6, 2.0, 361)[None, :]
    died = [
        -np.expm1(-math.log(2.0) * np.exp((math.log(t) - theta) * np.exp(shape))) for t in (3.12, 8, 7.95, 8.05, 12)
    ]
    likelihood = died[0] * died[1] ** 2 * (died[3] - died[2]) * (1.0 - died[4]) ** 3
    weight = likelihood * np.exp(-0.5 * (theta - 1.872) ** 2 - 0.5 * ((shape - 0.2) / 0.3) ** 2)
    below = np.cumsum(weight.sum(axis=1))
    limits = [fit.summary()["cohorts"][0][name] for name in ("lower", "median", "upper")]
    found = np.interp(np.log(limits), theta[:, 0], (below - 0.5 * weight.sum(axis=1)) / below[-1])
    assert found == pytest.approx([0.025, 0.5, 0.975], abs=2e-4)
    at_12 = (weight * (1.0 - died[4])).sum() / weight.sum()
    table = tc.estimate(fit).set_index("name")
    assert table.loc["survival_12", "mean"] == pytest.approx(at_12, abs=1e-4)
