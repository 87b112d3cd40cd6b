"""`pool`: numbers straight from the caller, with no files at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..compiled import CompiledModel, Row, label_issues
from ..engines.run import run, run_issues
from ..families import Family
from ..issues import InputError, Issue
from ..pooling import ESTIMATED, POOLINGS, Partial, Pooling, is_level
from ..posterior import Fit
from ..priors import Beta, HalfNormal, Logistic, Prior, prior
from .columns import as_sequence, find_shape, gather, read_column, read_groups, read_labels
from .shapes import ESTIMATES, TWO_ARMS, Question, Shape

__all__ = ["pool"]

_USUAL_LEVEL = 0.95
_DEFAULTS: Mapping[str, Prior] = {
    "mu": Logistic(0.0, 1.0), "tau": HalfNormal(0.5), "tau_group": HalfNormal(0.5), "own": Logistic(0.0, 1.0)
}  # fmt: skip


def pool(
    events: Sequence[int] | None = None,
    totals: Sequence[int] | None = None,
    *,
    percentages: Sequence[str | int] | None = None,
    control_events: Sequence[int] | None = None,
    control_totals: Sequence[int] | None = None,
    estimates: Sequence[float] | None = None,
    lower: Sequence[float] | None = None,
    upper: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    data: Any = None,
    ratio: bool = False,
    level: float | Sequence[float] = 0.95,
    published_without_events: float | None = None,
    mu: Prior | str | None = None,
    tau: Prior | str | None = None,
    tau_group: Prior | str | None = None,
    own: Prior | str | None = None,
    pooling: str = "partial",
    nu: float | None = None,
    exchangeable: float | Sequence[float] | Prior | str | None = None,
    structure: str | None = None,
    priors: Mapping[str, Prior | str] | None = None,
    engine: str = "auto",
    seed: int | None = None,
    **sampler: Any,
) -> Fit:
    """Pool counts, percentages, counts of two arms, or estimates with their intervals, over cohorts.

    Parameters
    ----------
    events, totals : sequence of int, shape (cohort,)
        Responders and people, for a proportion.
    percentages : sequence of str or int, shape (cohort,)
        Instead of events, where only a percentage was printed: as text, as it was printed, for its digits say how it
        was rounded. Every number of responders that prints so is summed over.
    control_events, control_totals : sequence of int, shape (cohort,)
        Beside events and totals: the other arm of each cohort. What is pooled is then the odds ratio, events over
        control events, by the exact conditional likelihood; no cell needs a correction.
    estimates, lower, upper : sequence of float, shape (cohort,)
        An estimate with its central interval, for a contrast; instead of counts.
    labels : sequence of str, optional
        Names of the cohorts; "cohort 1", "cohort 2" and so on when not given.
    groups : sequence of str, optional
        The group that each cohort belongs to (a tumour, a drug), for pooling ``nested``, which needs it.
    data : DataFrame or mapping, optional
        Columns label and events, total; or percentage, total; or events, total, control_events, control_total; or
        estimate, lower, upper, level; and group, which pooling ``nested`` needs and others ignore. Instead of the
        sequences.
    ratio : bool
        The estimates are ratios: pooled on the log scale, reported as ratios. Otherwise as given.
    level : float or sequence of float
        Level of the intervals given, for estimates.
    published_without_events : float, optional
        Probability with which a cohort without a responder was published, where others always were: for counts and
        percentages of single arms, whose likelihood is corrected for it. Without it, all were published.
    mu, tau, tau_group : Prior or str, optional
        Priors on the model scale (a Beta prior of a proportion's mu is on the probability scale) of the level, of the
        heterogeneity between cohorts and, for pooling ``nested``, of that between groups. For counts and percentages,
        Logistic(0, 1) and HalfNormal(0.5) when not given; for contrasts they must be given.
    own : Prior or str, optional
        For pooling ``exnex``: the prior of a theta that is not exchangeable, like mu's; Logistic(0, 1) for counts.
    pooling : {"partial", "student", "nested", "exnex", "mem", "common", "none"}
        How cohorts are alike.
    nu : float, optional
        Degrees of freedom of the Student t, for pooling ``student``, which needs it.
    exchangeable : float, sequence of float, Prior or str, optional
        For pooling ``exnex``, which needs it, the probability that a cohort is exchangeable: a number, a prior such as
        Beta(1, 1) where it is to be estimated, or a number for each of several components. For pooling ``mem``, which
        needs it, the prior probability that two cohorts are.
    structure : {"sets", "pairs"}, optional
        For pooling ``mem``, which needs it: whether cohorts fall into sets, or any pairs may be exchangeable.
    priors : mapping of str to Prior or str, optional
        Of further parameters by their names: mu_2 and tau_2 of a second exchangeable component.
    engine : {"auto", "exact", "nuts"}
        ``auto`` is exact here.
    seed : int, optional
        Of draws; drawn afresh and recorded when not given.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        Everything that is wrong with the numbers, the priors and the choices, at once.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> new = fit.summary()["new_cohort"]
    >>> print(f"{new['median']:.2f} ({new['lower']:.2f} to {new['upper']:.2f})")
    0.22 (0.09 to 0.46)

    Three trials that compare two arms, one of them without an event in the first:

    >>> fit = tc.pool(
    ...     events=[5, 0, 13], totals=[19, 12, 36], control_events=[6, 3, 7], control_totals=[20, 11, 40],
    ...     mu="Normal(0, 1)", tau="HalfNormal(0.5)",
    ... )
    >>> print(f"odds ratio {fit.summary()['typical']['median']:.1f}")
    odds ratio 1.1
    """
    columns = gather(
        data,
        events=events,
        total=totals,
        percentage=percentages,
        control_events=control_events,
        control_total=control_totals,
        estimate=estimates,
        lower=lower,
        upper=upper,
        label=labels,
        group=groups,
    )
    shape = find_shape(columns, data)
    issues = _ignored(shape, ratio, level, published_without_events)
    columns = {name: as_sequence(value) if name != "level" else value for name, value in columns.items()}
    columns.setdefault("level", level)
    given = {"mu": mu, "tau": tau, "tau_group": tau_group, "own": own, **(priors or {})}
    exchangeable = _exchangeable(exchangeable, given)
    way = _pooling(pooling, {"nu": nu, "exchangeable": exchangeable, "structure": structure}, issues)
    if data is not None and not way.grouped:
        columns.pop("group", None)  # one column among others of a table, such as any pooling may be tried on
    question = Question(shape, ratio, _options(published_without_events))
    known = _priors(given, way, shape, issues)
    issues += _prior_issues(question.family, known) + run_issues(engine, seed, sampler, way.name)
    return run(_compiled(question, columns, way, known, issues), engine, seed, **sampler)


def _exchangeable(value: Any, given: dict[str, Any]) -> Any:
    """The number or numbers; the word that stands for a prior, which joins those that are `given`."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if isinstance(value, str | Prior):
        given["exchangeable"] = value
        return ESTIMATED
    return value


def _compiled(
    question: Question,
    columns: Mapping[str, Any],
    way: Pooling,
    priors: Mapping[str, Prior],
    issues: list[Issue],
) -> CompiledModel:
    """The model of what is asked of these columns, unless there are issues, here or before."""
    numbers, size, readable = _numbers(question.shape, columns, issues)
    labels = read_labels(columns.get("label"), size, issues)
    groups = read_groups(columns.get("group"), size, way, issues)
    if len(labels) == size:
        issues += label_issues(labels) if readable else []
        issues += _content(question, numbers, labels)
    if issues:
        raise InputError(issues)
    rows = tuple(Row(label, group=group) for label, group in zip(labels, groups, strict=True))
    family, kind, stored = question.family, question.kind, question.data(numbers)
    return CompiledModel("pool", family, kind, way, priors, rows, stored, question.given(numbers))


def _numbers(shape: Shape, columns: Mapping[str, Any], issues: list[Issue]) -> tuple[dict[str, Any], int, bool]:
    """The columns of numbers, how many cohorts they are of, and whether all of them could be read."""
    names = (*shape.columns, "level") if shape is ESTIMATES else tuple(shape.columns)
    size, before = len(columns[names[0]]), len(issues)
    numbers: dict[str, Any] = {}
    for name in names:
        numbers |= read_column(name, columns[name], size, shape, issues)
    return numbers, size, len(issues) == before


def _content(question: Question, numbers: Mapping[str, Any], cohorts: tuple[str, ...]) -> list[Issue]:
    """What is wrong with the cohorts whose numbers could all be read, beside those whose could not."""
    if any(len(column) != len(cohorts) for column in numbers.values()):
        return []
    sound = np.all([np.isfinite(column) for column in numbers.values()], axis=0)
    if len(cohorts) and not sound.any():
        return []
    named = tuple(label for label, read in zip(cohorts, sound, strict=True) if read)
    return question.issues({name: column[sound] for name, column in numbers.items()}, named)


def _options(published_without_events: float | None) -> dict[str, float]:
    usable = _is_probability(published_without_events)
    return {"published_without_events": float(published_without_events)} if usable else {}  # type: ignore[arg-type]


def _is_probability(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and 0.0 <= value <= 1.0


def _ignored(shape: Shape, ratio: bool, level: Any, published_without_events: Any) -> list[Issue]:
    """What has no meaning for numbers of this shape: an argument that is silently ignored misleads."""
    issues = []
    if shape is not ESTIMATES and (np.ndim(level) or level != _USUAL_LEVEL):
        what = f"{shape.name} have no level of intervals"
        issues.append(Issue("level", what, "Leave it out, or give estimates with their intervals."))
    if ratio and not shape.contrast:
        what = f"{shape.name} have no ratio"
        issues.append(Issue("ratio", what, "Leave it out, or give estimates with their intervals."))
    if published_without_events is not None:
        where = "published_without_events"
        if shape.contrast:
            what = f"{shape.name} are not selected by whether there were events in one arm"
            issues.append(Issue(where, what, "Leave it out, or give counts or percentages of single arms."))
        elif not _is_probability(published_without_events):
            what = f"{published_without_events!r} is not between 0 and 1"
            issues.append(Issue(where, what, "Give a probability, such as 0.5."))
    return issues


def _pooling(name: str, options: Mapping[str, Any], issues: list[Issue]) -> Pooling:
    """The pooling with what it is told; one that stands in for it where that is wrong."""
    given = {option: value for option, value in options.items() if value is not None}
    direct = [word for word, known in POOLINGS.items() if known.direct]
    if name not in direct:
        what = f"unknown pooling {name!r}" if name not in POOLINGS else f"pooling {name!r} needs a model file"
        issues.append(Issue("pooling", what, f"Choose one of {', '.join(direct)}."))
        return Partial()
    known = {field.name: field.metadata["need"] for field in dataclasses.fields(POOLINGS[name])}
    for option in given:
        if option not in known:
            mend = f"Leave {option} out, or choose another pooling."
            issues.append(Issue(option, f"{given[option]!r} for pooling {name!r}, which has no {option}", mend))
    missing = [option for option in known if option not in given]
    issues += [Issue(option, f"missing, and pooling {name!r} needs it", known[option]) for option in missing]
    try:
        stand_in = {field.name: field.metadata.get("default", 1.0) for field in dataclasses.fields(POOLINGS[name])}
        return POOLINGS[name](**{option: given.get(option, stand_in[option]) for option in known})
    except InputError as error:
        issues += error.issues
        return Partial()


def _priors(given: Mapping[str, Any], way: Pooling, shape: Shape, issues: list[Issue]) -> dict[str, Prior]:
    found = {}
    for name, value in {**dict.fromkeys(way.parameters), **given}.items():
        if name not in way.parameters:
            if value is not None:
                what = f"a prior for {name}, which pooling {way.name!r} does not have"
                issues.append(Issue(name, what, f"Leave {name} out, or choose another pooling."))
        elif value is not None:
            try:
                found[name] = prior(value, name)
            except InputError as error:
                issues += error.issues
        elif not shape.contrast and name in _DEFAULTS:
            found[name] = _DEFAULTS[name]
        elif not shape.contrast:
            issues.append(Issue(name, f"no prior, and pooling {way.name!r} has a parameter {name}", "Give one."))
        else:
            what = "no prior, and for contrasts there is no default"
            scale = "the log odds ratio" if shape is TWO_ARMS else "the estimates (of their logarithm for ratios)"
            mend = f"Give one on the scale of {scale}, such as Normal(0, 1)."
            issues.append(
                Issue(name, what, mend if is_level(name) else mend.replace("Normal(0, 1)", "HalfNormal(0.5)"))
            )
    return found


def _prior_issues(family: Family, priors: Mapping[str, Prior]) -> list[Issue]:
    issues = []
    for name in priors:
        if not is_level(name) and priors[name].support[0] < 0:
            what = f"{priors[name]} allows negative values"
            issues.append(Issue(name, what, "Give a prior of the positive half line, such as HalfNormal(0.5)."))
    for name, one in priors.items():
        if one.of_contrasts and (is_level(name) or family.name != "contrast"):
            what = f"{one} says how much contrasts between treatments differ, and nothing of {name} here"
            issues.append(Issue(name, what, "Give one with a reason of its own, such as HalfNormal(0.5)."))
    if (
        "exchangeable" in priors
        and not 0.0 <= priors["exchangeable"].support[0] < priors["exchangeable"].support[1] <= 1
    ):
        what = f"{priors['exchangeable']} is no prior of a probability"
        issues.append(Issue("exchangeable", what, "Give one such as Beta(1, 1)."))
    for name in priors:
        if is_level(name) and isinstance(family.level_prior(priors[name]), Beta):
            what = f"{priors[name]} is a prior of a probability"
            issues.append(Issue(name, what, "Give a prior of the whole line, such as Normal(0, 1)."))
    return issues
