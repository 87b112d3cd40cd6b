"""``[[estimand]]``: what is reported."""

from __future__ import annotations

from ..families import Family, SurvivalFamily
from .borrowing_tables import read_at
from .sections import Estimand, PoolingChoice
from .table import Table
from .words import AT_BASELINE, FUNCTIONALS, OF_CURVES, OVERALL, TARGETS, FrozenMapping

__all__ = ["read_estimands"]

_QUANTITIES = ("probability", "ratio", "difference", "median")
_BESIDE = ("probability_above", "probability_below")
_MOST_PATIENTS = 10_000


def read_estimands(
    top: Table, family: Family | None, pooling: PoolingChoice | None, of_odds: bool = True
) -> tuple[Estimand, ...]:
    """The estimands; that pooling and kinds can answer them is asked of a base model alone.

    `of_odds` says whether a ratio is certainly one of odds, which alone has a risk at every baseline.
    """
    estimands: list[Estimand] = []
    for table in top.tables("estimand", "Say what to report: add [[estimand]]."):
        estimand = _read_estimand(table, family, pooling)
        if estimand is None:
            continue
        if any(estimand.name == other.name for other in estimands):
            table.report("name", f"{estimand.name!r} is the name of two estimands", "Give each a name of its own.")
        if pooling is not None:
            _check_answerable(table, estimand, pooling, family)
        if pooling is not None and estimand.functional in AT_BASELINE and not of_odds:
            what = f"{estimand.functional!r} at a baseline needs a ratio of odds"
            table.report("functional", what, 'Read counts of two arms, or write where = { measure = ["odds_ratio"] }.')
        estimands.append(estimand)
    return tuple(estimands)


def _read_estimand(table: Table, family: Family | None, pooling: PoolingChoice | None) -> Estimand | None:
    before = len(table.problems)
    name = table.word("name", "Give it a name in lower case, with digits and underscores.")
    functional = _read_functional(table, family)
    target = threshold = patients = baseline = source = time = None
    of_survival = isinstance(family, SurvivalFamily)
    if functional == "heterogeneity":
        if table.ask("target", "", optional=True) is not None:
            table.report("target", "the heterogeneity is of all cohorts together", "Leave target out.")
    else:
        target = table.choice("target", TARGETS)
    level = _read_level(table)
    if functional in OF_CURVES or (of_survival and functional in (*_BESIDE, "predicted_events")):
        time = _read_time(table, optional=functional in _BESIDE)
    if functional in _BESIDE:
        threshold = _read_threshold(table, family if time is None else None)
        if time is not None and threshold is not None and not 0.0 < threshold < 1.0:
            table.report("threshold", f"{threshold:g} is no survival between 0 and 1", "Give one such as 0.5.")
    if functional == "predicted_events":
        patients = table.whole("patients", f"Give a whole number, 1 to {_MOST_PATIENTS}.", 1, _MOST_PATIENTS)
    if functional in AT_BASELINE:
        baseline, source = _read_baseline(table, target)
    if functional is None:  # which of these belong to it cannot be said
        for key in ("threshold", "patients", "baseline", "baseline_source", "time_months"):
            table.ask(key, "", optional=True)
    at = _read_at(table, target, pooling)
    why = table.text("why", "Say why, or leave it out.", optional=True) or ""
    table.finish()
    if len(table.problems) > before or name is None or functional is None or level is None:
        return None
    return Estimand(name, functional, target, level, threshold, patients, baseline, source or "", time, at, why)


def _read_at(table: Table, target: str | None, pooling: PoolingChoice | None) -> FrozenMapping:
    """Where an estimand is meant; what pooling it is asked of is known of a base model alone."""
    covariates, overall = () if pooling is None else pooling.covariates, target in OVERALL
    at = read_at(table, covariates, needed=bool(covariates) and overall)
    if at and target is not None and not overall:
        table.report("at", f"a {target} has covariates of its own", "Leave at out.")
    elif at and pooling is not None and set(at) != set(covariates):
        known = f"covariates {', '.join(covariates)}" if covariates else "no covariates"
        table.report("at", f"{', '.join(at)}, and the pooling has {known}", "Give a value of each, and of no other.")
    return at


def _read_functional(table: Table, family: Family | None) -> str | None:
    functional = table.choice("functional", FUNCTIONALS)
    if functional is None or family is None:
        return functional
    foreign = [word for word in _QUANTITIES if word != family.quantity]
    if family.quantity != "probability" and not isinstance(family, SurvivalFamily):
        foreign.append("predicted_events")
    if not isinstance(family, SurvivalFamily):
        foreign += OF_CURVES
    if family.quantity != "ratio":
        foreign += AT_BASELINE
    if functional in foreign:
        what = f"{functional!r} is not what a {family.name} is about"
        table.report("functional", what, f"Its quantity is called {family.quantity!r}.")
    return functional


def _read_time(table: Table, optional: bool) -> float | None:
    time = table.number("time_months", "Give months above 0.", optional=optional)
    if time is not None and not time > 0.0:
        table.report("time_months", f"{time:g} is not above 0", "Give months, such as 24.")
    return time


def _read_baseline(table: Table, target: str | None) -> tuple[float | None, str | None]:
    """The risk without the treatment, and where it was read: the counts of two arms leave it open."""
    baseline = table.number("baseline", "Give the risk without the treatment, between 0 and 1.")
    if baseline is not None and not 0 < baseline < 1:
        table.report("baseline", f"{baseline:g} is not between 0 and 1", "Give a probability, such as 0.2.")
    source = table.text("baseline_source", "Say where the baseline was read, such as an outcome of the evidence.")
    if target == "average":
        what = "the average ratio of odds has no risk that is the average one"
        table.report("target", what, "Ask for typical or new_cohort.")
    return baseline, source


def _read_level(table: Table) -> float | None:
    need = "Give a probability between 0 and 1."
    level = table.number("level", need)
    if level is not None and not 0 < level < 1:
        mend = f"Write {level / 100:g} for {level:g}%." if 1 < level < 100 else need
        table.report("level", f"{level:g} is not between 0 and 1", mend)
    return level


def _read_threshold(table: Table, family: Family | None) -> float | None:
    threshold = table.number("threshold", "Give the value that the quantity may lie above or below.")
    if threshold is not None and family is not None:
        lower, upper = family.natural_support
        if not lower < threshold < upper:
            what = f"{threshold:g} is not a {family.quantity} between {lower:g} and {upper:g}"
            table.report("threshold", what, "Give one on the natural scale.")
    return threshold


def _check_answerable(table: Table, estimand: Estimand, pooling: PoolingChoice, family: Family | None) -> None:
    rule = pooling.build()
    if estimand.functional == "heterogeneity" and "tau" not in rule.parameters:
        what = f"pooling {pooling.kind!r} has no heterogeneity"
        table.report("functional", what, "Leave the estimand out, or pool partially.")
    if estimand.target in ("group", "new_cohort_in_group") and not rule.grouped:
        what = f"pooling {pooling.kind!r} knows no groups"
        table.report("target", what, 'Ask for another target, or pool with kind = "nested".')
    elif estimand.target not in (None, "cohort") and "mu" not in rule.free:
        what = f"pooling {pooling.kind!r} has no {estimand.target} cohort"
        table.report("target", what, 'Ask for target = "cohort", or pool.')
    elif estimand.target == "average" and family is not None and not rule.has_average(family):
        what = f"the average {family.quantity} over cohorts is infinite or undefined when {rule.formula}"
        table.report("target", what, 'Ask for target = "typical" or "new_cohort", or pool partially.')
