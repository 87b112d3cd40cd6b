"""Measure how close reconstructions come to simulated patients, as the table of docs/reconstruction.md has it.

    python tests/reconstruction_accuracy.py

Two arms, Weibull survival with medians 12 and 16 months and staggered entry; curves read at every corner and at 30
points in between, each with normal errors of 0.25 percentage points and 0.25% of the axis of time; numbers at risk
every six months. Seeds are fixed, so that the table comes out the same, up to the seconds.
"""

from __future__ import annotations

import numpy as np

from support.reconstructed import measure

SIZES = (10, 30, 100, 300)
TRIALS = 60
COLUMNS = (
    "people an arm",
    "numbers at risk",
    "log hazard ratio, median error",
    "90% are below",
    "median in standard errors",
    "survival, mean error",
    "events, mean error",
    "mean without sign",
    "ensemble has the truth",
    "seconds",
)


def row(people: int, with_table: bool) -> str:
    """A line of the table."""
    found = measure(people, TRIALS, with_table)
    ratio, events = np.abs(found.log_hazard_ratio), np.array(found.events)
    cells = [
        f"{people}",
        "yes" if with_table else "no",
        f"{np.median(ratio):.3f}",
        f"{np.quantile(ratio, 0.9):.3f}",
        f"{np.median(np.abs(found.in_standard_errors)):.2f}",
        f"{np.mean(found.survival):.4f}",
        f"{events.mean():+.2f}",
        f"{np.abs(events).mean():.2f}",
        f"{np.mean(found.within_ensemble):.0%}",
        f"{np.median(found.seconds):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for with_table in (True, False):
        for people in SIZES:
            print(row(people, with_table), flush=True)


if __name__ == "__main__":
    main()
