"""What a reconstruction gives: patients, as many ways as the curve leaves open, and how far it decides."""

from __future__ import annotations

import csv
import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..issues import InputError
from .patients import Patients
from .readings import plural, read_numbers
from .request import Request

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reconstruction"]

_WIDTH = 100


@dataclass(frozen=True, repr=False)
class Reconstruction:
    """Patients reconstructed from a curve; `reconstruct` makes it.

    Parameters
    ----------
    patients_of_best : Patients
        The single reconstruction.
    patients_of_ensemble : tuple of Patients
        The others.
    request : Request
        The curve and its numbers at risk, as they were used.
    remarks : tuple of str
        What was mended and what was assumed, a sentence each.

    Examples
    --------
    >>> import tinycohort as tc
    >>> found = tc.reconstruct([3, 6, 10], [0.75, 0.5, 0.5], total=4, ensemble=20, seed=1)
    >>> found.patients["time_months"].tolist()
    [3.0, 6.0, 10.0, 10.0]
    """

    patients_of_best: Patients = field(repr=False)
    patients_of_ensemble: tuple[Patients, ...] = field(repr=False)
    request: Request = field(repr=False)
    remarks: tuple[str, ...]

    @property
    def patients(self) -> pd.DataFrame:
        """The single reconstruction: patient (from 1), time_months, event (1) or censored (0)."""
        import pandas as pd

        return pd.DataFrame(_columns(self.patients_of_best))

    @property
    def ensemble(self) -> pd.DataFrame:
        """Every reconstruction of the ensemble: replicate (from 1), patient, time_months, event."""
        import pandas as pd

        frames = [pd.DataFrame(_columns(one)) for one in self.patients_of_ensemble]
        return pd.concat(frames, keys=range(1, len(frames) + 1), names=["replicate", None]).reset_index("replicate")

    @property
    def total(self) -> int:
        """People."""
        return self.request.total

    @property
    def seed(self) -> int:
        """Of the ensemble."""
        return self.request.seed

    @property
    def events(self) -> tuple[int, int]:
        """Fewest and most events, over the single reconstruction and the ensemble."""
        counts = self._event_counts
        return int(counts.min()), int(counts.max())

    @cached_property
    def _event_counts(self) -> Any:
        return np.array([int(one.events.sum()) for one in (self.patients_of_best, *self.patients_of_ensemble)])

    @cached_property
    def _misses(self) -> Any:
        """By how much the single reconstruction misses each point of the curve."""
        curve = self.request.readings
        return np.abs(self.patients_of_best.survival_at(curve.times) - curve.survival)

    def survival_at(self, times_months: float | Sequence[float]) -> pd.DataFrame:
        """Kaplan-Meier of the reconstructions at some times.

        Parameters
        ----------
        times_months : float or sequence of float
            Months.

        Returns
        -------
        DataFrame
            time_months; survival and at_risk of the single reconstruction; lowest_survival, highest_survival,
            lowest_at_risk and highest_at_risk over the ensemble. Survival is not a number after all follow-up.

        Raises
        ------
        InputError
            What is no time.
        """
        import pandas as pd

        issues: list[Any] = []
        single = not hasattr(times_months, "__iter__")
        months = read_numbers([times_months] if single else times_months, "times_months", issues)
        if months is None:
            raise InputError(issues)
        curves = np.array([one.survival_at(months) for one in self.patients_of_ensemble])
        counts = np.array([one.at_risk_at(months) for one in self.patients_of_ensemble])
        return pd.DataFrame(
            {
                "time_months": months,
                "survival": self.patients_of_best.survival_at(months),
                "lowest_survival": curves.min(axis=0),
                "highest_survival": curves.max(axis=0),
                "at_risk": self.patients_of_best.at_risk_at(months),
                "lowest_at_risk": counts.min(axis=0),
                "highest_at_risk": counts.max(axis=0),
            }
        )

    def to_csv(self, path: str | Path, ensemble: bool = False) -> None:
        """Write the patients as CSV: patient, time_months, event.

        Parameters
        ----------
        path : str or Path
            Where to; a file that is there is replaced.
        ensemble : bool
            Write the ensemble instead, with a column replicate before the others.
        """
        several = self.patients_of_ensemble if ensemble else (self.patients_of_best,)
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*(["replicate"] if ensemble else []), "patient", "time_months", "event"])
            for k, one in enumerate(several, start=1):
                rows = zip(*_columns(one).values(), strict=True)
                writer.writerows(([k] if ensemble else []) + [n, repr(t), e] for n, t, e in rows)

    def summary(self) -> dict[str, Any]:
        """The reconstruction as plain dictionaries, lists, text and numbers.

        Returns
        -------
        dict
            total, events, events_lowest, events_highest, median_months (with _lowest, _highest; None where survival
            stays above one half), mean_miss and worst_miss of the curve, ensemble (how many), precision, seed, remarks.
        """
        medians = [one.median for one in (self.patients_of_best, *self.patients_of_ensemble)]
        lowest, highest = self.events
        return {
            "total": self.total,
            "events": int(self._event_counts[0]),
            "events_lowest": lowest,
            "events_highest": highest,
            "median_months": _finite(medians[0]),
            "median_months_lowest": _finite(min(medians)),
            "median_months_highest": _finite(max(medians)),
            "mean_miss": float(self._misses.mean()),
            "worst_miss": float(self._misses.max()),
            "ensemble": len(self.patients_of_ensemble),
            "precision": self.request.precision,
            "seed": self.seed,
            "remarks": list(self.remarks),
        }

    def _paragraphs(self) -> list[str]:
        found, size = self.summary(), len(self.patients_of_ensemble)
        died, low, high = found["events"], found["events_lowest"], found["events_highest"]
        lines = [
            f"{plural(self.total, 'person', 'people')}, {plural(died, 'event')}, {self.total - died} censored; "
            f"median {_months(found['median_months'])}.",
            f"The curve is met within {found['mean_miss']:.2g} on average, {found['worst_miss']:.2g} at worst.",
        ]
        known = "the total that was given" if self.request.events is not None else "the curve decides it"
        if low == high:
            lines.append(f"Events: {low} in each of {plural(size, 'other reconstruction')} ({known}).")
        else:
            lines.append(
                f"Events: {low} to {high} over {plural(size, 'other reconstruction')} of the same curve, "
                f"which leaves {plural(high - low, 'event')} of {self.total} people open."
            )
        first, last = found["median_months_lowest"], found["median_months_highest"]
        if first != last:
            lines.append(f"Median: {_months(first)} to {_months(last)} over them.")
        lines.append(
            "These are ways of reading one curve. How other patients would have fared is a further uncertainty."
        )
        return [*lines, *(f"{remark}." for remark in self.remarks)]

    def __str__(self) -> str:
        return "\n".join(
            line for text in self._paragraphs() for line in textwrap.wrap(text, _WIDTH, subsequent_indent="  ")
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{html.escape(text)}</p>" for text in self._paragraphs())


def _columns(one: Patients) -> dict[str, list[Any]]:
    size = len(one.times)
    return {
        "patient": list(range(1, size + 1)),
        "time_months": one.times.tolist(),
        "event": one.events.astype(int).tolist(),
    }


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _months(number: float | None) -> str:
    return "not reached" if number is None else f"{number:.4g} months"
