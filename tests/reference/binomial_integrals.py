"""The joint posterior of (mu, tau) for binomial cohorts by nested equally spaced sums.

Everything rests on one rule, the equally spaced sum (trapezoid) of an analytic function that decays
at both ends, whose error falls exponentially with the spacing:

* theta: the integral over a cohort's own logit, over the window in which the integrand is within
  exp(-depth) of its peak;
* mu: for each tau, over such a window of log g(mu | tau), which is concave because the binomial
  likelihood, the normal and the prior of mu all are;
* tau: the double-exponential substitution tau = exp(u - exp(turn - u)), equally spaced in u.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

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
