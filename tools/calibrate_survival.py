"""Run the calibration of survival reports: every cell that results do not have yet, two at a time.

    python tools/calibrate_survival.py [--replicates 4000] [--minutes 20] [--only prior|fixed|across|closer]

Stops after so many minutes, and goes on from there when it is run again. Results made by other code are made anew, and
stay until they are; with --keep they stay.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import hashlib
import itertools
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from tinycohort import calibration
from tinycohort.calibration import PATIENTS, QUANTITIES, RULES, Cell

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "calibration_survival.csv"
SOURCES = ("calibration", "likelihoods/survival", "families")
# Of hazard ratios alone: see calibrate_hazard_ratios.py.
APART = ("hazard_ratios.py", "trials.py")
KEY = ("family", "fitted", "rule", "people", "truth", "replicates")
MEASURED = (
    "printed",
    *(f"{what}_{name}" for name in QUANTITIES for what in ("coverage", "width", "uniform_p")),
    "digest",
)
COLUMNS = (*KEY, *MEASURED, "date", "commit", "code")

FOUR = ("weibull", "exponential", "log_normal", "log_logistic")
OTHERS = ("gompertz", "piecewise_exponential", "m_spline")
# At fixed truths: standard deviations of the log median, and of the shape.
AWAY = ((0.0, 0.0), (-2.0, 0.0), (-1.0, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, -2.0), (0.0, -1.0), (0.0, 1.0), (0.0, 2.0))
FIXED_RULES = tuple(r for r in RULES if r.startswith("landmarks") and "alone" not in r and "by R" not in r)
REPORTED = ("naive product", "plug-in of n")
# A coverage at a fixed truth that differs from the patients' own by more than this is looked at again.
POINTS = 3.0


def cells(replicates: int) -> Iterator[tuple[str, Cell]]:
    """All of them, those first that matter most."""
    for rule, people, family in itertools.product(RULES, (3, 8, 20, 90), FOUR):
        if rule != "person-time" or family == "exponential":
            yield "prior", Cell(family, rule, people, replicates)
    for family, rule, people in itertools.product(OTHERS, RULES, (20, 90)):
        if rule not in ("person-time", *REPORTED):
            yield "prior", Cell(family, rule, people, replicates)
    for away, people, family in itertools.product(AWAY, (8, 20, 3, 90), FOUR[:2]):
        if family != "exponential" or away[1] == 0.0:
            for rule in (PATIENTS, *FIXED_RULES):
                yield "fixed", Cell(family, rule, people, replicates // 4, away)
    for family, fitted, people in itertools.product(FOUR, FOUR, (8, 20, 90)):
        if family != fitted:
            for rule in (PATIENTS, "landmarks, at risk", "median, first"):
                yield "across", Cell(family, rule, people, replicates // 4, None, fitted)


def closer(rows: Iterable[dict[str, str]], replicates: int) -> Iterator[tuple[str, Cell]]:
    """Cells at fixed truths that differ much from the patients themselves, and those patients, with all replicates."""
    first = [r for r in rows if r["truth"] != "prior" and r["replicates"] == str(replicates // 4)]
    patients = {(r["family"], r["people"], r["truth"]): r for r in first if r["rule"] == PATIENTS}
    wanted: dict[Cell, None] = {}
    for row in first:
        base = patients.get((row["family"], row["people"], row["truth"]))
        if row["family"] == row["fitted"] and base is not None and differs(row, base):
            away = tuple(float(part) for part in row["truth"].split())
            for rule in (PATIENTS, row["rule"]):
                wanted[Cell(row["family"], rule, int(row["people"]), replicates, (away[0], away[1]))] = None
    yield from (("closer", cell) for cell in wanted)


def differs(row: dict[str, str], patients: dict[str, str]) -> bool:
    pairs = ((float(row[f"coverage_{name}"]), float(patients[f"coverage_{name}"])) for name in QUANTITIES)
    return any(100.0 * abs(mine - theirs) > POINTS for mine, theirs in pairs)


def truth_of(cell: Cell) -> str:
    return "prior" if cell.away is None else f"{cell.away[0]:+g} {cell.away[1]:+g}"


def key_of(cell: Cell) -> tuple[str, ...]:
    fitted = cell.fitted or cell.family
    return cell.family, fitted, cell.rule, str(cell.people), truth_of(cell), str(cell.replicates)


def code_digest() -> str:
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / "src" / "tinycohort" / folder).glob("*.py")):
            if path.name not in APART:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def measure(cell: Cell) -> dict[str, float | str]:
    return calibration.summary(*calibration.run(cell))


def read() -> list[dict[str, str]]:
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(rows: Iterable[dict[str, str]]) -> None:
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--only", choices=["prior", "fixed", "across", "closer"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="do not make results of other code anew")
    given = parser.parse_args()
    code = code_digest()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    stamp = {"date": datetime.date.today().isoformat(), "commit": commit.stdout.strip(), "code": code}
    rows = {tuple(row[name] for name in KEY): row for row in read()}
    done = {key for key, row in rows.items() if given.keep or row["code"] == code}
    asked = itertools.chain(cells(given.replicates), closer(rows.values(), given.replicates))
    wanted = [cell for part, cell in asked if given.only in (None, part) and key_of(cell) not in done]
    until = time.monotonic() + 60.0 * given.minutes
    with ProcessPoolExecutor(given.workers) as pool:
        running: dict[Future[dict[str, float | str]], Cell] = {}
        waiting = iter(wanted)
        while True:
            while len(running) < given.workers and time.monotonic() < until and (cell := next(waiting, None)):
                running[pool.submit(measure, cell)] = cell
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                cell = running.pop(future)
                found = {name: str(value) for name, value in future.result().items()}
                rows[key_of(cell)] = dict(zip(KEY, key_of(cell), strict=True)) | found | stamp
                write(rows.values())
                print(*key_of(cell), *(found[f"coverage_{name}"] for name in QUANTITIES), flush=True)
    made = sum(row["code"] == code for row in rows.values())
    print(f"{made} of {len(list(cells(given.replicates)))} cells are of this code")


if __name__ == "__main__":
    main()
