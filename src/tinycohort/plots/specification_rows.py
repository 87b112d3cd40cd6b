"""The columns of a specification curve: an estimate for each variant, and what it does otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..comparison import Variants
from ..issues import InputError, Issue
from ..posterior import Fit, require_reportable
from ..spec import PLUS
from .canvas import require_level
from .choices import Analysis, Choice, choices
from .targets import TARGET_WORDS, Target, estimate_of, require_target

if TYPE_CHECKING:
    import pandas

__all__ = ["Specification", "curve_of", "table_of"]

_ORDERS = ("median", "given")


@dataclass(frozen=True)
class Specification:
    """One variant.

    Attributes
    ----------
    name : str
        Its name.
    main : bool
        Whether it is the analysis that the others are put beside.
    fit : Fit or None
        None where it could not be fitted.
    estimate : dict
        median, lower and upper; None where there is no answer.
    reasons : str
        Why there is none.
    taken : tuple of int or None
        Its option of each choice.
    combined : bool
        Whether it is several variants taken together.
    """

    name: str
    main: bool
    fit: Fit | None
    estimate: Mapping[str, float | None]
    reasons: str
    taken: tuple[int | None, ...]
    combined: bool = False

    @property
    def short_name(self) -> str:
        """Its name; of variants taken together, whose dots say which they are, only how many."""
        together = len(self.name.split(PLUS))
        return self.name if together == 1 or not self.combined else f"{together} together"

    @property
    def cohorts(self) -> int | None:
        """How many cohorts it rests on."""
        return None if self.fit is None else self.fit.compiled.cohorts

    @property
    def people(self) -> int | None:
        """How many people, with counts."""
        data = {} if self.fit is None else self.fit.compiled.data
        totals = [data[name] for name in ("total", "control_total") if name in data]
        return int(sum(np.nansum(column) for column in totals)) if totals else None


def curve_of(
    variants: Mapping[str, Fit], target: Target, level: float, order: str
) -> tuple[list[Specification], list[Choice]]:
    """The variants in order, and the choices that they do not share.

    Raises
    ------
    InputError
        No variants, quantities that differ, a main analysis without an answer, an unknown target, level or order.
    """
    require_level(level)
    _require_comparable(variants, target, order)
    refused = variants.refused if isinstance(variants, Variants) else {}
    names = [*variants, *refused]
    found = choices([_analysis(name, variants) for name in names])
    columns = []
    for k, name in enumerate(names):
        fit = variants.get(name)
        reasons = refused.get(name, "") if fit is None else "; ".join(fit.reasons)
        estimate = dict.fromkeys(("median", "lower", "upper")) if fit is None else estimate_of(fit, target, level)
        if fit is not None and fit.reportable and estimate["median"] is None:
            reasons = f"pooling {fit.compiled.pooling.name!r} has no {TARGET_WORDS[target]}"
        taken = tuple(each.taken[k] for each in found)
        # Only of variants of a file is it known what a plus in a name means.
        combined = isinstance(variants, Variants) and k > 0 and PLUS in name
        columns.append(Specification(name, k == 0, fit, estimate, reasons, taken, combined))
    if order == "median":
        last = float("inf")
        columns.sort(key=lambda one: last if one.estimate["median"] is None else one.estimate["median"])
    return columns, found


def _analysis(name: str, variants: Mapping[str, Fit]) -> Analysis:
    fit = variants.get(name)
    if fit is not None:
        return Analysis(fit.model, fit.compiled)
    assert isinstance(variants, Variants)
    return Analysis(variants.spec(name), None)


def _require_comparable(variants: Mapping[str, Fit], target: Target, order: str) -> None:
    if not isinstance(variants, Mapping) or not variants:
        mend = "Give what vary returns, or a mapping of names to fits, the main analysis first."
        raise InputError(Issue("variants", f"{variants!r} holds no fits", mend))
    if order not in _ORDERS:
        raise InputError(Issue("order", f"unknown order {order!r}", f"Choose one of {', '.join(_ORDERS)}."))
    name, main = next(iter(variants.items()))
    require_reportable(main)
    require_target(main, target)
    quantity = main.compiled.family.quantity
    issues = [
        Issue(
            f"variant {other!r}",
            f"is of a {fit.compiled.family.quantity}, and {name!r} of a {quantity}",
            "Compare like with like.",
        )
        for other, fit in variants.items()
        if fit.compiled.family.quantity != quantity
    ]
    if issues:
        raise InputError(issues)


def table_of(columns: list[Specification], found: list[Choice], target: Target, level: float) -> pandas.DataFrame:
    """The variants as rows."""
    import pandas

    main = next(one for one in columns if one.main)
    rows = [
        {
            "variant": one.name,
            "main": one.main,
            "target": target,
            **one.estimate,
            "level": level,
            "cohorts": one.cohorts,
            "people": one.people,
            "differs": _differences(one, main, found),
            "why": _why(one),
            "reasons": one.reasons or None,
            **_options(one, found),
        }
        for one in columns
    ]
    return pandas.DataFrame(rows).astype({"cohorts": "Int64", "people": "Int64"})


def _options(one: Specification, found: list[Choice]) -> dict[str, Any]:
    pairs = zip(found, one.taken, strict=True)
    return {choice.name: None if taken is None else choice.options[taken] for choice, taken in pairs}


def _differences(one: Specification, main: Specification, found: list[Choice]) -> str:
    own, others = _options(one, found), _options(main, found)
    return "; ".join(f"{name}: {text}" for name, text in own.items() if text is not None and text != others[name])


def _why(one: Specification) -> str | None:
    return getattr(getattr(one.fit, "model", None), "why", None) or None
