"""What one more cohort would do to today's interval, before it is treated.

Every count that the cohort may have is added to the evidence in turn, the model fitted again, and its interval weighed
by how likely the count is today (preposterior analysis; Raiffa and Schlaifer 1961).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..compiled import CompiledModel, Row
from ..engines.run import exact_applies, run
from ..issues import InputError, Issue
from ..likelihoods import Binomial, Several
from ..posterior import Fit, Target, require_reportable
from .predictive import placed_in_group

if TYPE_CHECKING:
    import pandas

__all__ = ["OneMore", "one_more_cohort"]

LABEL = "one more cohort"
_LARGEST = 200
_PLACES: tuple[Target, ...] = ("typical", "new_cohort")


@dataclass(frozen=True, eq=False, repr=False)
class OneMore:
    """What `one_more_cohort` returns.

    Attributes
    ----------
    patients : int
        In the new cohort.
    level : float
        Of the intervals.
    today : dict
        For ``typical`` and ``new_cohort``: the lower and upper end of today's interval, and its width.
    rows : list of dict
        One a count: `events`, its `probability` today, and of each the lower and upper end and the width then
        (`typical_width`, and so on).
    expected : dict
        For each: `mean`, `sd`, `lower` and `upper` (95%) of the width then, and `narrower`, by what share the mean is
        narrower than today's.
    """

    patients: int
    level: float
    today: dict[str, dict[str, float]]
    rows: list[dict[str, float]]
    expected: dict[str, dict[str, float]]

    @property
    def table(self) -> pandas.DataFrame:
        """`rows` as a table."""
        import pandas

        return pandas.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {name: getattr(self, name) for name in ("patients", "level", "today", "expected", "rows")}

    def __repr__(self) -> str:
        lines = [f"One more cohort of {self.patients} people, {self.level:.0%} intervals"]
        for name, now in self.today.items():
            then = self.expected[name]
            ends = f"{now['lower']:.3f} to {now['upper']:.3f}"
            lines.append(
                f"  {name.replace('_', ' '):10}  today {ends}, width {now['width']:.3f}; "
                f"then width {then['mean']:.3f} (sd {then['sd']:.3f}), {then['narrower']:.0%} narrower"
            )
        return "\n".join(lines)


def one_more_cohort(fit: Fit, patients: int, *, group: str | None = None, level: float = 0.95) -> OneMore:
    """What one more cohort of so many people would do to today's intervals, on average and count by count.

    The counts are weighed by today's predictive distribution; each time the model is fitted again, by the exact engine.

    Parameters
    ----------
    fit : Fit
        Of proportions, by the exact engine.
    patients : int
        In the new cohort, at most 200.
    group : str, optional
        Of pooling ``nested``: the group that the cohort belongs to, which it needs; the intervals are of that group.
    level : float
        Of the intervals.

    Returns
    -------
    OneMore

    Raises
    ------
    InputError
        A fit of something else or by another engine, an unknown group, or a number that is none.

    Examples
    --------
    >>> import tinycohort as tc
    >>> tc.one_more_cohort(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]), 20)
    One more cohort of 20 people, 95% intervals
      typical     today 0.121 to 0.362, width 0.241; then width 0.211 (sd 0.026), 12% narrower
      new cohort  today 0.087 to 0.456, width 0.369; then width 0.345 (sd 0.057), 7% narrower
    """
    require_reportable(fit)
    issues = _issues(fit, patients, group, level)
    if issues:
        raise InputError(issues)
    target, number = placed_in_group(fit, group)
    chances = fit.posterior.predicted_events(patients, target, number)  # type: ignore[arg-type]
    if chances is None:
        what = f"pooling {fit.compiled.pooling.name!r} says nothing of a new cohort"
        raise InputError(Issue("fit", what, "Choose a fit with another pooling."))
    rows = []
    for events in range(patients + 1):
        then = run(_with_one_more(fit.compiled, events, patients, group), "exact", 0)
        require_reportable(then)
        ends = _ends(then, group, level)
        rows.append({"events": events, "probability": float(chances[events]), **_flat(ends)})
    today = _ends(fit, group, level)
    expected: dict[str, dict[str, float]] = {name: _spread(rows, name, today[name]["width"]) for name in _PLACES}
    return OneMore(patients, level, today, rows, expected)


def _with_one_more(model: CompiledModel, events: int, total: int, group: str | None) -> CompiledModel:
    """The model with one more cohort, whose count is known whatever it is: never left unpublished."""
    counts = {"events": float(events), "total": float(total)}
    kinds = model.likelihood.kinds if isinstance(model.likelihood, Several) else (model.likelihood,)
    own = Binomial()
    data = {name: np.asarray(column, float) for name, column in model.data.items()}
    if own in kinds:
        likelihood, place = model.likelihood, kinds.index(own)
    else:
        likelihood, place = Several([*kinds, own]), len(kinds)
        data.setdefault("kind", np.zeros(model.cohorts))
    more = {"kind": float(place), **counts}
    empty = np.full(model.cohorts, np.nan)
    data = {name: np.append(data.get(name, empty), more.get(name, np.nan)) for name in likelihood.columns}
    row = Row(LABEL, group=group or "")
    return dataclasses.replace(model, likelihood=likelihood, rows=(*model.rows, row), data=data, given={})


def _ends(fit: Fit, group: str | None, level: float) -> dict[str, dict[str, float]]:
    """Ends and width of the intervals; of the group's own quantities, where there is one."""
    targets: tuple[Target, ...] = _PLACES if group is None else ("group", "new_cohort_in_group")
    number = None if group is None else fit.compiled.group_labels.index(group)
    found: dict[str, dict[str, float]] = {}
    for name, target in zip(_PLACES, targets, strict=True):
        marginal = fit.posterior.marginal(target, number, natural=True)
        assert marginal is not None
        lower, upper = marginal.interval(level)
        found[name] = {"lower": lower, "upper": upper, "width": upper - lower}
    return found


def _flat(ends: dict[str, dict[str, float]]) -> dict[str, float]:
    return {f"{name}_{part}": value for name, parts in ends.items() for part, value in parts.items()}


def _spread(rows: list[dict[str, float]], name: str, today: float) -> dict[str, float]:
    chances, widths = (np.array([row[key] for row in rows]) for key in ("probability", f"{name}_width"))
    chances = chances / chances.sum()
    mean = float(chances @ widths)
    order = np.argsort(widths)
    below = np.cumsum(chances[order])
    ends = (float(widths[order][min(int(np.searchsorted(below, p)), len(order) - 1)]) for p in (0.025, 0.975))
    sd = float(np.sqrt(chances @ (widths - mean) ** 2))
    return {"mean": mean, "sd": sd, **dict(zip(("lower", "upper"), ends, strict=True)), "narrower": 1.0 - mean / today}


def _issues(fit: Fit, patients: Any, group: Any, level: Any) -> list[Issue]:
    model = fit.compiled
    issues = []
    if model.family.quantity != "probability":
        what = f"a model of a {model.family.quantity} predicts no counts"
        issues.append(Issue("fit", what, "Ask it of a model of proportions."))
    elif not exact_applies(model)[0]:
        issues.append(
            Issue("fit", f"the exact engine does not know {exact_applies(model)[1]}", "Choose another pooling.")
        )
    if model.pooling.grouped and group is None:
        mend = f"Choose one of {', '.join(model.group_labels)}."
        issues.append(Issue("group", "not given, and cohorts belong to groups", mend))
    whole = isinstance(patients, int | np.integer) and not isinstance(patients, bool)
    if not (whole and 1 <= patients <= _LARGEST):
        issues.append(
            Issue("patients", f"{patients!r} is not a whole number from 1 to {_LARGEST}", "Give one such as 20.")
        )
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        issues.append(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if LABEL in model.labels:
        issues.append(Issue("fit", f"a cohort is called {LABEL!r}", "Call it otherwise."))
    return issues
