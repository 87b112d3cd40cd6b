"""Confirm the most extreme stored posteriors by adaptive quadrature, nested three deep.

Shares no code with `make_exact_posteriors.py` and none with the package. From the definition: the
integrals over theta_j (Gauss-Legendre of order 10, halved until both halves agree with the whole),
over mu and over tau (adaptive Gauss-Kronrod, vector-valued)
give the evidence and, at every *stored* quantile, the distribution function there, which has to be
0.025, 0.5 or 0.975. The distance from it, divided by the density, is the error of the quantile.
Stored quantiles and tau summaries serve only as places where the intervals are cut; the adaptive
rules would go on cutting if they were wrong. Two small cases are repeated by mpmath with 30 digits.
The contrasts, one integral over tau, are confirmed by mpmath, all of them.

Run: python tests/reference/confirm_exact_posteriors.py --workers 2      (about ten minutes)
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
from confirm_contrasts import confirm_contrast
from numba import njit
from scipy.integrate import quad_vec
from scipy.optimize import brentq, minimize_scalar

HERE = Path(__file__).resolve().parent
STORED, OUTPUT = HERE / "exact_posteriors.json", HERE / "exact_posteriors_confirmed.json"
LEVELS = (0.025, 0.5, 0.975)
NAMES = ("lower", "median", "upper")
ROOT_2PI = math.sqrt(2.0 * math.pi)


def logit(p):
    """Log odds."""
    return math.log(p) - math.log1p(-p)


@njit(cache=False)
def log_rate(theta):
    """(log p, log(1 - p)) at logit theta."""
    tail = math.log1p(math.exp(-abs(theta)))
    if theta >= 0:
        return -tail, -theta - tail
    return theta - tail, -tail


NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)


@njit(cache=False)
def one_panel(r, rest, mu, tau, peak, lo, hi):
    """Gauss-Legendre over z in (lo, hi) of exp(r log p + rest log(1 - p) - z^2 / 2 - peak)."""
    total = 0.0
    for k in range(10):
        z = 0.5 * (lo + hi) + 0.5 * (hi - lo) * NODES[k]
        a, b = log_rate(mu + tau * z)
        total += WEIGHTS[k] * math.exp(r * a + rest * b - 0.5 * z * z - peak)
    return 0.5 * (hi - lo) * total


@njit(cache=False)
def adaptive(r, rest, mu, tau, peak, lo, hi, tolerance):
    """The same integral, panels halved until two halves agree with the whole."""
    stack = [(lo, hi, one_panel(r, rest, mu, tau, peak, lo, hi))]
    total = 0.0
    while len(stack) > 0:
        a, b, whole = stack.pop()
        middle = 0.5 * (a + b)
        left = one_panel(r, rest, mu, tau, peak, a, middle)
        right = one_panel(r, rest, mu, tau, peak, middle, b)
        if abs(left + right - whole) <= tolerance or b - a < 1e-12 * (hi - lo):
            total += left + right
        else:
            stack.append((a, middle, left))
            stack.append((middle, b, right))
    return total


@njit(cache=False)
def crest(r, n, mu, tau):
    """Where r log p + (n - r) log(1 - p) - z^2 / 2 peaks over z, and the width there: by halving."""
    low, high = tau * (r - n) - 1e-9, tau * r + 1e-9
    for _ in range(200):
        z = 0.5 * (low + high)
        if tau * (r - n * math.exp(log_rate(mu + tau * z)[0])) - z > 0:
            low = z
        else:
            high = z
        if high - low < 1e-9 * (1.0 + abs(z)):
            break
    a, b = log_rate(mu + tau * z)
    return z, 1.0 / math.sqrt(1.0 + tau * tau * n * math.exp(a + b))


def phi_cdf(z):
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def pieces(cuts, lo, hi):
    """Sorted distinct cut points between lo and hi, the ends included."""
    return sorted({lo, hi, *(c for c in cuts if lo < c < hi)})


class Nested:
    """Integrals of one stored case, from the definition."""

    def __init__(self, case, cohorts):
        self.r, self.n = case["events"], case["totals"]
        self.prior, self.scale = case["priors"]["mu"], case["priors"]["tau"]["sigma"]
        self.answer = case["pooling"]["partial"]
        self.cohorts = cohorts
        self.logs = [
            math.lgamma(n + 1) - math.lgamma(r + 1) - math.lgamma(n - r + 1)
            for r, n in zip(self.r, self.n, strict=True)
        ]
        self.at_typical = [logit(self.answer["typical"][k]) for k in NAMES]
        self.at_new = [logit(self.answer["new_cohort"][k]) for k in NAMES]
        self.at_cohort = {j: [logit(self.answer["cohorts"][j][k]) for k in NAMES] for j in cohorts}
        self.at_average = [self.answer["average"][k] for k in NAMES]

    def log_mu(self, mu):
        """Log prior density of mu."""
        if self.prior["dist"] == "Normal":
            z = (mu - self.prior["mu"]) / self.prior["sigma"]
            return -0.5 * z * z - math.log(self.prior["sigma"] * ROOT_2PI)
        a, b = log_rate((mu - self.prior["mu"]) / self.prior["scale"])
        return a + b - math.log(self.prior["scale"])

    def cohort(self, j, mu, tau, stops=()):
        """Log scale, integral over theta_j, and its parts up to each of `stops`."""
        r, n = float(self.r[j]), float(self.n[j])
        top, width = crest(r, n, mu, tau)
        a, b = log_rate(mu + tau * top)
        peak = r * a + (n - r) * b - 0.5 * top * top
        ends = [(x - mu) / tau for x in stops]
        cuts = [top + k * width for k in (-7, -2.5, 2.5, 7)]
        grid = pieces([*cuts, *ends], top - 9.0, top + 9.0)
        total, so_far = 0.0, {}
        for lo, hi in pairwise(grid):
            so_far[lo] = total
            total += adaptive(r, n - r, mu, tau, peak, lo, hi, 1e-12 * width)
        parts = [0.0 if e <= grid[0] else so_far.get(e, total) for e in ends]
        return self.logs[j] + peak, total / ROOT_2PI, [p / ROOT_2PI for p in parts]

    def log_g(self, mu, tau):
        """Log of prior times marginal likelihoods given (mu, tau)."""
        value = self.log_mu(mu)
        for j in range(len(self.r)):
            peak, total, _ = self.cohort(j, mu, tau)
            value += peak + math.log(total)
        return value

    def average_at(self, target, tau):
        """The mu at which the mean of expit(theta) given (mu, tau) is `target`."""

        def gap(mu):
            zs = pieces([-mu / tau], -9.0, 9.0)
            value = sum(adaptive(1.0, 0.0, mu, tau, 0.0, lo, hi, 1e-15) for lo, hi in pairwise(zs))
            return value / ROOT_2PI - target

        reach = 60.0 + 8.0 * tau
        return brentq(gap, -reach, reach, xtol=1e-11)

    def slice(self, tau, shift):
        """Vector over (1, typical, average, new, cohorts): the integrals over mu, given tau."""
        mode = minimize_scalar(
            lambda m: -self.log_g(m, tau), bounds=(-45, 45), method="bounded", options={"xatol": 1e-4}
        )
        at, best = mode.x, -mode.fun
        step = 1e-3
        while 2 * best - self.log_g(at + step, tau) - self.log_g(at - step, tau) < 0.02:
            step *= 2.0
        sd = step / math.sqrt(2 * best - self.log_g(at + step, tau) - self.log_g(at - step, tau))
        ends = []
        for sign in (-1.0, 1.0):
            reach = 6.0 * sd
            while self.log_g(at + sign * reach, tau) > best - 32.0:
                reach *= 1.5
            ends.append(at + sign * reach)
        stops = [*self.at_typical, *(self.average_at(x, tau) for x in self.at_average)]
        smooth = [
            c
            for x in [*self.at_new, *(v for s in self.at_cohort.values() for v in s)]
            for c in (x - 4 * tau, x, x + 4 * tau)
        ]
        grid = pieces([at - 2.5 * sd, at + 2.5 * sd, *stops, *(smooth if tau < sd else [])], *ends)

        def integrand(mu):
            terms = [self.cohort(j, mu, tau, self.at_cohort.get(j, ())) for j in range(len(self.r))]
            log_g = self.log_mu(mu) + sum(t[0] + math.log(t[1]) for t in terms)
            g = math.exp(log_g - best)
            new = [g * phi_cdf((x - mu) / tau) for x in self.at_new]
            own = [g * part / terms[j][1] for j in self.cohorts for part in terms[j][2]]
            return np.array([g, *new, *own])

        total, so_far = 0.0, {}
        for lo, hi in pairwise(grid):
            so_far[lo] = total
            total = total + quad_vec(integrand, lo, hi, epsabs=1e-11 * sd, epsrel=1e-10, norm="max")[0]
        below = [0.0 if x <= grid[0] else total[0] if x >= grid[-1] else np.atleast_1d(so_far[x])[0] for x in stops]
        prior = math.log(2.0 / ROOT_2PI / self.scale) - 0.5 * (tau / self.scale) ** 2
        return math.exp(best + prior - shift) * np.array([total[0], *below, *total[1:]])

    def solve(self):
        """The evidence and every distribution function at its stored quantiles."""
        stored = self.answer["tau"]
        shift = self.answer["log_marginal_likelihood"] - math.log(stored["sd"])
        grid = [0.0, stored["lower"], 0.5 * (stored["lower"] + stored["median"]), stored["median"],
                stored["upper"], 1.6 * stored["upper"], max(9.0 * self.scale, 4.0 * stored["upper"])]  # fmt: skip
        total, tau_below, count = 0.0, [], 0
        for lo, hi in pairwise(grid):
            if lo in (stored["lower"], stored["median"], stored["upper"]):
                tau_below.append(total[0])
            value = quad_vec(
                lambda t: self.slice(t, shift),
                lo,
                hi,
                epsabs=2e-10 * stored["sd"],
                epsrel=1e-8,
                norm="max",
                full_output=True,
            )
            total, count = total + value[0], count + value[2].neval
        names = ["tau", "typical", "average", "new_cohort", *(f"cohort {j}" for j in self.cohorts)]
        found = np.array([*tau_below, *total[1:]]).reshape(-1, 3) / total[0]
        return shift + math.log(total[0]), dict(zip(names, found, strict=True)), count


def by_mpmath(case):
    """The log evidence by Gauss-Legendre in mpmath at 30 digits, in plain coordinates."""
    mpmath.mp.dps = 30
    prior, scale = case["priors"]["mu"], mpmath.mpf(str(case["priors"]["tau"]["sigma"]))
    nodes = [(x, w) for x, w in mpmath.calculus.quadrature.GaussLegendre(mpmath.mp).calc_nodes(4, 110)]

    def rule(cuts):
        return [(a + (b - a) * (x + 1) / 2, w * (b - a) / 2) for a, b in pairwise(cuts) for x, w in nodes]

    def density(mu):
        if prior["dist"] == "Normal":
            return mpmath.npdf(mu, 0, mpmath.mpf(str(prior["sigma"])))
        return 1 / (4 * mpmath.cosh(mu / 2) ** 2)

    z_rule = [(z, w * mpmath.npdf(z)) for z, w in rule([-10, -4, 0, 4, 10])]
    mus = [(m, w * density(m)) for m, w in rule([-36, -18, -9, -4, 0, 4, 9, 18, 36])]
    pairs = list(zip(case["events"], case["totals"], strict=True))
    total = mpmath.mpf(0)
    for tau, w_tau in rule([0, scale * 2, scale * 5, scale * 10]):
        inner = mpmath.mpf(0)
        for mu, w_mu in mus:
            rates = [(1 / (1 + mpmath.exp(-mu - tau * z)), w) for z, w in z_rule]
            product = w_mu
            for r, n in pairs:
                product *= mpmath.binomial(n, r) * mpmath.fsum(w * p**r * (1 - p) ** (n - r) for p, w in rates)
            inner += product
        total += w_tau * 2 * mpmath.npdf(tau / scale) / scale * inner
    return mpmath.nstr(mpmath.log(total), 22)


def confirm(case, cohorts, digits):
    """Distance of one stored case from the definition."""
    started = time.perf_counter()
    log_evidence, found, count = Nested(case, cohorts).solve()
    stored = case["pooling"]["partial"]
    out = {
        "id": case["id"],
        "log_marginal_likelihood": float(f"{log_evidence:.13g}"),
        "log_marginal_likelihood_off_by": float(f"{log_evidence - stored['log_marginal_likelihood']:.1e}"),
        "probability_off_by": {
            k: [float(f"{p - q:.1e}") for p, q in zip(v, LEVELS, strict=True)] for k, v in found.items()
        },
        "tau_nodes": int(count),
    }
    if digits:
        out["log_marginal_likelihood_mpmath"] = by_mpmath(case)
    out["seconds"] = round(time.perf_counter() - started, 1)
    return out


def choose(cases):
    """Ten cases: the extremes of tau's scale, of size, of conflict and of emptiness, few cohorts first."""
    few = sorted(cases, key=lambda c: (len(c["events"]), c["id"]))
    wanted = [
        lambda c: c["kind"] == "all_zero" and c["priors"]["tau"]["sigma"] >= 3 and len(c["events"]) > 1,
        lambda c: c["kind"] == "all_response" and sum(c["totals"]) > 1000 and len(c["events"]) > 1,
        lambda c: c["kind"] == "conflict" and c["priors"]["tau"]["sigma"] <= 0.05,
        lambda c: c["kind"] == "conflict" and c["priors"]["tau"]["sigma"] >= 1,
        lambda c: sum(c["totals"]) == 10_000 and len(c["events"]) > 1,
        lambda c: c["priors"]["tau"]["sigma"] == 0.01 and c["kind"] == "ordinary" and len(c["events"]) > 2,
        lambda c: c["priors"]["tau"]["sigma"] == 5.0 and c["kind"] == "ordinary" and len(c["events"]) > 2,
        lambda c: c["kind"] == "some_single" and len(c["events"]) > 2,
        lambda c: len(c["events"]) == 1 and sum(c["totals"]) < 30,
        lambda c: c["priors"]["mu"]["dist"] == "Normal" and len(c["events"]) > 3,
    ]
    chosen = []
    for test in wanted:
        chosen.append(next(c for c in few if test(c) and c not in chosen))
    return chosen


def worst(result):
    """Largest distance found, of the log evidence or of a probability."""
    return max(
        abs(result["log_marginal_likelihood_off_by"]),
        *(abs(v) for row in result["probability_off_by"].values() for v in row),
    )


def main(argv=None):
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="one case id, printed and not stored")
    options = parser.parse_args(argv)
    document = json.loads(STORED.read_text(encoding="utf-8"))
    cases, contrasts = document["cases"], [] if options.only else document["contrast_cases"]
    chosen = [c for c in cases if c["id"] == options.only] if options.only else choose(cases)
    small = [c["id"] for c in chosen if sum(c["totals"]) < 60 and c["priors"]["tau"]["sigma"] < 2][:2]
    done = []
    with ProcessPoolExecutor(options.workers) as pool:
        jobs = [pool.submit(confirm, c, list(range(min(2, len(c["events"])))), c["id"] in small) for c in chosen]
        jobs += [pool.submit(confirm_contrast, c) for c in contrasts]
        for job in as_completed(jobs):
            done.append(job.result())
            print(json.dumps(done[-1]), file=sys.stderr, flush=True)
    if not options.only:
        head = {"made_on": datetime.date.today().isoformat(), "script": f"tests/reference/{Path(__file__).name}"}
        lines = ",\n".join("  " + json.dumps(c) for c in sorted(done, key=lambda c: c["id"]))
        OUTPUT.write_text(json.dumps(head)[:-1] + ',\n "cases": [\n' + lines + "\n ]}\n", encoding="utf-8")
    missed = [c["id"] for c in done if worst(c) > 1e-8]
    if missed:
        print(f"not confirmed to 1e-8: {missed}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
