"""Run the calibration of printed hazard ratios, all of it: a minute.

python tools/calibrate_hazard_ratios.py [--replicates 4000]
"""

from __future__ import annotations

import argparse
import csv
import datetime
import hashlib
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tinycohort.calibration import hazard_ratios
from tinycohort.calibration.hazard_ratios import FAMILIES, ORDER, PRINTED, RULES, RatioCell

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "calibration_hazard_ratio.csv"
SOURCES = (
    "calibration/cohorts.py",
    "calibration/coverage.py",
    "calibration/hazard_ratios.py",
    "calibration/trials.py",
    "likelihoods/hazard_ratio.py",
    "likelihoods/normal.py",
    "families/survival_curves.py",
    "families/survival_shapes.py",
)
SIZES = (3, 8, 20, 90)
FIXED = (-2.0, -1.0, 0.0, 1.0, 2.0)


def cells(replicates: int) -> Iterator[RatioCell]:
    for rule, people, family in itertools.product(RULES, SIZES, FAMILIES):
        yield RatioCell(family, rule, people, replicates)
    for log_ratio, people, family, rule in itertools.product(FIXED, SIZES, FAMILIES, (ORDER, PRINTED)):
        yield RatioCell(family, rule, people, replicates // 4, log_ratio)


def key_of(cell: RatioCell) -> dict[str, str]:
    truth = "prior" if cell.log_ratio is None else f"{cell.log_ratio:+g}"
    sizes = {"people_in_each_arm": str(cell.people), "truth": truth, "replicates": str(cell.replicates)}
    return {"family": cell.family, "rule": cell.rule} | sizes


def code_digest() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((ROOT / "src" / "tinycohort" / name).read_bytes())
    return digest.hexdigest()[:16]


def measure(cell: RatioCell) -> dict[str, float | str]:
    """Of a fixed truth ranks say nothing."""
    found = hazard_ratios.judge(cell).summary()
    return found if cell.log_ratio is None else found | {"uniform_p": ""}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=4000)
    given = parser.parse_args()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    stamp = {"date": datetime.date.today().isoformat(), "commit": commit.stdout.strip(), "code": code_digest()}
    rows = [key_of(cell) | measure(cell) | stamp for cell in cells(given.replicates)]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} cells")


if __name__ == "__main__":
    main()
