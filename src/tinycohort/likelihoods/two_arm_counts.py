"""`two_arm_counts`: r1 of n1 against r0 of n0, whatever the level of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..families import Contrast, Family
from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood
from .binomial import count_issues, log_binomial

__all__ = ["TwoArmCounts"]

_STEPS = 12
_FARTHEST_STEP = 2.0
_LEAST_VARIANCE = 1.0 / 16.0
_CLOSE = 0.05
# The edge of a plateau has width about one; where there is nothing but a plateau, no width is too large.
_EDGE = 1.1
_BOUNDLESS = 1e9
_FARTHEST = 100.0
_BISECTIONS = 60


class TwoArmCounts(Likelihood):
    """Events in one arm given the events in both: noncentral hypergeometric, theta the log odds ratio.

    Given r1 + r0 = m, P(r1 = u) is C(n1, u) C(n0, m - u) exp(u theta) over its sum over u. The level of the two arms
    has gone from it, and so has any need to correct cells that are zero. Fisher 1935, doi:10.2307/2342435; Stijnen,
    Hamza and Ozdemir 2010, doi:10.1002/sim.4040.
    """

    name = "two_arm_counts"
    families = ("contrast",)
    columns = ("events", "total", "control_total", "both_events")
    requires = ("events", "total", "comparator_id")
    paired = True
    observed = ("events",)
    whole = columns

    def speaks_to(self, family: Family) -> bool:
        """Of ratios alone: the difference of two proportions depends on their level."""
        return isinstance(family, Contrast) and family.measure == "ratio"

    def measures(self, family: Family) -> tuple[str, ...]:
        return ("count",)

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        return {
            "events": float(reported.events),
            "total": float(reported.total),
            "control_total": float(comparator.total),
            "both_events": float(reported.events + comparator.events),
        }

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        """Events and total of either arm."""
        control = np.asarray(data["both_events"]) - np.asarray(data["events"])
        arms = {"events": data["events"], "total": data["total"]}
        arms |= {"control_events": control, "control_total": data["control_total"]}
        return {name: [int(value) for value in column] for name, column in arms.items()}

    def words(self, row: Mapping[str, Any]) -> str:
        return f"{row['events']} of {row['total']} against {row['control_events']} of {row['control_total']}"

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        """The conditional maximum likelihood estimate and the exact limits that go with Fisher's test.

        Cornfield 1956; infinite where the likelihood has a plateau.
        """
        log_ways, position = self._log_ways(data), data["events"] - self._range(data)[0]
        power, tail = np.arange(log_ways.shape[-1]), 0.5 * (1.0 - level)

        def share(theta: Any) -> Any:
            terms = log_ways + power * theta[:, None]
            terms = np.exp(terms - terms.max(axis=1, keepdims=True))
            return terms / terms.sum(axis=1, keepdims=True)

        at_least, at_most = power >= position[:, None], power <= position[:, None]
        left, right = self.plateaus(data)
        found = [
            _where(lambda theta: share(theta) @ power - position, len(position)),
            _where(lambda theta: (share(theta) * at_least).sum(axis=1) - tail, len(position)),
            _where(lambda theta: tail - (share(theta) * at_most).sum(axis=1), len(position)),
        ]
        estimate = np.where(left & right, np.nan, np.where(left, -np.inf, np.where(right, np.inf, found[0])))
        return estimate, np.where(left, -np.inf, found[1]), np.where(right, np.inf, found[2])

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        control = np.asarray(data["both_events"]) - np.asarray(data["events"])
        arms = (
            ("events", "total", data["events"], data["total"]),
            ("control_events", "control_total", control, data["control_total"]),
        )
        for j, label in enumerate(labels):
            where = f"cohort {label!r}"
            for counted, among, events, total in arms:
                wrong = count_issues(where, **{counted: float(events[j]), among: float(total[j])})
                if wrong:
                    issues += wrong
                elif total[j] == 0:
                    what = f"{events[j]:g} of 0: nobody was observed"
                    mend = "An arm without patients cannot be compared; leave the cohort out."
                    issues.append(Issue(f"{where}, {among}", what, mend))
                elif events[j] > total[j]:
                    what = f"{events[j]:g} events among {total[j]:g} people"
                    issues.append(Issue(f"{where}, {counted}", what, "Correct one of the two."))
        return issues

    def remarks(self, data: Data, labels: tuple[str, ...], given: Data = MappingProxyType({})) -> list[str]:
        shown, (left, right) = self.shown(data), self.tails(data)
        found = []
        for j, label in enumerate(labels):
            if left[j] == right[j] == 0.0:
                events, total, control, among = (shown[name][j] for name in shown)
                happened = "nobody" if events + control == 0 else "everybody"
                found.append(
                    f"{label}: {events} of {total} against {control} of {among}; where {happened} in either arm has the"
                    " event, the counts say nothing about the odds ratio"
                )
        return found

    @staticmethod
    def _range(data: Data, operations: Operations = NUMPY) -> tuple[Any, Any]:
        """The fewest and the most events that this arm can have had."""
        fewest = operations.maximum(data["both_events"] - data["control_total"], 0.0)
        return fewest, operations.minimum(data["total"], data["both_events"])

    def prepare(self, data: Data, operations: Operations = NUMPY) -> Data:
        """How many ways lead to each table with these margins, as logarithms; and which of them was observed.

        As coefficients of a polynomial they are those of Jacobi, whose roots are real.
        """
        events, fewest = data["events"], self._range(data, operations)[0]
        ways = self._log_ways(data, operations) - self._log_ways_to(events, data, operations)[..., None]
        return {"position": events - fewest, "log_ways": operations.tabulate(ways)}

    def _log_ways(self, data: Data, operations: Operations = NUMPY) -> Any:
        """log of the ways to each table, from the fewest events on (cohort, table); -inf beyond the most."""
        fewest, most = self._range(data, operations)
        margins = {name: data[name][..., None] for name in self.columns if name != "events"}
        count, last = fewest[..., None] + operations.up_to(most - fewest), most[..., None]
        ways = self._log_ways_to(operations.minimum(count, last), margins, operations)
        return operations.where(count > last, -np.inf, ways)

    @staticmethod
    def _log_ways_to(events: Any, data: Data, operations: Operations = NUMPY) -> Any:
        control = log_binomial(data["control_total"], data["both_events"] - events, operations)
        return log_binomial(data["total"], events, operations) + control

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return data["position"] * theta - operations.log_polynomial(theta, data["log_ways"])

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        """Nothing: the ways to this table are counted beside those to the others."""
        return 0.0 * data["position"]

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        """Events given those in both arms, by the inverse of their distribution function."""
        margins = {name: np.asarray(data[name], float) for name in self.columns if name != "events"}
        log_ways, (fewest, _) = self._log_ways(margins), self._range(margins)
        uniform, log_sum = rng.uniform(size=np.shape(theta)), NUMPY.log_polynomial(theta, log_ways)
        below, events = np.zeros(np.shape(theta)), np.zeros(np.shape(theta))
        for k in range(log_ways.shape[-1] - 1):
            below += np.exp(log_ways[..., k] + k * theta - log_sum)
            # Where there is no further table the sum is one, but for its rounding.
            events += (uniform > below) & (log_ways[..., k + 1] > -np.inf)
        return {"events": (fewest + events).astype(int)}

    def locate(self, data: Data) -> tuple[Any, Any]:
        """Where the mean of the events is what was observed; half an event inside where that is nowhere."""
        fewest, most = self._range(data)
        log_ways, size = self._log_ways(data), most - fewest
        target = np.clip(data["events"] - fewest, np.minimum(0.5, 0.5 * size), np.maximum(size - 0.5, 0.5 * size))
        power = np.arange(log_ways.shape[-1])
        theta = _corrected(data)
        for _ in range(_STEPS):
            terms = log_ways + power * theta[:, None]
            share = np.exp(terms - terms.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
            mean = share @ power
            variance = np.maximum(share @ power**2 - mean**2, _LEAST_VARIANCE)
            step = np.clip((target - mean) / variance, -_FARTHEST_STEP, _FARTHEST_STEP)
            theta = theta + step
            if np.abs(step * np.sqrt(variance)).max() < _CLOSE:
                break
        scale = np.minimum(1.0 / np.sqrt(variance), _EDGE)
        return np.where(size == 0, 0.0, theta), np.where(size == 0, _BOUNDLESS, scale)

    def tails(self, data: Data) -> tuple[Any, Any]:
        fewest, most = self._range(data)
        return data["events"] - fewest, most - data["events"]


def _where(rising: Callable[[Any], Any], size: int) -> Any:
    """Where a rising function of theta (cohort,) is zero, by bisection."""
    low, high = np.full(size, -_FARTHEST), np.full(size, _FARTHEST)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = rising(middle) > 0.0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)


def _corrected(data: Data) -> Any:
    """The log odds ratio with half a person added to each cell: somewhere to begin."""
    events, total, controls = data["events"], data["total"], data["control_total"]
    control = data["both_events"] - events
    return np.log((events + 0.5) * (controls - control + 0.5) / ((control + 0.5) * (total - events + 0.5)))
