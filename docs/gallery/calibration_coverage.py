"""How often intervals hold fixed truths, beside other methods on the same data."""

import csv
from pathlib import Path

import tinycohort as tc

docs = Path(__file__).parent.parent

rows = []
with (docs / "calibration_counts.csv").open(encoding="utf-8", newline="") as file:
    for line in csv.DictReader(file):
        truth = {"cohorts": int(line["cohorts"]), "tau": float(line["tau"])}
        for column, value in line.items():
            for quantity in ("typical", "new_cohort"):
                if column.startswith(f"coverage_{quantity}_"):
                    method = column.removeprefix(f"coverage_{quantity}_")
                    rows.append({**truth, "method": method, "quantity": quantity, "coverage": float(value)})
result = tc.CalibrationResult("grid", rows, {"level": 0.95}, {})
figure = tc.plots.coverage(result, measure="coverage")
tc.plots.save(figure, docs / "images" / "calibration_coverage.svg")
