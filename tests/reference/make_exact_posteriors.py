"""Recompute the stored posteriors of `exact_posteriors.json` with an integration of their own.

Nothing of the package is used here, and the method differs from the package's on purpose, so
that agreement between the two means something: see `binomial_integrals.py`, `binomial_summaries.py`
and `contrast_integrals.py`. Every case is computed under two rules (other spacings, windows and node
positions); the finer is stored and the difference is its `accuracy`.

Run: python tests/reference/make_exact_posteriors.py --workers 2
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import scipy
from binomial_integrals import BASE, FINE, Problem
from binomial_summaries import common, partial, unpooled
from contrast_integrals import Contrast, contrast
from random_cases import SEED, draw_cases, draw_contrasts

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "exact_posteriors.json"
SCRIPTS = (
    "binomial_integrals.py",
    "binomial_summaries.py",
    "contrast_integrals.py",
    "make_exact_posteriors.py",
    "random_cases.py",
)


def leaves(value, path=()):
    """(path, number) for every number in a nested result."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def differences(one, two):
    """Largest absolute difference between two results, by group of numbers."""
    out = {"log_marginal_likelihood": 0.0, "elpd_loco": 0.0, "tau": 0.0, "quantiles": 0.0, "moments": 0.0}
    other = dict(leaves(two))
    for path, value in leaves(one):
        group = path[0] if path[0] in out else "moments" if path[-1] in ("mean", "sd") else "quantiles"
        out[group] = max(out[group], abs(value - other[path]))
    return out


TARGETS = {"log_marginal_likelihood": 1e-8, "elpd_loco": 1e-8, "tau": 1e-7, "quantiles": 1e-7, "moments": 1e-7}


def problem_of(case):
    """The Problem of a stored binomial case."""
    return Problem(
        np.array(case["events"]), np.array(case["totals"]), case["priors"]["mu"], case["priors"]["tau"]["sigma"]
    )


def contrast_of(case):
    """The Contrast of a stored contrast case."""
    return Contrast(np.array(case["estimates"]), np.array(case["standard_errors"]), case["priors"]["mu"]["sigma"],
                    case["priors"]["tau"])  # fmt: skip


def solve(case):
    """One case, solved under both rules: the finer results and their differences."""
    started = time.perf_counter()
    if "estimates" in case:
        pair = [contrast(contrast_of(case), step) for step in (1.0 / 48, 1.0 / 80)]
        results = {"partial": pair}
    else:
        problem = problem_of(case)
        results = {"partial": partial(problem)}
        if case["also_common_and_none"]:
            results["common"] = [common(problem, rule) for rule in (BASE, FINE)]
            results["none"] = [unpooled(problem, rule) for rule in (BASE, FINE)]
    out = dict(case)
    out.pop("also_common_and_none", None)
    out["pooling"] = {kind: rounded(two[1]) for kind, two in results.items()}
    out["accuracy"] = {
        kind: {k: float(f"{v:.1e}") for k, v in differences(*two).items()} for kind, two in results.items()
    }
    out["seconds"] = round(time.perf_counter() - started, 1)
    return out


def rounded(value):
    """The same nest of numbers at 16 significant digits."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.16g}")


def digest():
    """SHA-256 over the scripts that make the file."""
    total = hashlib.sha256()
    for name in SCRIPTS:
        total.update((HERE / name).read_bytes())
    return total.hexdigest()


def write(done, output):
    """Store everything solved so far."""
    accuracies = [(case["accuracy"][kind], case["id"]) for case in done.values() for kind in case["accuracy"]]
    worst = {k: max((a[k], name) for a, name in accuracies) for k in TARGETS} if accuracies else {}
    document = {
        "format": 1,
        "title": "Posteriors of small meta-analyses by an integration independent of the package",
        "made_on": datetime.date.today().isoformat(),
        "script": "tests/reference/make_exact_posteriors.py",
        "scripts": SCRIPTS,
        "scripts_sha256": digest(),
        "seed": SEED,
        "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__},
        "level": 0.95,
        "accuracy_target": TARGETS,
        "worst_accuracy": {k: {"difference": v[0], "case": v[1]} for k, v in worst.items()},
        "cases": [done[k] for k in sorted(done) if k.startswith("binomial")],
        "contrast_cases": [done[k] for k in sorted(done) if k.startswith("contrast")],
    }
    output.with_suffix(".part").write_text(one_case_per_line(document), encoding="utf-8")
    output.with_suffix(".part").replace(output)


def one_case_per_line(document):
    """JSON text with each case on a line of its own, so that a change shows which cases moved."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            text = "[\n" + ",\n".join("  " + json.dumps(item) for item in value) + "\n ]"
        else:
            text = json.dumps(value)
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def stored_cases(path):
    """Cases of a stored file, by id."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return {case["id"]: case for case in [*document["cases"], *document["contrast_cases"]]}


def compare_with_stored(done, stored):
    """Print how far the recomputation is from what is stored; the number of cases beyond target."""
    bad = 0
    for name, case in sorted(done.items()):
        for kind, result in case["pooling"].items():
            apart = differences(result, stored[name]["pooling"][kind])
            beyond = {k: v for k, v in apart.items() if v > TARGETS[k]}
            bad += bool(beyond)
            if beyond:
                print(f"{name} {kind}: differs from the stored reference by {beyond}", file=sys.stderr)
    print(f"{len(done)} cases recomputed, {bad} beyond the targets", file=sys.stderr)
    return bad


def main(argv=None):
    """Command line: recompute and store, or with --check recompute and compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first", type=int, default=None, help="only the first so many binomial cases")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--resume", action="store_true", help="keep what the output already holds")
    parser.add_argument("--check", action="store_true", help="compare with the output instead of writing it")
    options = parser.parse_args(argv)
    cases = draw_contrasts() + draw_cases()[: options.first]
    stored = stored_cases(options.output) if (options.check or options.resume) and options.output.exists() else {}
    done = {k: stored[k] for k in stored if options.resume}
    todo = [c for c in cases if c["id"] not in done]
    started = time.perf_counter()
    with ProcessPoolExecutor(options.workers) as pool:
        futures = [pool.submit(solve, case) for case in todo]
        for count, future in enumerate(as_completed(futures), 1):
            case = future.result()
            done[case["id"]] = case
            worst = max(a["quantiles"] for a in case["accuracy"].values())
            passed = f"{count}/{len(todo)} after {time.perf_counter() - started:.0f} s"
            print(
                f"{passed}: {case['id']} ({case['seconds']} s), quantiles to {worst:.0e}", file=sys.stderr, flush=True
            )
            if not options.check and count % 20 == 0:
                write(done, options.output)
    if options.check:
        return 1 if compare_with_stored(done, stored) else 0
    write(done, options.output)
    missed = [n for n, c in done.items() for a in c["accuracy"].values() if any(a[k] > TARGETS[k] for k in TARGETS)]
    if missed:
        print(f"accuracy target missed in {missed}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
