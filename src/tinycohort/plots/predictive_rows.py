"""The rows of the predictive figures: what each cohort would report, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..comparison import without_each
from ..compiled import CompiledModel
from ..issues import InputError, Issue
from ..posterior import Fit, Marginal, require_reportable
from .canvas import require_level
from .expected import Nodes, nodes_of_cdf, nodes_of_quantiles, prior_of_cohort, prior_of_theta
from .predictions import Counts, Observed, Prediction, Rate, cells, finest_step, number_of
from .rows import in_order
from .scales import compiled_of

if TYPE_CHECKING:
    import pandas

__all__ = ["GIVEN", "Given", "PredictedRow", "posterior_rows", "prior_rows", "table_of"]

Given = Literal["others", "all"]
GIVEN: tuple[Given, ...] = ("others", "all")


@dataclass(frozen=True)
class PredictedRow:
    """One row.

    Attributes
    ----------
    row : str
        ``cohort``, or ``typical`` or ``new_cohort`` for the quantity itself.
    label : str
        Of the cohort.
    given : str
        What the prediction is made from: ``others``, ``all`` or ``priors``.
    prediction : Prediction or None
        None where there is none to be reported.
    total : int or None
        People, with counts.
    observed : tuple of float, or None
        What was reported, on the scale of the data: the least and the most that it can have been.
    text : str
        As it is printed; empty for estimates.
    reasons : str
        Why there is no prediction.
    """

    row: str
    label: str
    given: str
    prediction: Prediction | None
    total: int | None = None
    observed: Observed | None = None
    text: str = ""
    reasons: str = ""

    @property
    def unit(self) -> float:
        """One event as a share, with counts: what takes the data's scale to the natural one."""
        return 1.0 if self.total is None else 1.0 / self.total

    @property
    def middle(self) -> float | None:
        """What was observed; the middle of what several counts print as."""
        return None if self.observed is None else 0.5 * (self.observed[0] + self.observed[1])

    def numbers(self, level: float) -> dict[str, float | None]:
        """Median, lower and upper, on the scale of the data; below: P(less than observed) and half of P(just that)."""
        if self.prediction is None:
            return dict.fromkeys(("median", "lower", "upper", "below"))
        below = None if self.observed is None else self.prediction.below(self.observed)
        return {**self.prediction.summary(level), "below": below}


def posterior_rows(fit: Fit, given: Given, level: float, order: str | Sequence[str] | None) -> list[PredictedRow]:
    """A row for each cohort, predicted from the others or from all."""
    require_reportable(fit)
    require_level(level)
    if given not in GIVEN:
        raise InputError(Issue("given", f"unknown {given!r}", f"Choose one of {', '.join(GIVEN)}."))
    sources = _from_all(fit) if given == "all" else _from_others(fit)
    rows = [_of_cohort(fit.compiled, j, *source) for j, source in enumerate(sources)]
    _require_one_scale(rows)
    last = float("inf")
    medians = [last if row.prediction is None else row.unit * row.prediction.summary(level)["median"] for row in rows]
    return [rows[j] for j in in_order(fit.compiled, medians, order)]


def prior_rows(of: Fit | CompiledModel, level: float, order: str | Sequence[str] | None) -> list[PredictedRow]:
    """A row for each cohort, then typical and new cohort where the pooling has them, all from the priors alone."""
    require_level(level)
    compiled = compiled_of(of)
    new = prior_of_theta(compiled, of_one_cohort=True)
    nodes = nodes_of_cdf(new, cells(compiled))
    of_cohort = nodes_of_cdf(prior_of_cohort(compiled), cells(compiled)) if compiled.pooling.mixes else nodes
    cohorts = [_of_cohort(compiled, j, of_cohort, "priors", "") for j in range(compiled.cohorts)]
    medians = [row.unit * row.prediction.summary(level)["median"] for row in cohorts if row.prediction is not None]
    rows = [cohorts[j] for j in in_order(compiled, medians, order)]
    _require_one_scale(rows)
    # Counts of two arms have shares for a scale, and what is pooled an odds ratio.
    if not compiled.pooling.foretells or (rows[0].total is not None and compiled.family.quantity != "probability"):
        return rows
    typical, family = prior_of_theta(compiled, of_one_cohort=False), compiled.family
    return [
        *rows,
        PredictedRow("typical", "Typical cohort", "priors", Rate(typical, nodes_of_cdf(typical), family)),
        PredictedRow("new_cohort", "New cohort", "priors", Rate(new, nodes, family)),
    ]


def _require_one_scale(rows: Sequence[PredictedRow]) -> None:
    """Refuse counts beside estimates: they have no axis in common."""
    estimates = [row.label for row in rows if row.total is None]
    if estimates and len(estimates) < len(rows):
        what = f"{', '.join(map(repr, estimates))} reported estimates, the other cohorts counts"
        raise InputError(Issue("fit", what, "Predict the cohorts of one kind by themselves."))


def _of_cohort(compiled: CompiledModel, j: int, nodes: Nodes | None, given: str, reasons: str) -> PredictedRow:
    number = number_of(compiled, j)
    prediction = None if nodes is None else number.predict(nodes)
    return PredictedRow(
        "cohort", compiled.labels[j], given, prediction, number.total, number.observed, number.text, reasons
    )


_Source = tuple[Nodes | None, str, str]


def _from_all(fit: Fit) -> list[_Source]:
    step = finest_step(fit.compiled)
    marginals = (fit.posterior.marginal("cohort", j) for j in range(fit.compiled.cohorts))
    return [(None if one is None else nodes_of_quantiles(one.quantile, step), "all", "") for one in marginals]


def _from_others(fit: Fit) -> list[_Source]:
    """Each cohort as a new one to a fit of the others; where nothing links it to them, the priors are all there is."""
    compiled = fit.compiled
    if compiled.cohorts == 1 or compiled.pooling.name == "none":
        nodes = nodes_of_cdf(prior_of_theta(compiled, of_one_cohort=True), cells(compiled))
        return [(nodes, "priors", "")] * compiled.cohorts
    sources: list[_Source] = []
    apart = [fit.posterior.without_its_data(j) for j in range(compiled.cohorts)]
    if any(one is not None for one in apart):
        step = finest_step(compiled)
        return [(None if one is None else nodes_of_quantiles(one.quantile, step), "others", "") for one in apart]
    for row, refit in zip(compiled.rows, without_each(fit), strict=True):
        marginal = _of_new_cohort(refit, row.group) if refit.reportable else None
        found = None if marginal is None else nodes_of_quantiles(marginal.quantile, finest_step(compiled))
        sources.append((found, "others", "; ".join(refit.reasons)))
    return sources


def _of_new_cohort(fit: Fit, group: str) -> Marginal | None:
    """theta of a new cohort, in its group where there are others of that."""
    labels = fit.compiled.group_labels
    if group in labels:
        return fit.posterior.marginal("new_cohort_in_group", labels.index(group))
    if fit.compiled.pooling.mixes:  # it may stand on its own, too
        return fit.posterior.unseen() or fit.posterior.marginal("new_cohort")
    return fit.posterior.marginal("new_cohort")


def table_of(rows: Sequence[PredictedRow], level: float) -> pandas.DataFrame:
    """The rows as a table."""
    import pandas

    found = [
        {
            "row": row.row,
            "label": row.label,
            "total": row.total,
            "observed": row.middle,
            **row.numbers(level),
            "level": level,
            "given": row.given,
            "chances": tuple(map(float, row.prediction.chances)) if isinstance(row.prediction, Counts) else None,
            "reasons": row.reasons or None,
        }
        for row in rows
    ]
    return pandas.DataFrame(found).astype({"total": "Int64"})
