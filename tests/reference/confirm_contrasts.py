"""Confirm stored contrast posteriors by mpmath: one integral over tau, everything else in closed form."""

from __future__ import annotations

from itertools import pairwise

import mpmath

LEVELS = (0.025, 0.5, 0.975)
NAMES = ("lower", "median", "upper")


def confirm_contrast(case):
    """Distance of one contrast case from the definition: one integral over tau, by mpmath at 20 digits."""
    mpmath.mp.dps = 20
    mp, prior, stored = mpmath.mp, case["priors"]["tau"], case["pooling"]["partial"]
    ys, ss = ([mp.mpf(str(v)) for v in case[k]] for k in ("estimates", "standard_errors"))
    sigma = mp.mpf(str(case["priors"]["mu"]["sigma"]))
    scale = mp.mpf(str(prior.get("sigma", prior.get("scale", prior.get("upper")))))
    density = {"HalfNormal": lambda t: 2 * mp.npdf(t / scale) / scale, "Uniform": lambda t: 1 / scale,
               "HalfCauchy": lambda t: 2 / mp.pi / scale / (1 + (t / scale) ** 2)}[prior["dist"]]  # fmt: skip

    # mp.quad stops at an absolute error, so the integrand is lifted to an integral of about 1
    lift = mp.exp(-mp.mpf(stored["log_marginal_likelihood"]))

    def one(t, below):
        """Prior times p(y | t), through the conditional chain y_1, y_2 | y_1, ...; times P(. <= x | t) if asked."""
        mean, var, total = mp.mpf(0), sigma**2, density(t) * lift
        for y, s in zip(ys, ss, strict=True):
            spread = var + t**2 + s**2
            total *= mp.npdf(y, mean, mp.sqrt(spread))
            mean, var = mean + var / spread * (y - mean), var * (t**2 + s**2) / spread
        return total * below(t, mean, var)

    def cohort(j, x):
        def below(t, mean, var):
            precision = 1 / ss[j] ** 2 + 1 / t**2
            share = 1 / t**2 / precision
            centre = share * mean + ys[j] / ss[j] ** 2 / precision
            return mp.ncdf((x - centre) / mp.sqrt(1 / precision + share**2 * var))

        return below

    marks = [mp.mpf(stored["tau"][k]) for k in NAMES]
    end = scale if prior["dist"] == "Uniform" else mp.inf
    steps = [(marks[2] - marks[0]) * mp.mpf(4) ** k for k in range(-1, 4)]
    above = sorted({x for x in (*(marks[2] + d for d in steps), max(20 * marks[2], 9 * scale), end) if x <= end})
    cuts = [mp.mpf(0), *sorted({x for x in (marks[0] / 4, *(marks[0] - d for d in steps)) if x > 0}), *marks, *above]
    first = cuts.index(marks[0])
    parts = [mp.quad(lambda t: one(t, lambda *_: 1), [a, b]) for a, b in pairwise(cuts)]
    total = mp.fsum(parts)
    off = [[mp.fsum(parts[: first + i]) / total - mp.mpf(q) for i, q in enumerate(LEVELS)]]
    kinds = [(stored["mu"], lambda x: lambda t, m, v: mp.ncdf((x - m) / mp.sqrt(v))),
             (stored["new_cohort"], lambda x: lambda t, m, v: mp.ncdf((x - m) / mp.sqrt(v + t**2))),
             (stored["cohorts"][0], lambda x: cohort(0, x))]  # fmt: skip
    for numbers, below in kinds:
        chosen = []
        for k in NAMES:
            given_tau = below(mp.mpf(numbers[k]))
            chosen.append(mp.quad(lambda t, f=given_tau: one(t, f), cuts) / total)
        off.append([c - mp.mpf(q) for c, q in zip(chosen, LEVELS, strict=True)])
    names = ["tau", "mu", "new_cohort", "cohort 0"]
    return {
        "id": case["id"],
        "log_marginal_likelihood": float(mp.nstr(mp.log(total / lift), 15)),
        "log_marginal_likelihood_off_by": float(mp.nstr(mp.log(total), 2)),
        "probability_off_by": {n: [float(mp.nstr(v, 2)) for v in row] for n, row in zip(names, off, strict=True)},
    }
