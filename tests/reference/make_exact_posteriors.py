"""Recompute the stored posteriors of `exact_posteriors.json` with an integration of their own.

Nothing of the package is used here, and the method differs from the package's on purpose, so
that agreement between the two means something. Everything rests on one rule, the equally
spaced sum (trapezoid) of an analytic function that decays at both ends, whose error falls
exponentially with the spacing:

* theta: the integral over a cohort's own logit, on an equally spaced grid over the window in
  which the integrand is within exp(-depth) of its peak;
* mu: for each tau, an equally spaced grid over such a window of log g(mu | tau), which is
  concave because the binomial likelihood, the normal and the prior of mu all are;
* tau: the double-exponential substitution tau = exp(u - exp(u0 - u)), equally spaced in u.

Distribution functions need integrals up to a point. They come from the sinc (Whittaker) series
through the same grid, integrated term by term: F(x) = sum_k h f_k {1/2 + Si(pi (x - x_k)/h)/pi},
which keeps exponential accuracy (Haber 1993, doi:10.1007/BF01385637). Quantiles are
roots of F itself; nothing is interpolated from a table.

Every case is computed under two rules (`BASE` and `FINE`: other spacings, other windows, other
node positions); the finer is stored and the difference is its `accuracy`. `--confirm` then
repeats the most extreme cases by nested adaptive Gauss-Kronrod quadrature and mpmath.

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gammaln, ndtr, sici

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "exact_posteriors.json"
LOG_2PI = np.log(2.0 * np.pi)


@dataclass(frozen=True)
class Rule:
    """How fine the three nested rules are.

    `per_width` is the number of mu-nodes per (smallest local) standard deviation, `theta_per_width`
    the same for the inner integral, `cap` and `theta_cap` the largest spacing on the logit scale,
    `log_tau` the largest spacing in u, `tau_per_width` the nodes per standard deviation of log tau,
    `depth` how far below its peak (in logs) an integrand is followed.
    """

    per_width: float
    theta_per_width: float
    cap: float
    theta_cap: float
    log_tau: float
    tau_per_width: float
    depth: float


PILOT = Rule(1.0, 1.2, 0.40, 0.40, 0.25, 1.0, 22.0)
EVIDENCE = Rule(1.2, 1.2, 0.42, 0.42, 0.25, 1.2, 30.0)
EVIDENCE_FINE = Rule(1.35, 1.35, 0.36, 0.36, 0.21, 1.35, 34.0)
BASE = Rule(2.0, 1.5, 0.26, 0.34, 0.14, 2.0, 37.0)
FINE = Rule(2.4, 1.7, 0.21, 0.28, 0.11, 2.4, 40.0)


@dataclass(frozen=True)
class Problem:
    """One data set with its priors: events and totals per cohort, mu's prior and tau's scale."""

    events: np.ndarray
    totals: np.ndarray
    mu_prior: dict
    tau_scale: float

    def log_mu_prior(self, mu):
        """Log density of the prior of mu."""
        if self.mu_prior["dist"] == "Logistic":
            z = (mu - self.mu_prior["mu"]) / self.mu_prior["scale"]
            return -np.abs(z) - 2.0 * np.log1p(np.exp(-np.abs(z))) - np.log(self.mu_prior["scale"])
        z = (mu - self.mu_prior["mu"]) / self.mu_prior["sigma"]
        return -0.5 * z * z - 0.5 * LOG_2PI - np.log(self.mu_prior["sigma"])

    def log_tau_prior(self, tau):
        """Log density of the half-normal prior of tau."""
        return 0.5 * np.log(2.0 / np.pi) - np.log(self.tau_scale) - 0.5 * (tau / self.tau_scale) ** 2

    def without(self, j):
        """The same problem with cohort j left out."""
        keep = np.arange(self.events.size) != j
        return Problem(self.events[keep], self.totals[keep], self.mu_prior, self.tau_scale)


def log_choose(r, n):
    """Log of the binomial coefficient."""
    return gammaln(n + 1.0) - gammaln(r + 1.0) - gammaln(n - r + 1.0)


def log_kernel(theta, r, n):
    """Binomial log-likelihood without its coefficient, and the rate, at logit theta."""
    e = np.exp(-np.abs(theta))
    p = np.where(theta >= 0, 1.0, e) / (1.0 + e)
    # r log p + (n - r) log(1 - p), in the form that does not cancel on either side
    value = -np.log1p(e) * n + np.where(theta >= 0, -(n - r) * theta, r * theta)
    return value, p


# --- the inner integral -------------------------------------------------------------------


def peak(mu, tau, r, n):
    """Where the integrand over z = (theta - mu) / tau peaks; bracketed Newton, elementwise."""
    with np.errstate(divide="ignore"):
        own = (np.log(r) - np.log(n - r) - mu) / tau
    lo, hi = np.maximum(tau * (r - n), np.minimum(own, 0.0)), np.minimum(tau * r, np.maximum(own, 0.0))
    z = np.where(np.isfinite(own), own / (1.0 + 4.0 / (tau * tau * n)), 0.0)
    for _ in range(200):
        p = expit(mu + tau * z)
        slope = tau * (r - n * p) - z
        bend = 1.0 + tau * tau * n * p * (1.0 - p)
        if np.all(slope * slope < 1e-4 * bend):  # log integrand within 1e-4 of its peak: near enough
            break
        lo, hi = np.where(slope > 0, z, lo), np.where(slope > 0, hi, z)
        step = z + slope / bend
        z = np.where((step > lo) & (step < hi), step, 0.5 * (lo + hi))
    return z


def window(mu, tau, r, n, depth):
    """Ends of the z-interval outside which the integrand is below exp(-depth) of its peak.

    The log integrand is concave with curvature at least 1, so sqrt(2 depth) is far enough; from
    there Newton steps on a concave function come closer without ever stepping over.
    """
    top = peak(mu, tau, r, n)
    level = log_kernel(mu + tau * top, r, n)[0] - 0.5 * top * top - depth
    ends = []
    for sign in (-1.0, 1.0):
        z = top + sign * np.sqrt(2.0 * depth)
        for _ in range(25):
            value, p = log_kernel(mu + tau * z, r, n)
            gap = level - (value - 0.5 * z * z)
            slope = tau * (r - n * p) - z
            move = np.where(gap > 0, gap / slope, 0.0)
            z = z + move
            if np.all(np.abs(move) <= 1e-3 * np.abs(z - top)):
                break
        ends.append(z)
    return ends[0], ends[1]


def spacing(mu, tau, lo, hi, n, rule):
    """Spacing in z that resolves the narrowest place of the integrand within its window."""
    nearest = np.clip(0.0, mu + tau * lo, mu + tau * hi)
    p = expit(nearest)
    width = 1.0 / np.sqrt(1.0 + tau * tau * n * p * (1.0 - p))
    return np.minimum(width / rule.theta_per_width, rule.theta_cap / tau)


def cohort_terms(mu, tau, r, n, rule):
    """log A, E[p], E[p^2] and the z-window for rows of (mu, tau, r, n), coefficient included."""
    lo, hi = window(mu, tau, r, n, rule.depth)
    count = np.ceil((hi - lo) / spacing(mu, tau, lo, hi, n, rule)).astype(int) + 1
    size = np.exp2(np.ceil(np.log2(count) * 3.0) / 3.0).astype(int) + 1
    log_a, m1, m2 = np.empty_like(mu), np.empty_like(mu), np.empty_like(mu)
    for width in np.unique(size):
        for rows in np.array_split(np.flatnonzero(size == width), 1 + (size == width).sum() * width // 400_000):
            z = lo[rows, None] + (hi - lo)[rows, None] * np.linspace(0.0, 1.0, width)
            f, p = log_kernel(mu[rows, None] + tau * z, r[rows, None], n[rows, None])
            f -= 0.5 * z * z
            shift = f.max(axis=1)
            f = np.exp(f - shift[:, None])
            total = f.sum(axis=1)
            log_a[rows] = np.log(total * (hi - lo)[rows] / (width - 1)) + shift
            m1[rows], m2[rows] = (f * p).sum(axis=1) / total, (f * p * p).sum(axis=1) / total
    return log_a - 0.5 * LOG_2PI + log_choose(r, n), m1, m2, lo, hi


# --- one slice of constant tau ------------------------------------------------------------


@dataclass
class Slice:
    """Everything known at one tau: the mu-grid, log g, and each cohort's terms on it."""

    tau: float
    mu: np.ndarray
    step: float
    log_g: np.ndarray
    log_a: np.ndarray
    m1: np.ndarray
    m2: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    small: bool

    @property
    def log_integral(self):
        """Log of the integral of g over mu."""
        top = self.log_g.max()
        return top + np.log(np.exp(self.log_g - top).sum() * self.step)


def evaluate(problem, mu, tau, rule):
    """log g on the points mu, with every cohort's terms (cohort x mu)."""
    pairs, back = np.unique(np.stack([problem.events, problem.totals]), axis=1, return_inverse=True)
    j, k = pairs.shape[1], mu.size
    rows = np.repeat(pairs.astype(float), k, axis=1)
    terms = [t.reshape(j, k)[back.ravel()] for t in cohort_terms(np.tile(mu, j), tau, rows[0], rows[1], rule)]
    return problem.log_mu_prior(mu) + terms[0].sum(axis=0), terms


def curvature(problem, mu, tau, terms):
    """Upper estimate of -(log g)'' at each mu: cohorts as normal, plus the prior's."""
    information = problem.totals[:, None] * (terms[1] - terms[2])
    prior = problem.mu_prior
    own = 0.5 / prior["scale"] ** 2 if prior["dist"] == "Logistic" else 1.0 / prior["sigma"] ** 2
    return own + (1.0 / (tau**2 + 1.0 / np.maximum(information, 1e-300))).sum(axis=0)


def find_range(problem, tau, rule, guess):
    """Where log g is within `depth` of its peak, its greatest curvature there, a rough log integral."""
    pad = 0.1 * (guess[1] - guess[0])
    lo, hi = max(-60.0, guess[0] - pad), min(60.0, guess[1] + pad)
    while True:
        mu = np.linspace(lo, hi, 40)
        log_g, terms = evaluate(problem, mu, tau, PILOT)
        inside = log_g > log_g.max() - rule.depth
        first, last = np.flatnonzero(inside)[[0, -1]]
        if inside[0] and lo > -60.0:
            lo, hi = max(-60.0, lo - (hi - lo)), hi
            continue
        if inside[-1] and hi < 60.0:
            lo, hi = lo, min(60.0, hi + (hi - lo))
            continue
        step = mu[1] - mu[0]
        lo, hi = mu[max(first - 1, 0)], mu[min(last + 1, mu.size - 1)]
        if last - first >= 17:
            near = log_g > log_g.max() - 25.0
            top = log_g.max()
            rough = top + np.log(np.exp(log_g - top).sum() * step)
            return lo, hi, curvature(problem, mu, tau, terms)[near].max(), rough


def make_slice(problem, tau, rule, guess=(-60.0, 60.0)):
    """Evaluate g(mu | tau) on a grid that resolves it, and theta_j given tau after it."""
    lo, hi, kappa, _ = find_range(problem, tau, rule, guess)
    small = tau < 0.5 / np.sqrt(kappa)
    if small:
        step = 1.0 / np.sqrt(kappa * 4.0 / 3.0) / rule.per_width
    else:
        step = min(1.0 / np.sqrt(kappa) / rule.per_width, 1.0 / np.sqrt(kappa + 1.0 / tau**2) / 1.5)
    step = min(step, rule.cap)
    mu = lo + step * np.arange(int(np.ceil((hi - lo) / step)) + 1)
    log_g, terms = evaluate(problem, mu, tau, rule)
    return Slice(tau, mu, step, log_g, *terms, small)


# --- the grid in tau ----------------------------------------------------------------------


def pilot_tau(problem):
    """log tau and log of (tau x marginal density of tau) on a coarse grid that shows its shape."""
    known, guess = {}, [(-60.0, 60.0)]

    def value(log_tau):
        if log_tau not in known:
            tau = np.exp(log_tau)
            low, high, _, rough = find_range(problem, tau, PILOT, guess[0])
            guess[0] = (low, high)
            known[log_tau] = log_tau + problem.log_tau_prior(tau) + rough
        return known[log_tau]

    points = np.log(problem.tau_scale) + np.arange(-12.0, 2.6, 0.4)
    while True:
        density = np.array([value(x) for x in points])
        if density[-1] > density.max() - 60.0:
            points = np.append(points, points[-1] + 0.4)
            continue
        keep = np.flatnonzero(density > density.max() - 60.0)
        first, last = max(keep[0] - 1, 0), min(keep[-1] + 1, points.size - 1)
        width = points[1] - points[0]
        bend = -np.diff(density, 2)[(density > density.max() - 30.0)[1:-1]] / width**2
        if width**2 * bend.max() < 1.5:
            return points, density, bend.max()
        points = np.arange(points[first], points[last] + 0.25 * width, 0.5 * width)


def tau_nodes(problem, rule, pilot):
    """Nodes tau, their positions u, the spacing and log dtau/du."""
    points, density, bend = pilot
    step = min(rule.log_tau, 1.0 / np.sqrt(max(bend, 1e-12)) / rule.tau_per_width)
    flat = density - points
    if density[0] < density.max() - 60.0:  # nothing near zero: log tau itself will do
        turn = points[0] - 4.0
    else:
        level = np.abs(flat - flat[0]) < 0.3
        turn = points[np.flatnonzero(~level)[0]] - 2.0 if not level.all() else points[-1] - 2.0
    upper = points[np.flatnonzero(density > density.max() - rule.depth - 2.0)[-1]] + (points[1] - points[0])
    lower = max(turn - 4.0, points[0] - 1.0) if density[0] < density.max() - 60.0 else turn - 4.0
    u = np.arange(lower, upper + step, step)
    log_tau = u - np.exp(turn - u)
    return np.exp(log_tau), u, step, log_tau + np.log1p(np.exp(turn - u)), turn


class Posterior:
    """The joint posterior of (mu, tau), slice by slice."""

    def __init__(self, problem, rule, pilot):
        self.problem, self.rule = problem, rule
        tau, u, self.u_step, log_jac, self.turn = tau_nodes(problem, rule, pilot)
        log_jac = log_jac + problem.log_tau_prior(tau)
        self.slices, keep, log_mass, guess, best = [], [], [], (-60.0, 60.0), -np.inf
        for i in range(tau.size - 1, -1, -1):
            piece = make_slice(problem, tau[i], rule, guess)
            guess = (piece.mu[0], piece.mu[-1])
            mass = piece.log_integral + log_jac[i]
            best = max(best, mass)
            if mass > best - rule.depth - 2.0:
                self.slices.append(piece), keep.append(i), log_mass.append(mass)
        self.tau, self.u = tau[keep], u[keep]
        log_mass = np.array(log_mass)
        top = log_mass.max()
        total = np.exp(log_mass - top).sum()
        self.log_evidence = top + np.log(total * self.u_step)
        self.mass = np.exp(log_mass - top) / total
        for piece, mass in zip(self.slices, self.mass, strict=True):
            piece.weight = np.exp(piece.log_g - piece.log_g.max())
            piece.weight *= mass / piece.weight.sum()


# --- distribution functions ---------------------------------------------------------------


def sinc_step(t):
    """Integral of the sinc kernel up to t spacings beyond its node."""
    return 0.5 + sici(np.pi * t)[0] / np.pi


class Lattice:
    """A distribution held as masses on pieces of equally spaced points; F by the sinc series."""

    def __init__(self, pieces):
        self.x = np.concatenate([p[0] for p in pieces])
        self.mass = np.concatenate([p[1] for p in pieces])
        self.step = np.concatenate([np.full(p[0].size, p[2]) for p in pieces])
        keep = np.abs(self.mass) > 1e-19
        self.x, self.mass, self.step = self.x[keep], self.mass[keep], self.step[keep]

    def cdf(self, x):
        """P(X <= x)."""
        return float(self.mass @ sinc_step((x - self.x) / self.step))

    def bracket(self, level):
        """Two points around the quantile, from the step function of the masses."""
        order = np.argsort(self.x)
        total = np.cumsum(self.mass[order])
        i = np.searchsorted(total, level)
        x = self.x[order]
        return x[max(i - 1, 0)] - self.step.max(), x[min(i, x.size - 1)] + self.step.max()


def quantile(cdf, level, lo, hi):
    """Root of cdf(x) = level, the bracket widened until it holds one."""
    width = hi - lo
    while cdf(lo) > level:
        lo -= width
    while cdf(hi) < level:
        hi += width
    return brentq(lambda x: cdf(x) - level, lo, hi, xtol=1e-13, rtol=1e-14)


LEVELS = (0.025, 0.5, 0.975)


def summary(mean, second, quantiles):
    """The five numbers stored for one quantity; `second` is the mean of the square."""
    lower, median, upper = (float(q) for q in quantiles)
    return {"mean": float(mean), "sd": float(np.sqrt(max(second - mean * mean, 0.0))),
            "lower": lower, "median": median, "upper": upper}  # fmt: skip


def lattice_summary(lattice, mean, second):
    """Summary on the probability scale of a quantity held on the logit scale."""
    roots = [expit(quantile(lattice.cdf, q, *lattice.bracket(q))) for q in LEVELS]
    return summary(mean, second, roots)


def central_moments(weights, values):
    """Mean and variance in two passes, so that a small variance does not cancel."""
    mean = weights @ values
    return mean, weights @ (values - mean) ** 2


def typical_summary(post):
    """expit(mu)."""
    lattice = Lattice([(s.mu, s.weight, s.step) for s in post.slices])
    p, w = expit(lattice.x), lattice.mass
    mean, var = central_moments(w / w.sum(), p)
    return lattice_summary(lattice, mean, var + mean * mean)


def tau_summary(post):
    """tau itself; its distribution function is taken along u."""
    lattice = Lattice([(post.u, post.mass, post.u_step)])
    mean, var = central_moments(post.mass, post.tau)
    roots = [quantile(lattice.cdf, q, *lattice.bracket(q)) for q in LEVELS]
    return summary(mean, var + mean * mean, [np.exp(u - np.exp(post.turn - u)) for u in roots])


def shifted_mean(mu, tau, rule):
    """E[expit(theta)] and E[expit(theta)^2] for theta ~ Normal(mu, tau), elementwise in mu."""
    step = min(0.5, rule.theta_cap * 1.2 / tau)
    z = np.arange(-9.0, 9.0 + step, step)
    w = np.exp(-0.5 * z * z)
    p = expit(np.asarray(mu)[:, None] + tau * z)
    return p @ w / w.sum(), (p * p) @ w / w.sum(), (p * (1.0 - p)) @ w / w.sum()


def average_summary(post, first):
    """E[expit(theta) | mu, tau]: for each tau it rises with mu, so P(. <= x) is P(mu <= mu_x)."""
    lattices = [(s.mu, s.weight, s.step) for s in post.slices if s.weight.sum() > 1e-19]
    pieces = [s for s in post.slices if s.weight.sum() > 1e-19]
    flat_p = np.concatenate([a[0] for a in first])
    flat_w = np.concatenate([s.weight for s in post.slices])
    mean, var = central_moments(flat_w / flat_w.sum(), flat_p)
    step = np.array([min(0.5, post.rule.theta_cap * 1.2 / s.tau) for s in pieces])
    taus, roots, start = np.array([s.tau for s in pieces]), [], None

    def invert(x, mu):
        for _ in range(100):
            worst = 0.0
            for i, t in enumerate(taus):
                z = np.arange(-9.0, 9.0 + step[i], step[i])
                w = np.exp(-0.5 * z * z)
                p = expit(mu[i] + t * z)
                value, slope = p @ w / w.sum(), (p * (1 - p)) @ w / w.sum()
                # Newton on the logit of the mean, which is close to linear in mu
                move = (np.log(value / (1 - value)) - x) * value * (1 - value) / slope
                move = np.clip(move, -3.0 * (1 + t), 3.0 * (1 + t))
                mu[i] -= move
                worst = max(worst, abs(move))
            if worst < 1e-12 * (1.0 + np.abs(mu).max()):
                return mu
        return mu

    state = {"mu": None}

    def cdf(x):
        if state["mu"] is None:
            state["mu"] = x * np.sqrt(1.0 + 0.35 * taus**2)
        state["mu"] = invert(x, state["mu"].copy())
        return float(sum(m @ sinc_step((at - grid) / h) for (grid, m, h), at in zip(lattices, state["mu"], strict=True)))

    order = np.argsort(flat_p)
    total = np.cumsum(flat_w[order])
    for q in LEVELS:
        middle = np.log(flat_p[order][np.searchsorted(total, q)])
        middle -= np.log1p(-np.exp(middle))
        roots.append(expit(quantile(cdf, q, middle - 0.02, middle + 0.02)))
    return summary(mean, var + mean * mean, roots)


def sinc_smooth(piece, table, z):
    """Density on the mu-lattice of mu + tau z, given masses table (mu x z): sinc series of each z."""
    k = piece.mu.size
    extra = int(np.ceil(np.abs(z).max() * piece.tau / piece.step)) + 1
    offset = np.arange(-(k + extra) + 1, k + extra)
    kernel = np.sinc(offset[:, None] - piece.tau * z / piece.step)
    out = np.zeros(k + 2 * extra)
    # out[m] = sum over nodes i and z of table[i, z] * sinc(m - i - tau z / h)
    for i in range(k):
        start = (k + extra - 1) - i - extra
        out += kernel[start : start + out.size] @ table[i]
    return piece.mu[0] + piece.step * np.arange(-extra, k + extra), out


def new_cohort_summary(post, first, second):
    """expit(theta_new): for small tau through the lattice of mu, otherwise a mixture of normals."""
    lattice_pieces, x, w, t = [], [], [], []
    for s in post.slices:
        if s.weight.sum() < 1e-19:
            continue
        if s.small:
            z = np.arange(-8.75, 9.0, 0.5)
            phi = np.exp(-0.5 * z * z)
            grid, mass = sinc_smooth(s, s.weight[:, None] * (phi / phi.sum()), z)
            lattice_pieces.append((grid, mass, s.step))
        else:
            x.append(s.mu), w.append(s.weight), t.append(np.full(s.mu.size, s.tau))
    lattice = Lattice(lattice_pieces) if lattice_pieces else None
    if x:
        x, w, t = np.concatenate(x), np.concatenate(w), np.concatenate(t)

    def cdf(at):
        value = lattice.cdf(at) if lattice else 0.0
        return value + (float(w @ ndtr((at - x) / t)) if len(x) else 0.0)

    weights = np.concatenate([s.weight for s in post.slices])
    mean = weights @ np.concatenate(first)
    square = weights @ np.concatenate(second)
    start = np.log(mean / (1.0 - mean))
    roots = [expit(quantile(cdf, q, start - 0.5, start + 0.5)) for q in LEVELS]
    return summary(mean, square, roots)


def cohort_pieces(s, j, r, n, rule):
    """Lattice of theta_j given this tau: masses that add up to the weight of the slice."""
    others = s.log_g - s.log_a[j]
    keep = s.log_g > s.log_g.max() - 36.0
    z_lo, z_hi = s.lo[j][keep].min(), s.hi[j][keep].max()
    if s.small:
        step = np.min(spacing(s.mu, s.tau, s.lo[j], s.hi[j], float(n), rule))
        z = z_lo + step * np.arange(int(np.ceil((z_hi - z_lo) / step)) + 1)
        table = log_kernel(s.mu[:, None] + s.tau * z, r, n)[0] - 0.5 * z * z + others[:, None]
        grid, mass = sinc_smooth(s, np.exp(table - table.max()), z)
        return grid, mass * (s.weight.sum() / mass.sum()), s.step
    low, high = (s.mu + s.tau * s.lo[j])[keep].min(), (s.mu + s.tau * s.hi[j])[keep].max()
    p = expit(np.clip(0.0, low, high))
    step = min(1.0 / np.sqrt(n * p * (1.0 - p) + 1.0 / s.tau**2) / rule.per_width, rule.cap)
    theta = low + step * np.arange(int(np.ceil((high - low) / step)) + 1)
    shift = others.max()
    own = log_kernel(theta, r, n)[0]
    q = np.exp(-0.5 * ((theta[:, None] - s.mu) / s.tau) ** 2) @ np.exp(others - shift)
    with np.errstate(divide="ignore"):
        log_mass = own + np.log(q)
    mass = np.exp(log_mass - log_mass.max())
    return theta, mass * (s.weight.sum() / mass.sum()), step


def cohort_summary(post, j):
    """expit(theta_j)."""
    r, n = float(post.problem.events[j]), float(post.problem.totals[j])
    pieces = [cohort_pieces(s, j, r, n, post.rule) for s in post.slices if s.weight.sum() > 1e-19]
    weights = np.concatenate([s.weight for s in post.slices])
    weights = weights / weights.sum()
    first, second = (np.concatenate([getattr(s, m)[j] for s in post.slices]) for m in ("m1", "m2"))
    mean = weights @ first
    var = weights @ (second - first**2) + weights @ (first - mean) ** 2
    return lattice_summary(Lattice(pieces), mean, var + mean * mean)


def partial(problem):
    """Everything stored for pooling `partial`, under the base and under the finer rule."""
    pilot = pilot_tau(problem)
    both = [describe(Posterior(problem, rule, pilot)) for rule in (BASE, FINE)]
    left = leave_one_out(problem)
    for out, log_left in zip(both, left, strict=True):
        out["elpd_loco"] = [out["log_marginal_likelihood"] - v for v in log_left]
    return both


def describe(post):
    """The stored numbers of one posterior."""
    moments = [shifted_mean(s.mu, s.tau, post.rule) for s in post.slices]
    first, second = [m[0] for m in moments], [m[1] for m in moments]
    return {
        "log_marginal_likelihood": float(post.log_evidence),
        "tau": tau_summary(post),
        "typical": typical_summary(post),
        "average": average_summary(post, moments),
        "new_cohort": new_cohort_summary(post, first, second),
        "cohorts": per_distinct_cohort(post.problem, lambda j: cohort_summary(post, j)),
    }


def leave_one_out(problem):
    """log p(y_-j) for every j under two rules; 0 where nothing is left (one cohort)."""
    if problem.events.size == 1:
        return [[0.0], [0.0]]

    def solve_without(j):
        left = problem.without(j)
        pilot = pilot_tau(left)
        return [float(Posterior(left, rule, pilot).log_evidence) for rule in (EVIDENCE, EVIDENCE_FINE)]

    return [list(v) for v in zip(*per_distinct_cohort(problem, solve_without), strict=True)]


def per_distinct_cohort(problem, compute):
    """compute(j) for every cohort, done once for cohorts with the same events and total."""
    known = {}
    for j, key in enumerate(zip(problem.events.tolist(), problem.totals.tolist(), strict=True)):
        if key not in known:
            known[key] = compute(j)
    return [known[key] for key in zip(problem.events.tolist(), problem.totals.tolist(), strict=True)]


# --- pooling common and none: one dimension -----------------------------------------------


def common_lattice(problem, rule):
    """Lattice of mu when every theta_j = mu, and the log evidence."""

    def log_g(mu):
        r, n = (v.astype(float)[:, None] for v in (problem.events, problem.totals))
        kernel = log_kernel(mu, r, n)[0] + log_choose(r, n)
        return problem.log_mu_prior(mu) + kernel.sum(axis=0)

    lo, hi = -60.0, 60.0
    while True:
        mu = np.linspace(lo, hi, 60)
        value = log_g(mu)
        first, last = np.flatnonzero(value > value.max() - rule.depth)[[0, -1]]
        lo, hi = mu[max(first - 1, 0)], mu[min(last + 1, mu.size - 1)]
        if last - first >= 30:
            break
    total = float(problem.totals.sum())
    p = expit(np.clip(0.0, lo, hi))
    step = min(rule.cap, 1.0 / np.sqrt(0.5 + 1.0 / problem.mu_prior.get("sigma", 2.0) ** 2 + total * p * (1 - p)) / rule.per_width)
    mu = np.arange(lo, hi + step, step)
    value = log_g(mu)
    mass = np.exp(value - value.max())
    log_evidence = value.max() + np.log(mass.sum() * step)
    return Lattice([(mu, mass / mass.sum(), step)]), float(log_evidence)


def common(problem, rule):
    """Everything stored for pooling `common`: all the quantities coincide with expit(mu)."""
    lattice, log_evidence = common_lattice(problem, rule)
    p = expit(lattice.x)
    mean, var = central_moments(lattice.mass / lattice.mass.sum(), p)
    loco = [log_evidence - (common_lattice(problem.without(j), rule)[1] if problem.events.size > 1 else 0.0)
            for j in range(problem.events.size)]  # fmt: skip
    return {"log_marginal_likelihood": log_evidence, "typical": lattice_summary(lattice, mean, var + mean * mean),
            "elpd_loco": loco}  # fmt: skip


def unpooled(problem, rule):
    """Everything stored for pooling `none`: each cohort alone with mu's prior on its theta_j."""
    alone = [common(Problem(problem.events[[j]], problem.totals[[j]], problem.mu_prior, problem.tau_scale), rule)
             for j in range(problem.events.size)]  # fmt: skip
    loco = [a["log_marginal_likelihood"] for a in alone]
    return {"log_marginal_likelihood": float(sum(loco)), "cohorts": [a["typical"] for a in alone], "elpd_loco": loco}


# --- contrasts: only tau is numerical -----------------------------------------------------


@dataclass(frozen=True)
class Contrast:
    """Estimates with standard errors; mu ~ Normal(0, mu_sigma); tau's prior as in the JSON."""

    y: np.ndarray
    se: np.ndarray
    mu_sigma: float
    tau_prior: dict

    def without(self, j):
        """The same problem with cohort j left out."""
        keep = np.arange(self.y.size) != j
        return Contrast(self.y[keep], self.se[keep], self.mu_sigma, self.tau_prior)

    def conditional(self, tau):
        """Log p(y | tau) and the mean and precision of mu given tau and y, elementwise in tau."""
        w = 1.0 / (self.se[:, None] ** 2 + np.asarray(tau) ** 2)
        precision = w.sum(axis=0) + self.mu_sigma**-2
        mean = (w * self.y[:, None]).sum(axis=0) / precision
        square = (w * (self.y[:, None] - mean) ** 2).sum(axis=0) + (mean / self.mu_sigma) ** 2
        log_p = 0.5 * (np.log(w) - LOG_2PI).sum(axis=0) - np.log(self.mu_sigma) - 0.5 * np.log(precision)
        return log_p - 0.5 * square, mean, precision

    def log_tau_prior(self, tau):
        """Log density of tau's prior (inside its support)."""
        prior = self.tau_prior
        if prior["dist"] == "HalfNormal":
            return 0.5 * np.log(2.0 / np.pi) - np.log(prior["sigma"]) - 0.5 * (tau / prior["sigma"]) ** 2
        if prior["dist"] == "HalfCauchy":
            return np.log(2.0 / np.pi / prior["scale"]) - np.log1p((tau / prior["scale"]) ** 2)
        return -np.log(prior["upper"]) + 0.0 * tau

    def log_joint(self, tau):
        """Log p(tau) p(y | tau)."""
        return self.log_tau_prior(tau) + self.conditional(tau)[0]


def tanh_sinh(upper, step):
    """Nodes and weights on (0, upper) by tanh-sinh; on (0, inf) by exp-sinh when `upper` is None."""
    t = np.arange(-4.6, 4.6 + step, step) if upper is not None else np.arange(-3.6, 3.6 + step, step)
    s = 0.5 * np.pi * np.sinh(t)
    c = 0.5 * np.pi * np.cosh(t) * step
    if upper is None:
        return np.exp(s), np.exp(s) * c
    return upper * expit(2.0 * s), upper * c * 2.0 * expit(2.0 * s) * expit(-2.0 * s)


def contrast_nodes(problem, step):
    """Nodes over tau, their posterior masses and the log evidence."""
    uniform = problem.tau_prior["dist"] == "Uniform"
    scale = problem.tau_prior.get("sigma", problem.tau_prior.get("scale", 1.0))
    tau, weight = tanh_sinh(problem.tau_prior["upper"] if uniform else None, step)
    if not uniform:
        tau, weight = tau * scale, weight * scale
    log_f = problem.log_joint(tau)
    top = log_f.max()
    f = np.exp(log_f - top) * weight
    return tau, f / f.sum(), float(top + np.log(f.sum()))


def mixture_summary(mass, mean, sd):
    """Summary of a mixture of normals."""
    centre = mass @ mean
    var = mass @ sd**2 + mass @ (mean - centre) ** 2
    lo, hi = (mean - 12 * sd).min(), (mean + 12 * sd).max()
    lo, hi = max(lo, centre - 60 * np.sqrt(var)), min(hi, centre + 60 * np.sqrt(var))
    roots = [quantile(lambda x: float(mass @ ndtr((x - mean) / sd)), q, lo, hi) for q in LEVELS]
    return summary(centre, var + centre**2, roots)


def contrast(problem, step):
    """Everything stored for a contrast case, tau by a double-exponential rule of this step."""
    tau, mass, log_evidence = contrast_nodes(problem, step)
    _, mean, precision = problem.conditional(tau)

    def tau_cdf(x):
        nodes, weight = tanh_sinh(x, step)
        return float(np.exp(problem.log_joint(nodes) - log_evidence) @ weight)

    tau_mean, tau_var = central_moments(mass, tau)
    order = np.searchsorted(np.cumsum(mass), LEVELS)
    tau_roots = [brentq(lambda x, q=q: tau_cdf(x) - q, tau[max(i - 2, 0)], tau[min(i + 1, tau.size - 1)], xtol=1e-14)
                 for q, i in zip(LEVELS, order, strict=True)]  # fmt: skip
    out = {"log_marginal_likelihood": log_evidence, "tau": summary(tau_mean, tau_var + tau_mean**2, tau_roots),
           "mu": mixture_summary(mass, mean, precision**-0.5),
           "new_cohort": mixture_summary(mass, mean, np.sqrt(tau**2 + 1.0 / precision)), "cohorts": []}  # fmt: skip
    for y, se in zip(problem.y, problem.se, strict=True):
        own = tau**2 / (tau**2 + se**2)
        sd = np.sqrt(own * se**2 + (1.0 - own) ** 2 / precision)
        out["cohorts"].append(mixture_summary(mass, own * y + (1.0 - own) * mean, sd))
    many = problem.y.size > 1
    out["elpd_loco"] = [log_evidence - (contrast_nodes(problem.without(j), step)[2] if many else 0.0)
                        for j in range(problem.y.size)]  # fmt: skip
    return out


# --- the data sets ------------------------------------------------------------------------

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


# --- running and storing ------------------------------------------------------------------


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
    return Problem(np.array(case["events"]), np.array(case["totals"]), case["priors"]["mu"], case["priors"]["tau"]["sigma"])


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
    out["accuracy"] = {kind: {k: float(f"{v:.1e}") for k, v in differences(*two).items()} for kind, two in results.items()}
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
    """SHA-256 of this script."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def write(done, output):
    """Store everything solved so far."""
    import scipy

    accuracies = [(case["accuracy"][kind], case["id"]) for case in done.values() for kind in case["accuracy"]]
    worst = {k: max((a[k], name) for a, name in accuracies) for k in TARGETS} if accuracies else {}
    document = {
        "format": 1,
        "title": "Posteriors of small meta-analyses by an integration independent of the package",
        "made_on": datetime.date.today().isoformat(),
        "script": "tests/reference/make_exact_posteriors.py",
        "script_sha256": digest(),
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
            worst = {k: max(a[k] for a in case["accuracy"].values()) for k in ("log_marginal_likelihood", "quantiles")}
            print(f"{count}/{len(todo)} {time.perf_counter() - started:6.0f} s  {case['id']} ({case['seconds']} s) {worst}",
                  file=sys.stderr, flush=True)  # fmt: skip
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
