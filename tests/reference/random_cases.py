"""The random data sets, drawn from a seeded generator."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

SEED = 20261107
KINDS = {"all_zero": 18, "all_response": 18, "some_single": 22, "conflict": 14, "ordinary": 128}
COHORT_WEIGHTS = np.array([6, 14, 15, 15, 13, 10, 8, 7, 3, 3, 2, 4]) / 100.0


def draw_totals(rng, j, kind, full):
    """Totals of j cohorts, log-uniform, at most 10,000 together (exactly so if `full`)."""
    if kind == "conflict":
        n = np.exp(rng.uniform(np.log(100), np.log(10_000 / j), j))
        n[2:] = np.exp(rng.uniform(0, np.log(10_000 / j), j - 2))
    else:
        biggest = np.exp(rng.uniform(np.log(3), np.log(10_000 / j)))
        n = np.exp(rng.uniform(0, np.log(biggest), j))
    n = np.maximum(1, np.round(n)).astype(int)
    if full:
        n = np.maximum(1, np.floor(n * (10_000 / n.sum()))).astype(int)
        n[np.argmax(n)] += 10_000 - n.sum()
    if kind == "some_single":
        n[rng.permutation(j)[: int(rng.integers(1, j + 1))]] = 1
    return n


def draw_events(rng, n, kind):
    """Events: forced to 0 or n, or binomial about rates that vary between cohorts."""
    centre = rng.uniform(*np.log([0.005 / 0.995, 0.995 / 0.005]))
    spread = rng.uniform(0.0, 1.5)
    theta = np.clip(centre + spread * rng.standard_normal(n.size), -5.2933, 5.2933)
    if kind == "conflict":
        gap = rng.uniform(1.5, 5.0)
        theta[0], theta[1] = np.clip(rng.uniform(-2, 2) + np.array([-0.5, 0.5]) * gap, -5.2933, 5.2933)
    if kind == "all_zero":
        return np.zeros_like(n)
    if kind == "all_response":
        return n.copy()
    return rng.binomial(n, expit(theta))


def draw_cases():
    """Inputs of all partial-pooling cases."""
    rng = np.random.default_rng(SEED)
    kinds = rng.permutation(np.repeat(list(KINDS), list(KINDS.values())))
    cases = []
    for i, kind in enumerate(kinds):
        j = int(rng.choice(np.arange(1, 13), p=COHORT_WEIGHTS))
        j = max(j, 2) if kind in ("conflict", "some_single") else j
        n = draw_totals(rng, j, kind, full=i % 15 == 4)
        scale = {0: 0.01, 6: 5.0}.get(i % 12, float(f"{np.exp(rng.uniform(np.log(0.01), np.log(5.0))):.4g}"))
        mu = {"dist": "Logistic", "mu": 0.0, "scale": 1.0}
        if i % 5 == 3:
            mu = {"dist": "Normal", "mu": 0.0, "sigma": float(f"{np.exp(rng.uniform(np.log(0.5), np.log(4.0))):.3g}")}
        events = draw_events(rng, n, kind)
        cases.append({"id": f"binomial_{i + 1:03d}", "kind": str(kind), "events": events.tolist(),
                      "totals": n.tolist(), "priors": {"mu": mu, "tau": {"dist": "HalfNormal", "sigma": scale}},
                      "also_common_and_none": i % 7 == 0})  # fmt: skip
    return cases


def draw_contrasts():
    """Inputs of the contrast cases."""
    rng = np.random.default_rng(SEED + 1)
    cases = []
    for i in range(20):
        j = 1 if i == 3 else int(rng.integers(2, 11))
        dist = ("HalfNormal", "HalfCauchy", "Uniform")[i % 3] if i != 3 else "HalfNormal"
        j = max(j, 3) if dist == "HalfCauchy" else j  # with fewer, the variance of tau does not exist
        size = float(f"{np.exp(rng.uniform(np.log(0.01), np.log(5.0))):.3g}")
        size = {0: 0.01, 1: 5.0, 2: 5.0, 6: 5.0}.get(i, size)
        tau = {"HalfNormal": {"sigma": size}, "HalfCauchy": {"scale": size}, "Uniform": {"lower": 0.0, "upper": size}}
        se = np.exp(rng.uniform(np.log(0.05), np.log(2.0), j))
        y = rng.normal(0, 1) + rng.uniform(0, 1.0) * rng.standard_normal(j) + se * rng.standard_normal(j)
        if i in (6, 7):  # two precise estimates that contradict each other
            y[:2], se[:2] = [-1.5, 1.5], [0.05, 0.08]
        cases.append({"id": f"contrast_{i + 1:02d}", "estimates": [float(f"{v:.5g}") for v in y],
                      "standard_errors": [float(f"{v:.4g}") for v in se],
                      "priors": {"mu": {"dist": "Normal", "mu": 0.0, "sigma": [0.5, 1.0, 2.0, 10.0][i % 4]},
                                 "tau": {"dist": dist, **tau[dist]}}})  # fmt: skip
    return cases
