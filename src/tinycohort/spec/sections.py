"""The sections of a model file, as small frozen records."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..families import ALL_FAMILIES, Contrast, Family, SurvivalFamily
from ..likelihoods import KINDS, Likelihood, SurvivalKind
from ..pooling import POOLINGS, Design, Pooling, Power, Regression, Shape
from .words import NOTHING, FrozenMapping, thaw

__all__ = ["Estimand", "LikelihoodChoice", "PoolingChoice", "Quantity", "Section", "Selection", "Variant"]


@dataclass(frozen=True)
class Section:
    """What every section can do."""

    def to_dict(self) -> dict[str, Any]:
        """As a model file writes it: what was left out stays out."""
        fields = {field.name: (getattr(self, field.name), field.default) for field in dataclasses.fields(self)}
        return {
            name: thaw(value) for name, (value, default) in fields.items() if value is not None and value != default
        }


@dataclass(frozen=True)
class Selection(Section):
    """``[evidence]``: who may speak.

    Attributes
    ----------
    endpoint : str
        The endpoint, a word of the evidence.
    where : mapping of str to tuple
        Column of cohorts or outcomes, and the values that are admitted ("" is an empty cell). All columns must agree.
    origins : tuple of str
        Where a number may have been read.
    overlaps : mapping of str to str
        For each relation between two cohorts, the policy: ``keep_larger``, ``keep_both`` or ``refuse``.
    level : str
        The unit of the evidence: ``cohort``.
    prefer : tuple of str
        Cohorts that win a tie when overlaps are resolved, first come first.
    exclude : tuple of str
        Cohorts or outcomes left out by name.
    decisions : mapping of str to str
        Contradictions in the evidence of which the ``other`` value is taken, not the one ``used``.
    allow_selected : bool
        Whether a cohort may inform an endpoint that its patients were selected on.
    against : mapping of str to tuple
        As `where`, of the cohort that a number is compared with. A ratio or a difference that points the other way is
        turned round.
    """

    endpoint: str
    where: FrozenMapping
    origins: tuple[str, ...]
    overlaps: FrozenMapping
    level: str
    prefer: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    decisions: FrozenMapping = NOTHING
    allow_selected: bool = False
    against: FrozenMapping = NOTHING


@dataclass(frozen=True)
class Quantity(Section):
    """``[quantity]``: what is unknown about one cohort.

    Attributes
    ----------
    family : str
        Name of the family.
    measure : str or None
        For a contrast, ``ratio`` or ``difference``.
    shape : str, float or None
        Of survival, how the shape of curves varies over cohorts: ``shared``, ``pooled``, or a number where it is known.
    options : mapping of str to object
        What else the family is told, such as where a hazard may change; written beside `family`.
    """

    family: str
    measure: str | None = None
    shape: str | float | None = None
    options: FrozenMapping = NOTHING

    def build(self) -> Family:
        """The family itself."""
        return ALL_FAMILIES[self.family](**self.options) if self.measure is None else Contrast(self.measure)

    def build_shape(self) -> Shape | None:
        """How the shape varies; None for what has none."""
        family = self.build()
        if not isinstance(family, SurvivalFamily):
            return None
        if isinstance(self.shape, str):
            return Shape(self.shape)
        return Shape("fixed", () if self.shape is None else (float(self.shape),))

    @property
    def shape_parameters(self) -> tuple[str, ...]:
        """The hyperparameters of the shape, each of which needs a prior."""
        family, shape = self.build(), self.build_shape()
        return shape.parameters(family) if shape is not None and isinstance(family, SurvivalFamily) else ()

    def to_dict(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("family", "measure", "shape")}
        return {name: value for name, value in plain.items() if value is not None} | thaw(self.options)


@dataclass(frozen=True)
class LikelihoodChoice(Section):
    """``[[likelihood]]``: how a printed number informs the quantity.

    Attributes
    ----------
    kind : str
        Name of the kind.
    options : mapping of str to float
        What else the kind is told, where that is not what it takes for granted; written beside `kind`.
    """

    kind: str
    options: FrozenMapping = NOTHING

    def build(self) -> Likelihood | SurvivalKind:
        """The kind itself."""
        return KINDS[self.kind](**self.options)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.options}


@dataclass(frozen=True)
class PoolingChoice(Section):
    """``[pooling]``: how cohorts are alike.

    Attributes
    ----------
    kind : str
        Name of the pooling.
    group : str or None
        For ``nested``, the column of cohorts by which they are grouped.
    options : mapping of str to object
        What else the pooling is told, such as the degrees of freedom of a Student t; written beside `kind`.
    told : mapping of str to object
        What it must know to place each cohort: `classes` of designs and the `reference`, `discount`, who is `current`,
        `covariates`; likewise.
    """

    kind: str
    group: str | None = None
    options: FrozenMapping = NOTHING
    told: FrozenMapping = NOTHING

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the covariates, in the order of the file."""
        return tuple(self.told.get("covariates", ()))

    def build(self) -> Pooling:
        """The pooling itself."""
        told = self.told
        if self.covariates:
            return Regression(self.kind, self.covariates, tuple(one["centre"] for one in told["covariates"].values()))
        if self.kind == "design":
            return Design(told["reference"], tuple(one for one in told["classes"] if one != told["reference"]))
        if self.kind == "power":
            return Power(told["over"])
        return POOLINGS[self.kind](**self.options)

    def to_dict(self) -> dict[str, Any]:
        group = {} if self.group is None else {"group": self.group}
        return {"kind": self.kind, **group, **thaw(self.options), **thaw(self.told)}


@dataclass(frozen=True)
class Estimand(Section):
    """``[[estimand]]``: a quantity to report.

    Attributes
    ----------
    name : str
        What the report calls it.
    functional : str
        ``probability``, ``ratio``, ``difference`` or ``median`` (the family's own quantity), ``survival``, ``hazard``
        or ``restricted_mean``, ``probability_above``, ``probability_below``, ``predicted_events``,
        ``risk_difference``, ``risk_ratio`` or ``heterogeneity``.
    target : str or None
        ``typical``, ``average``, ``new_cohort``, ``cohort``, and of cohorts in groups ``group`` and
        ``new_cohort_in_group``; None for the heterogeneity, which is of all cohorts.
    level : float
        Probability that its credible interval holds.
    threshold : float or None
        On the natural scale: what ``probability_above`` is above, and ``probability_below`` below.
    patients : int or None
        How many new patients ``predicted_events`` is about.
    baseline : float or None
        The risk without the treatment at which ``risk_difference`` and ``risk_ratio`` are taken.
    baseline_source : str
        Where that was read.
    time_months : float or None
        Of a survival curve: when, or until when.
    at : mapping of str to float
        The values of the covariates at which it is meant, where the pooling has some.
    why : str
        Why this one; free text.
    """

    name: str
    functional: str
    target: str | None
    level: float
    threshold: float | None = None
    patients: int | None = None
    baseline: float | None = None
    baseline_source: str = ""
    time_months: float | None = None
    at: FrozenMapping = NOTHING
    why: str = ""


@dataclass(frozen=True)
class Variant(Section):
    """``[[variant]]``: what would change the answer, said before it is seen.

    Attributes
    ----------
    name : str
        Its name; the model that results is called ``model:variant``.
    why : str
        What it asks.
    set : mapping of str to object
        Dotted path in the model file, and the value it takes.
    unset : tuple of str
        Dotted paths that the variant leaves out.
    """

    name: str
    why: str
    set: FrozenMapping = NOTHING
    unset: tuple[str, ...] = ()
