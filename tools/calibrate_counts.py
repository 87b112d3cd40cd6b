"""Run the calibration of models: ranks of truths from the priors of every bundled model, and coverage at fixed truths.

    python tools/calibrate_counts.py [--workers 2] [--scheduler ADDRESS] [--only ranks|grid|nuts]

Writes docs/calibration_ranks.json and docs/calibration_counts.csv. What is finished stays in .calibration/, so that it
goes on from there when it is run again; results of other code are made anew.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import tinycohort as tc
from tinycohort.families import SURVIVAL_FAMILIES

ROOT = Path(__file__).resolve().parent.parent
RANKS = ROOT / "docs" / "calibration_ranks.json"
COUNTS = ROOT / "docs" / "calibration_counts.csv"
CHECKPOINTS = ROOT / ".calibration"
SEED = 20261122
#: What a user of the defaults of `pool` has, five cohorts of three to twenty people.
TINY = [3, 5, 8, 13, 20]
# Replicates with one grid for all data sets, one fit each, and NUTS; and at each fixed truth.
MANY, FEWER, SAMPLED, FIXED = 10_000, 1_000, 1_000, 4_000
# Cohorts in groups take a second or more each.
GROUPED = 100
TRUTH = ("cohorts", "people", "rate", "tau", "replicates")


def analyses() -> list[tuple[str, Any, dict[str, Any]]]:
    """Names, models, and how each is calibrated."""
    evidence = tc.read_evidence()
    tiny = tc.pool(events=[0] * len(TINY), totals=TINY).compiled
    found: list[tuple[str, Any, dict[str, Any]]] = [("five tiny cohorts", tiny, {"replicates": MANY})]
    for name in tc.bundled_models():
        model = tc.read_model(name)
        if model.quantity.family not in SURVIVAL_FAMILIES:
            compiled = tc.compile_model(model, evidence)
            quick = compiled.likelihood.name == "binomial" and compiled.pooling.name == "partial"
            size = MANY if quick else GROUPED if compiled.pooling.grouped else FEWER
            found.append((name, compiled, {"replicates": size}))
    return found


def place(name: str) -> Path:
    CHECKPOINTS.mkdir(exist_ok=True)
    return CHECKPOINTS / f"{name.replace(' ', '_')}.jsonl"


def run(name: str, model: Any, where: dict[str, Any], given: dict[str, Any]) -> tuple[tc.CalibrationResult, float]:
    begun = time.perf_counter()
    path = place(name)

    def tell(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    def once() -> tc.CalibrationResult:
        return tc.calibrate(model, seed=SEED, checkpoint=path, progress=tell, **where, **given)

    try:
        result = once()
    except tc.InputError as error:
        if "of something else" not in str(error):
            raise
        path.unlink()
        result = once()
    print(result, flush=True)
    return result, time.perf_counter() - begun


def keep_ranks(name: str, result: tc.CalibrationResult, seconds: float) -> None:
    stored = json.loads(RANKS.read_text(encoding="utf-8")) if RANKS.exists() else {}
    stored[name] = {**result.to_dict(), "seconds": round(seconds, 1)}
    text = json.dumps(stored, separators=(",", ":")).replace('},{"', '},\n{"')
    RANKS.write_text(f"{text}\n", encoding="utf-8")


def keep_grid(result: tc.CalibrationResult) -> None:
    """A line for each truth, with coverage and mean width of each method and quantity."""
    wide: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in result.rows:
        line = wide.setdefault(tuple(row[name] for name in TRUTH), {name: row[name] for name in TRUTH})
        for what in ("coverage", "width"):
            line[f"{what}_{row['quantity']}_{row['method']}"] = row[what]
    stamp = {name: result.stamp[name] for name in ("date", "commit", "code")} | {"seed": result.settings["seed"]}
    lines = [line | stamp for line in wide.values()]
    with COUNTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--scheduler")
    parser.add_argument("--only", choices=["ranks", "grid", "nuts"])
    given = parser.parse_args()
    where = {"workers": given.workers, "scheduler": given.scheduler}
    if given.only in (None, "ranks"):
        for name, model, how in analyses():
            keep_ranks(name, *run(name, model, where, how))
    tiny = analyses()[0][1]
    if given.only in (None, "grid"):
        result, _ = run("grid", tiny, where, {"truths": "grid", "replicates": FIXED})
        keep_grid(result)
    if given.only in (None, "nuts"):
        name = "five tiny cohorts, NUTS"
        keep_ranks(name, *run(name, tiny, where, {"engine": "nuts", "replicates": SAMPLED}))


if __name__ == "__main__":
    main()
