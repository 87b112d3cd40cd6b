"""Numbers and what they mean in plain words: the same sentences in the terminal and on the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..comparison.silence import OVERLAP_WORDS, about_tau, amount_said
from ..posterior import Fit
from ..printing import spoken

__all__ = [
    "OVERLAP_WORDS", "TARGETS_IN_WORDS", "about_tau", "amount_said", "count", "diagnosis", "figure", "in_words",
    "listed", "of_quantity", "percent", "plain", "points", "sentence", "span",
    "target_in_words",
]  # fmt: skip

TARGETS_IN_WORDS = {
    "typical": "typical cohort",
    "average": "average over cohorts",
    "new_cohort": "new cohort",
    "cohort": "each cohort",
    "group": "typical cohort of each group",
    "new_cohort_in_group": "new cohort of each group",
    "heterogeneity": "heterogeneity (tau)",
    "heterogeneity_group": "heterogeneity of groups (tau_group)",
}
# Beyond these the digits of a percentage say nothing more.
_MOST_DECIMALS = 3
_OF_GROUPS = {"group": "typical cohort", "new_cohort_in_group": "new cohort"}


def target_in_words(row: Mapping[str, Any]) -> str:
    """Of what a row of estimates is, with the name of its group.

    Examples
    --------
    >>> target_in_words({"target": "new_cohort", "label": None})
    'new cohort'
    >>> target_in_words({"target": "new_cohort_in_group", "label": "nsclc"})
    'new cohort, NSCLC'
    """
    if row["target"] in _OF_GROUPS and row["label"]:
        return f"{_OF_GROUPS[row['target']]}, {in_words(row['label'])}"
    return TARGETS_IN_WORDS.get(row["target"], in_words(row["target"]))


def percent(value: float, decimals: int = 0) -> str:
    """A probability in percent; never 0% or 100% unless it is.

    Examples
    --------
    >>> percent(0.2422), percent(0.0004), percent(0.9996), percent(0.0), percent(1e-9)
    ('24%', '0.04%', '99.96%', '0%', '<0.001%')
    """
    nearest = min(value, 1.0 - value)
    while nearest > 0 and round(100 * nearest, decimals) == 0:
        decimals += 1
        if decimals > _MOST_DECIMALS:
            return "<0.001%" if nearest == value else ">99.999%"
    return f"{100 * value:.{decimals}f}%"


def points(value: float) -> str:
    """A difference of probabilities in percentage points, with its sign.

    Examples
    --------
    >>> points(0.0312), points(-0.148), points(0.0)
    ('+3.1', '−14.8', '0.0')
    """
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}") if round(100 * value, 1) else "0.0"


def figure(value: float | None) -> str:
    """A ratio or a difference with two or three digits that say something; a dash for what is not there.

    Examples
    --------
    >>> figure(0.7189), figure(12.345), figure(-0.00123), figure(999.6), figure(None)
    ('0.72', '12.3', '-0.00123', '1,000', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    # The form is that of the number as it will stand: 999.6 is written as a thousand is.
    size = abs(float(f"{value:.3g}"))
    if size >= 1000.0 and abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.2f}" if 0.1 <= size < 10 or value == 0 else f"{value:#.3g}".rstrip(".")


def chance(probability: float) -> str:
    """A probability with two decimals, and never as certain when it is not.

    Examples
    --------
    >>> chance(0.956), chance(0.9987), chance(0.002)
    ('0.96', 'more than 0.99', 'less than 0.01')
    """
    if 0.995 <= probability < 1.0:
        return "more than 0.99"
    return "less than 0.01" if 0.0 < probability < 0.005 else f"{probability:.2f}"


def of_quantity(quantity: str) -> Callable[[float | None], str]:
    """How values of a quantity are written: probabilities as percentages, ratios and differences as they are."""
    if quantity != "probability":
        return figure
    return lambda value: "–" if value is None else percent(value)


def span(lower: float, upper: float, quantity: str) -> str:
    """Lower to upper, with a digit more where the ends would look alike.

    Examples
    --------
    >>> span(0.146, 0.361, "probability"), span(0.011, 0.034, "probability"), span(0.71, 1.3, "ratio")
    ('15% to 36%', '1.1% to 3.4%', '0.71 to 1.30')
    """
    if quantity != "probability":
        return f"{figure(lower)} to {figure(upper)}"
    decimals = 0 if upper - lower >= 0.03 else 1
    return f"{percent(lower, decimals)} to {percent(upper, decimals)}"


def count(number: int, word: str, plural: str = "") -> str:
    """A number of things.

    Examples
    --------
    >>> count(1, "cohort"), count(7, "cohort")
    ('1 cohort', '7 cohorts')
    """
    return f"{number:,} {word if number == 1 else plural or f'{word}s'}"


def listed(words: Iterable[str]) -> str:
    """Words in a row, with "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def in_words(name: str) -> str:
    """A name of a closed vocabulary as words.

    Examples
    --------
    >>> in_words("objective_response")
    'objective response'
    """
    return spoken(name)


def sentence(text: str) -> str:
    """A clause as a sentence of its own; nothing of nothing."""
    return f"{text[0].upper()}{text[1:]}." if text else ""


def plain(text: str) -> str:
    """Text from a file as a terminal may show it: line breaks and control characters become spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def diagnosis(fit: Fit) -> str:
    """Whether the numbers may be believed, and why, in a sentence."""
    found = fit.posterior.diagnostics
    if not fit.reportable:
        return f"Not reportable: {'; '.join(fit.reasons)}."
    if fit.posterior.engine == "nuts":
        return (
            f"Sampled by NUTS, {found['draws']:,} draws without a divergent transition: R-hat at most"
            f" {found['r_hat']:.3f}, effective sample size at least {found['ess_bulk']:.0f} (bulk) and"
            f" {found['ess_tail']:.0f} (tail)."
        )
    unit = "" if fit.compiled.family.quantity == "probability" else " (in tenths of a posterior standard deviation)"
    return (
        f"Integrated, not sampled. Integrated otherwise, the reported estimates move by at most"
        f" {_upwards(found['estimate_error'])}{unit}, and the log marginal likelihood by at most"
        f" {_upwards(found['log_marginal_likelihood_error'])}."
    )


def _upwards(value: float) -> str:
    """An error bound as a decimal with one digit, rounded up; never smaller than one in ten million."""
    value = max(value, 1e-7)
    unit = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return f"{math.ceil(value / unit * (1 - 1e-9)) * unit:.7f}".rstrip("0")
