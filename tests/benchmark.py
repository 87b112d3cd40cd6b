"""How long it takes, as ratios to what it rests on and in absolute terms: ``make bench``.

Processor time inside one process, wall time for whole processes; medians, with the fastest run beside them. Ratios are
taken run by run in turn, so that a machine whose speed drifts does not matter.
"""

from __future__ import annotations

import os

# One thread each, as a calibration runs one worker a core: threads that wait for each other count as work otherwise.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import tinycohort as tc
from tinycohort.engines.batch import pool_many
from tinycohort.engines.exact import solve

EVENTS, TOTALS = [1, 7, 9, 5, 31], [8, 27, 44, 24, 91]
CSV = "label,events,total\n" + "".join(
    f"cohort {j},{r},{n}\n" for j, (r, n) in enumerate(zip(EVENTS, TOTALS, strict=True))
)
BARE = "import numpy, scipy.special"


def main() -> None:
    """Run every benchmark and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skip-nuts", action="store_true", help="leave out the comparison with bare nutpie")
    skip_nuts = parser.parse_args().skip_nuts
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} processors\n")
    exact_engine()
    many_data_sets()
    cold_processes()
    if not skip_nuts:
        nuts_against_nutpie()


def asked(compiled: tc.CompiledModel) -> None:
    """A fit by the exact engine, and every estimate of it."""
    posterior = solve(compiled)
    overall = (name for name in ("mu", "tau", "tau_group") if name in compiled.pooling.parameters)
    for target in (*overall, "typical", "average", "new_cohort"):
        posterior.marginal(target, natural=target not in ("mu", "tau", "tau_group")).summary(0.95)
    for target, several in (("cohort", compiled.cohorts), ("group", len(compiled.group_labels))):
        for number in range(several):
            posterior.marginal(target, number, natural=True).summary(0.95)


def exact_engine() -> None:
    """One fit with its error estimate, and every cohort left out in turn."""
    compiled = tc.pool(EVENTS, TOTALS).compiled
    seconds = processor_seconds(partial(asked, compiled), 200)
    show("five cohorts, partial pooling, all estimates and their error", seconds, 1e3, "ms")
    posterior = solve(compiled)
    show("the same, each cohort left out in turn", processor_seconds(posterior.leave_one_out, 50), 1e3, "ms")
    events, totals = [*EVENTS, 3, 0, 12, 8, 9], [*TOTALS, 20, 5, 41, 36, 26]
    for name, more in (("nested", {"groups": [*"aabbccddee"]}), ("student", {"nu": 4})):
        wider = tc.pool(events, totals, pooling=name, **more).compiled
        label = "in five groups, nested" if name == "nested" else "student, nu = 4"
        show(
            f"ten cohorts, {label}, all estimates and their error",
            processor_seconds(partial(asked, wider), 10),
            1e3,
            "ms",
        )


def many_data_sets() -> None:
    """What a calibration does: ten thousand simulated data sets."""
    rng = np.random.default_rng(1)
    theta = rng.logistic(size=(10_000, 1)) + np.abs(rng.normal(0, 0.5, (10_000, 1))) * rng.normal(size=(10_000, 5))
    events = rng.binomial(TOTALS, 1 / (1 + np.exp(-theta)))
    seconds = processor_seconds(lambda: pool_many(events, TOTALS, tc.Logistic(0, 1), tc.HalfNormal(0.5)), 5)
    show("10,000 data sets of five cohorts", seconds, 1, "s")


def cold_processes() -> None:
    """What a user waits for at the command line, above what NumPy and scipy.special cost anyway."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "counts.csv"
        table.write_text(CSV)
        pool = [sys.executable, "-m", "tinycohort", "pool", str(table), "--json"]
        bare = [sys.executable, "-c", BARE]
        pairs = np.array([(wall_seconds(pool), wall_seconds(bare)) for _ in range(16)])[1:]
    show("tinycohort pool, from a cold process", pairs[:, 0], 1, "s")
    show(f"bare `{BARE}`", pairs[:, 1], 1, "s")
    show("tinycohort pool above it", pairs[:, 0] - pairs[:, 1], 1, "s")


def nuts_against_nutpie() -> None:
    """The NUTS engine on a structure that is compiled already, and nutpie alone on the same model and data."""
    import nutpie

    from tinycohort.engines.nuts import CHAINS, DRAWS, TARGET_ACCEPT, TUNE, compiled_sampler, sample

    compiled = tc.pool(EVENTS, TOTALS).compiled
    begun = time.perf_counter()
    sampler = compiled_sampler(compiled)
    print(f"{'compiling the sampler, once a structure':64} {time.perf_counter() - begun:8.2f} s")
    settings = {"draws": DRAWS, "tune": TUNE, "chains": CHAINS, "target_accept": TARGET_ACCEPT}

    def bare(seed: int) -> None:
        nutpie.sample(sampler, seed=seed, progress_bar=False, save_warmup=False, **settings)

    sample(compiled, 0)
    pairs = np.array([(timed(lambda k=k: sample(compiled, k)), timed(lambda k=k: bare(k))) for k in range(1, 21)])
    show("nuts, warm: sampling and diagnosis", pairs[:, 0], 1, "s")
    show("bare nutpie on the same model", pairs[:, 1], 1, "s")
    show("ratio", pairs[:, 0] / pairs[:, 1], 1, "")


def processor_seconds(task: Callable[[], object], runs: int) -> np.ndarray:
    """Processor seconds of each run, after two that are not counted."""
    for _ in range(2):
        task()
    seconds = []
    for _ in range(runs):
        begun = time.process_time()
        task()
        seconds.append(time.process_time() - begun)
    return np.array(seconds)


def timed(task: Callable[[], object]) -> float:
    """Wall seconds of one run."""
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def wall_seconds(command: list[str]) -> float:
    """Wall seconds of a whole process."""
    return timed(lambda: subprocess.run(command, check=True, capture_output=True))


def show(name: str, values: np.ndarray, factor: float, unit: str) -> None:
    """One line: median, and the fastest."""
    print(f"{name:64} {np.median(values) * factor:8.3f} {unit:2}  (fastest {values.min() * factor:.3f})")


if __name__ == "__main__":
    main()
