"""What each way of reporting a number must contain, and what it must leave empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .. import vocabulary as v

__all__ = ["MEASURES", "RULED", "Measure"]

#: Columns that a measure may rule; the others belong to every outcome.
RULED: Final = (
    "patient_id", "comparator_id", "denominator", "time_months", "events", "total",
    "value", "lower", "upper", "level", "at_risk", "median_rule",
)  # fmt: skip
SHARE_ENDPOINTS: Final = v.RESPONSE_ENDPOINT + v.TOXICITY_ENDPOINT + v.TIME_ENDPOINT
ALL_ENDPOINTS: Final = SHARE_ENDPOINTS + v.QUANTITY_ENDPOINT


@dataclass(frozen=True, slots=True)
class Measure:
    """One way of reporting a number.

    Parameters
    ----------
    about : str
        What was printed.
    needs : tuple of str
        Columns that must be filled.
    may : tuple of str
        Columns that may be filled. Those in neither must be empty.
    unit : {"proportion", "months", "ratio", "difference", "rate", "quantity", "signed", "none"}
        Unit of value, lower and upper.
    endpoints : tuple of str
        Endpoints that can be reported so.
    """

    about: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    unit: str
    endpoints: tuple[str, ...]


_INTERVAL: Final = ("lower", "upper", "level")
_SHARE: Final = ("comparator_id", "time_months", "value", *_INTERVAL)


def _ratio(about: str, endpoints: tuple[str, ...]) -> Measure:
    return Measure(about, ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "ratio", endpoints)


MEASURES: Final[dict[str, Measure]] = {
    "count": Measure(
        "Events and total, both printed. The percentage and its interval may stand beside them.",
        ("denominator", "events", "total"), _SHARE, "proportion", SHARE_ENDPOINTS,
    ),
    "numerator": Measure(
        "Events without their total: never an incidence.",
        ("events",), ("time_months",), "none", SHARE_ENDPOINTS,
    ),
    "percentage": Measure(
        "A percentage; with its total if that was printed. Events only if they were recovered, with the derivation.",
        ("value",), ("comparator_id", "denominator", "time_months", "events", "total", *_INTERVAL), "proportion",
        SHARE_ENDPOINTS,
    ),
    "mean_of_rates": Measure(
        "A mean, median or pooled estimate of other studies' rates; a total beside it is not its denominator.",
        ("value",), ("time_months", *_INTERVAL), "proportion", SHARE_ENDPOINTS,
    ),
    "range": Measure(
        "A range over trials or patients, such as 19 to 34%.",
        ("lower", "upper"), ("time_months",), "proportion", SHARE_ENDPOINTS,
    ),
    "landmark": Measure(
        "A survival probability at a time.",
        ("time_months", "value"), ("at_risk", *_INTERVAL), "proportion", v.TIME_ENDPOINT,
    ),
    "number_at_risk": Measure(
        "People at risk at a time, as printed under a curve.",
        ("time_months", "at_risk"), (), "none", v.TIME_ENDPOINT,
    ),
    "median_time": Measure(
        "A median time, in months. One limit alone where the other was not reached.",
        ("value", "median_rule"), _INTERVAL, "months", v.TIME_ENDPOINT,
    ),
    "median_not_reached": Measure(
        "A median time that was not reached; its lower limit may have been.",
        (), ("lower", "level"), "months", v.TIME_ENDPOINT,
    ),
    "mean_time": Measure("A mean time, in months.", ("value",), _INTERVAL, "months", v.TIME_ENDPOINT),
    "hazard_ratio": _ratio("A hazard ratio, cohort over comparator.", v.TIME_ENDPOINT),
    "odds_ratio": _ratio("An odds ratio, cohort over comparator.", SHARE_ENDPOINTS),
    "risk_ratio": _ratio("A risk ratio, cohort over comparator.", SHARE_ENDPOINTS),
    "risk_difference": Measure(
        "A difference of proportions, cohort minus comparator.",
        ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "difference", SHARE_ENDPOINTS,
    ),
    "mean_difference": Measure(
        "A difference of means, cohort minus comparator, in the unit of the endpoint (months for times).",
        ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "signed", ALL_ENDPOINTS,
    ),
    "p_value": Measure(
        "A p-value of cohort against comparator.",
        ("comparator_id", "value"), ("time_months",), "proportion", SHARE_ENDPOINTS,
    ),
    "person_time": Measure(
        "Events and the person-months in which they happened (value).",
        ("events", "value"), ("total",), "months", SHARE_ENDPOINTS,
    ),
    "event_rate": Measure("Events per person-month.", ("value",), _INTERVAL, "rate", SHARE_ENDPOINTS),
    "ordered_time": Measure(
        "One of a cohort's ordered times, of nobody in particular: at_risk people were at risk just before it.",
        ("at_risk", "events"), ("value", "lower", "upper"), "months", v.TIME_ENDPOINT,
    ),
    "ordered_gap": Measure(
        "Months between two of a cohort's ordered times (value): total people were at risk just before the first, "
        "at_risk just before the second.",
        ("at_risk", "total", "value"), ("lower", "upper"), "months", v.TIME_ENDPOINT,
    ),
    "patient_time": Measure(
        "A patient's time: exact (value) or between limits; events is 1 if it ended in the event, 0 if censored; "
        "time_months is a late entry.",
        ("patient_id", "events"), ("time_months", "value", "lower", "upper"), "months", v.TIME_ENDPOINT,
    ),
    "patient_response": Measure(
        "A patient's response, in category.",
        ("patient_id",), ("time_months",), "none", v.RESPONSE_ENDPOINT,
    ),
    "patient_value": Measure(
        "A measured quantity of a patient.",
        ("patient_id", "value"), ("time_months",), "quantity", v.QUANTITY_ENDPOINT,
    ),
    "performance": Measure(
        "Discrimination of a prediction, in category.",
        ("value",), ("time_months", *_INTERVAL), "proportion", v.TIME_ENDPOINT,
    ),
}  # fmt: skip
