"""A comparison in words: its table as text, and what must be said beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ..posterior import Fit
from ..posterior.summary import FEW_COHORTS
from .bayes_factors import BayesFactor
from .findings import as_columns, shown_number
from .scores import Scores
from .silence import about_tau

__all__ = ["Compared", "factor_in_words", "remarks_on", "table_lines"]

# Difference in elpd below which models predict about alike however many units there are: Sivula, Magnusson and
# Vehtari 2020, doi:10.48550/arXiv.2008.10296.
_SMALL = 4.0
# By how much a stacking weight may move when one cohort is left out before that must be said.
_LOOSE = 0.1
# Stacking weight from which it must be said that models predict alike nevertheless.
_NEARLY_ALL = 0.8


class Compared(Protocol):
    """What is asked of a comparison here."""

    fits: dict[str, Fit]
    against: str
    cohorts: tuple[str, ...]
    reported: tuple[str, ...]
    log_predictive: dict[str, Any]
    bayes_factors: dict[str, BayesFactor]

    @property
    def scores(self) -> Mapping[str, Scores]: ...

    @property
    def weights(self) -> Mapping[str, Mapping[str, float]]: ...

    def differences(self, name: str) -> Any: ...

    def rows(self) -> list[dict[str, Any]]: ...

    def stacking_ranges(self) -> tuple[dict[str, float], dict[str, float]]: ...


def table_lines(found: Compared) -> list[str]:
    """The models, then the differences cohort by cohort."""
    rows = found.rows()
    signed = "+.2f"
    errors = any(row["elpd_difference_se"] is not None for row in rows)
    headers = ["model", "elpd", "difference", *(["(se)"] if errors else []), "better in", "log ml", "Bayes factor",
               "half to double", "stacking", "pseudo-BMA+"]  # fmt: skip
    lines = [
        [
            row["model"],
            shown_number(row["elpd"]),
            "" if row["model"] == found.against else shown_number(row["elpd_difference"], signed),
            *([shown_number(row["elpd_difference_se"])] if errors else []),
            "" if row["model"] == found.against else _better(found, row["cohorts_better"]),
            shown_number(row["log_marginal_likelihood"]),
            "" if row["model"] == found.against else factor_in_words(row["log_bayes_factor"]),
            _range(found.bayes_factors.get(row["model"])),
            shown_number(row["stacking_weight"]),
            shown_number(row["pseudo_bma_plus_weight"]),
        ]
        for row in rows
    ]
    return [*as_columns(headers, lines), *_cohort_lines(found)]


def _better(found: Compared, better: int | None) -> str:
    return "-" if better is None else f"{better} of {len(found.cohorts)}"


def _cohort_lines(found: Compared) -> list[str]:
    main = found.log_predictive[found.against]
    others = [name for name in found.fits if name != found.against and found.differences(name) is not None]
    if main is None or not others:
        return []
    lines = [
        [label, reported, shown_number(main[j]), *(shown_number(found.differences(n)[j], "+.2f") for n in others)]
        for j, (label, reported) in enumerate(zip(found.cohorts, found.reported, strict=True))
    ]
    about = (
        f"Log predictive density of each cohort given the others: under {found.against}, and by how much others differ"
    )
    return [about, *as_columns(["cohort", "reported", found.against, *others], lines)]


def factor_in_words(log: float | None) -> str:
    """A Bayes factor as people write it; below one as a fraction of one.

    Examples
    --------
    >>> import math
    >>> [factor_in_words(math.log(value)) for value in (2.345, 0.2, 1e7)]
    ['2.3', '1/5.0', '1e+07']
    """
    if log is None:
        return "-"
    size = abs(log)
    if size > 700.0:
        text = f"exp({size:.0f})"
    else:
        value = math.exp(size)
        text = f"{value:.1f}" if value < 99.95 else f"{value:.0f}" if value < 1e5 else f"{value:.0e}"
    return text if log >= 0.0 or text == "1.0" else f"1/{text}"


def _range(factor: BayesFactor | None) -> str:
    logs = [row["log"] for row in factor.sensitivity if row["log"] is not None] if factor is not None else []
    return f"{factor_in_words(min(logs))} to {factor_in_words(max(logs))}" if logs else ""


def remarks_on(found: Compared) -> Iterator[str]:
    """What must be said, a sentence each."""
    yield from _on_scores(found)
    yield from _on_factors(found)
    for name, fit in found.fits.items():
        heard = about_tau(fit)
        if " nothing " in heard:
            yield f"Under {name} {heard}."


def _on_scores(found: Compared) -> Iterator[str]:
    cohorts = len(found.cohorts)
    apart = {name: found.differences(name) for name in found.fits if name != found.against}
    known = {name: values for name, values in apart.items() if values is not None}
    if known and cohorts < FEW_COHORTS:
        yield (
            f"{f'{cohorts} cohorts are' if cohorts > 1 else 'One cohort is'} too few for a standard error of a"
            " difference in elpd: it would itself be a guess. Look at the differences cohort by cohort."
        )
    yield from _on_ties(found)
    for name, values in known.items():
        total, largest = float(values.sum()), int(abs(values).argmax())
        if total * (total - float(values[largest])) < 0.0:
            yield (
                f"The difference between {name} and {found.against} hangs on {found.cohorts[largest]}: without it, it"
                " would have the other sign."
            )
    for name, one in found.scores.items():
        if one.why_not:
            yield f"No cohort is left out under {name}: {one.why_not}."
        elif found.fits[name].posterior.engine != "exact":
            yield f"{name} was sampled; its scores and marginal likelihood are those of the exact engine."
    seen: dict[str, str] = {}
    for name, fit in found.fits.items():
        digest = fit.compiled.digest
        if digest in seen:
            yield f"{name} and {seen[digest]} are one model: they share what weight it has."
        seen.setdefault(digest, name)


def _on_ties(found: Compared) -> Iterator[str]:
    """Models that predict about alike, and how far stacking hangs on single cohorts."""
    totals = {name: float(each.sum()) for name, each in found.log_predictive.items() if each is not None}
    best = max(totals.values(), default=0.0)
    alike = [name for name, total in totals.items() if best - total < _SMALL]
    if len(alike) > 1:
        yield (
            f"{', '.join(alike[:-1])} and {alike[-1]} are less than {_SMALL:.0f} apart in elpd: they predict cohorts"
            " about alike, and the first of them need not be the best."
        )
    stacked = found.weights["stacking_weight"]
    leader = max(stacked, key=lambda name: stacked[name], default="")
    if len(alike) > 1 and leader in alike and stacked[leader] > _NEARLY_ALL:
        yield (
            f"Stacking gives {leader} {stacked[leader]:.2f} of the weight all the same: it looks for the best mixture,"
            " not for how sure one can be. pseudo-BMA+ shows that."
        )
    if len(totals) < 2 or len(found.cohorts) < 3:
        return
    low, high = found.stacking_ranges()
    loose = {name: (low[name], high[name]) for name in low if high[name] - low[name] > _LOOSE}
    if loose:
        words = ", ".join(f"{name} {a:.2f} to {b:.2f}" for name, (a, b) in loose.items())
        yield f"Stacking weights hang on single cohorts; without one or another they run: {words}."


def _on_factors(found: Compared) -> Iterator[str]:
    for name, factor in found.bayes_factors.items():
        if factor.why_not:
            yield f"No Bayes factor of {name}: {factor.why_not}."
            continue
        logs = [row["log"] for row in factor.sensitivity if row["log"] is not None]
        if factor.log is not None and logs and min(logs) < 0.0 < max(logs):
            yield (
                f"Which of {name} and {found.against} the Bayes factor favours turns with the width of a prior that"
                " only one of them has."
            )
        unscaled = {row["prior"] is None and row["parameter"] for row in factor.sensitivity} - {False}
        if unscaled:
            yield f"The prior of {', '.join(sorted(map(str, unscaled)))} has no width to halve or double."
        yield from (f"{caveat}." for caveat in factor.caveats)
    quasi = {factor.quasi for factor in found.bayes_factors.values() if factor.quasi}
    for reason in sorted(quasi):
        yield f"Pseudo-Bayes factors, from a quasi-likelihood: {reason}."
