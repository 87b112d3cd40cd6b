"""The sarcoma subtypes of `basket_trials.json` by plain sums, without the package: prints what `own` holds.

mu by 801 equally spaced points, z = (theta - mu) / tau by 121, tau by 100 Gauss-Legendre nodes from 0 to 5.5, and a
theta on its own by 40001 points. Takes some ten seconds.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from scipy import special, stats

FILE = Path(__file__).parent / "basket_trials.json"


def main() -> None:
    """Print log evidence, means, standard deviations and probabilities of being exchangeable."""
    data = json.loads(FILE.read_text(encoding="utf-8"))["cases"][0]["inputs"]
    wide, own = 0.146**-0.5, 0.128**-0.5
    mu = np.linspace(-1.735 - 8 * wide, -1.735 + 8 * wide, 801)
    prior = stats.norm.pdf(mu, -1.735, wide) * (mu[1] - mu[0])
    nodes, weights = np.polynomial.legendre.leggauss(100)
    z = np.linspace(-9, 9, 121)
    normal = stats.norm.pdf(z) * (z[1] - z[0])
    theta = np.linspace(-1.734 - 9 * own, -1.734 + 9 * own, 40001)
    of_own = stats.norm.pdf(theta, -1.734, own) * (theta[1] - theta[0])
    counts = list(zip(data["r"], data["n"], strict=True))

    def averages(p: np.ndarray, over: np.ndarray) -> np.ndarray:
        p = np.clip(p, 1e-300, 1 - 1e-16)
        log_p, log_rest = np.log(p), np.log1p(-p)
        powers = []
        for r, n in counts:
            each = math.comb(n, r) * np.exp(r * log_p + (n - r) * log_rest)
            powers.append([(each * p**power) @ over for power in range(3)])
        return np.stack([[of_one[power] for of_one in powers] for power in range(3)])

    alone = averages(special.expit(theta), of_own)
    total, exchangeable, moments = 0.0, np.zeros(len(counts)), np.zeros((2, len(counts)))
    for tau, weight in zip(2.75 * (nodes + 1), 2.75 * weights * 2 * stats.norm.pdf(2.75 * (nodes + 1)), strict=True):
        together = averages(special.expit(mu[:, None] + tau * z), normal)
        mixed = 0.5 * together + 0.5 * alone[..., None]
        joint = prior * weight * mixed[0].prod(axis=0)
        total += joint.sum()
        exchangeable += (joint * 0.5 * together[0] / mixed[0]).sum(axis=1)
        moments += (joint * mixed[1:] / mixed[0]).sum(axis=2)
    mean, square = moments / total
    found = {"p_mean": mean, "p_sd": np.sqrt(square - mean**2), "P(exchangeable)": exchangeable / total}
    print(json.dumps({"log_marginal_likelihood": float(np.log(total))} | {k: v.tolist() for k, v in found.items()}))


if __name__ == "__main__":
    main()
