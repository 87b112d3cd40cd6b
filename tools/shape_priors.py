"""What the prior of the shape does to two to eight patients: docs/shape_priors.csv.

Truths: log median ~ Normal(log 19, 1), log shape ~ Normal(0.32, 0.16), as 272 arms of trials had it for overall
survival. Patients enter over two years and are followed for one to three, as in the calibration.

    python tools/shape_priors.py [--replicates 4000]
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

import numpy as np

from tinycohort.calibration import SURVIVAL_AT, Prior, draw_cohorts, place
from tinycohort.calibration.publishing import patients
from tinycohort.families import Exponential, Weibull

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "shape_priors.csv"
LEVEL = math.log(19.0), 1.0
TRUTH = Prior(*LEVEL, 0.32, 0.16)
FITTED = {
    "constant hazard": (Exponential(), Prior(*LEVEL)),
    "Normal(0.2, 0.3), the default": (Weibull(), Prior(*LEVEL, 0.2, 0.3)),
    "Normal(0, 1)": (Weibull(), Prior(*LEVEL, 0.0, 1.0)),
    "Normal(0, 2)": (Weibull(), Prior(*LEVEL, 0.0, 2.0)),
}
HEADER = (
    "patients",
    "prior of the log shape",
    "median: upper over lower limit",
    "covered, %",
    "S(24): width",
    "covered, %",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=4000)
    replicates = parser.parse_args().replicates
    lines = []
    for people in (2, 3, 5, 8):
        cohorts = draw_cohorts(Weibull(), TRUTH, people, replicates, np.random.default_rng([20261122, people]))
        reports = [patients(cohorts, k) for k in range(replicates)]
        for name, (family, prior) in FITTED.items():
            placed = place(family, prior, reports, cohorts, SURVIVAL_AT, truth=Weibull())
            covered = 100.0 * placed.covered().mean(axis=0)
            ratio, width = np.exp(np.median(placed.width[:, 0])), placed.width[:, 2].mean()
            lines.append((people, name, f"{ratio:.1f}", f"{covered[0]:.1f}", f"{width:.2f}", f"{covered[2]:.1f}"))
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *lines])


if __name__ == "__main__":
    main()
