"""The calibration of survival reports: its posteriors are the engine's, and its truths those that are believed in."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tinycohort.calibration import QUANTITIES, RULES, SETTINGS, SURVIVAL_AT, Cell, draw_cohorts, place, run, summary
from tinycohort.compiled import CompiledModel, Row
from tinycohort.curves import curve_marginal
from tinycohort.engines.run import run as fit
from tinycohort.families import SURVIVAL_FAMILIES
from tinycohort.likelihoods.survival import SurvivalReports
from tinycohort.pooling import Common, Shape
from tinycohort.priors import Normal


@pytest.mark.parametrize("rule", ["patients", "landmarks, at risk", "landmarks, unstated", "counts, survivors"])
def test_its_posteriors_are_those_of_the_exact_engine(rule: str) -> None:
    family, prior = SETTINGS["weibull"].family, SETTINGS["weibull"].prior
    publish, followed = RULES[rule]
    cohorts = draw_cohorts(family, prior, 8, 3, np.random.default_rng(5), followed_months=followed)
    reports = [publish(cohorts, k) for k in range(3)]
    placed = place(family, prior, reports, cohorts, SURVIVAL_AT)
    for k, report in enumerate(reports):
        model = CompiledModel(
            "one",
            family,
            SurvivalReports(family, [report]),
            Common(),
            {"mu": Normal(prior.theta_mean, prior.theta_sd), "shape": Normal(prior.shape_mean, prior.shape_sd)},
            (Row("one"),),
            {"report": np.zeros(1)},
            shape=Shape("shared"),
        )
        found = fit(model, "exact", 1)
        truths = (np.exp(cohorts.theta[k]), *family.survival(np.array(SURVIVAL_AT), cohorts.theta[k], cohorts.shape[k]))
        asked = (("median", None), *(("survival", time) for time in SURVIVAL_AT))
        for quantity, ((functional, time), truth) in enumerate(zip(asked, truths, strict=True)):
            marginal = curve_marginal(found, functional, time, "typical")  # type: ignore[arg-type]
            assert placed.below[k, quantity] == pytest.approx(marginal.cdf(truth), abs=0.01)


@pytest.mark.parametrize("family", SETTINGS)
def test_every_family_is_calibrated(family: str) -> None:
    assert set(SETTINGS) == set(SURVIVAL_FAMILIES)
    # Medians of splines are searched for, each by itself.
    replicates = 10 if family == "m_spline" else 100
    found = summary(*run(Cell(family, "landmarks, at risk", 8, replicates)))
    for quantity in ("median", "survival_12", "survival_24"):
        # Five standard errors below 95%: what goes wrong altogether shows, chance does not.
        assert float(found[f"coverage_{quantity}"]) >= 0.95 - 5.0 * (0.95 * 0.05 / replicates) ** 0.5
        assert float(found[f"width_{quantity}"]) > 0.0


def test_the_stored_calibration_is_accepted_and_comes_out_again(repository: Path) -> None:
    """Whatever careless readers get is reported; all others hold 92.5 to 97.5%, or 98.5% without a known follow-up."""
    with (repository / "docs/calibration_survival.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["truth"] == "prior" and row["fitted"] == row["family"]]
    stored = {(row["family"], row["rule"], row["people"]): row for row in rows}
    four = ("exponential", "weibull", "log_normal", "log_logistic")
    sizes = ("3", "8", "20", "90")
    # Person-time speaks of a constant hazard alone.
    rules = {family: [r for r in RULES if r != "person-time" or family == "exponential"] for family in four}
    assert {(family, rule, n) for family in four for rule in rules[family] for n in sizes} <= set(stored)
    for (family, rule, people), row in stored.items():
        if rule in ("naive product", "plug-in of n"):
            continue
        highest = 0.985 if rule in ("landmarks, unstated", "landmarks, nothing known") else 0.975
        patients = stored[family, "patients", people]
        for quantity in QUANTITIES:
            assert 0.925 <= float(row[f"coverage_{quantity}"]) <= highest, (family, rule, people, quantity)
            if rule.startswith("landmarks, ") and family in four:
                assert float(row[f"width_{quantity}"]) <= 1.25 * float(patients[f"width_{quantity}"])
    again = summary(*run(Cell("weibull", "median with interval", 8, 4000)))
    row = stored["weibull", "median with interval", "8"]
    assert [again[f"coverage_{q}"] for q in QUANTITIES] == pytest.approx(
        [float(row[f"coverage_{q}"]) for q in QUANTITIES], abs=1e-3
    )
