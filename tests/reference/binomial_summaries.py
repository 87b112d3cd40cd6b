"""Distribution functions, quantiles and summaries from the grids of `binomial_integrals`.

Distribution functions need integrals up to a point. They come from the sinc (Whittaker) series
through the grid, integrated term by term: F(x) = sum_k h f_k {1/2 + Si(pi (x - x_k) / h) / pi}, which
keeps exponential accuracy (Haber 1993, doi:10.1007/BF01385637). Quantiles are roots of F
itself; nothing is interpolated from a table.
"""

from __future__ import annotations

import numpy as np
from binomial_integrals import (
    BASE,
    EVIDENCE,
    EVIDENCE_FINE,
    FINE,
    Posterior,
    Problem,
    log_choose,
    log_kernel,
    pilot_tau,
    spacing,
)
from scipy.optimize import brentq
from scipy.special import expit, ndtr, sici

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


def normal_rule(tau, rule):
    """Points z and weights (adding to 1) of a sum over a standard normal that resolves expit(mu + tau z)."""
    step = min(0.5, rule.theta_cap * 1.2 / tau)
    z = np.arange(-9.0, 9.0 + step, step)
    w = np.exp(-0.5 * z * z)
    return z, w / w.sum()


def predicted_moments(mu, tau, rule):
    """E[expit(theta)] and E[expit(theta)^2] for theta ~ Normal(mu, tau), elementwise in mu."""
    z, w = normal_rule(tau, rule)
    p = expit(mu[:, None] + tau * z)
    return p @ w, (p * p) @ w


class AverageCdf:
    """P(average <= x). For each tau the average rises with mu, so the event is mu <= mu_x(tau)."""

    def __init__(self, post):
        self.pieces = [s for s in post.slices if s.weight.sum() > 1e-19]
        self.tau = np.array([s.tau for s in self.pieces])
        self.rules = [normal_rule(s.tau, post.rule) for s in self.pieces]
        self.mu = None

    def invert(self, x):
        """mu_x for every tau by Newton's method on the logit of the average, almost linear in mu."""
        mu = x * np.sqrt(1.0 + 0.35 * self.tau**2) if self.mu is None else self.mu.copy()
        for _ in range(100):
            worst = 0.0
            for i, (z, w) in enumerate(self.rules):
                p = expit(mu[i] + self.tau[i] * z)
                value, slope = p @ w, (p * (1 - p)) @ w
                move = (np.log(value / (1 - value)) - x) * value * (1 - value) / slope
                move = np.clip(move, -3.0 * (1 + self.tau[i]), 3.0 * (1 + self.tau[i]))
                mu[i] -= move
                worst = max(worst, abs(move))
            if worst < 1e-12 * (1.0 + np.abs(mu).max()):
                break
        self.mu = mu
        return mu

    def __call__(self, x):
        """The distribution function at logit x."""
        parts = zip(self.pieces, self.invert(x), strict=True)
        return float(sum(s.weight @ sinc_step((at - s.mu) / s.step) for s, at in parts))


def average_summary(post, first):
    """E[expit(theta) | mu, tau]; `first` holds its values on the grid of every slice."""
    values = np.concatenate(first)
    weights = np.concatenate([s.weight for s in post.slices])
    mean, var = central_moments(weights / weights.sum(), values)
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    cdf, roots = AverageCdf(post), []
    for q in LEVELS:
        near = values[order][np.searchsorted(total, q)]
        start = np.log(near) - np.log1p(-near)
        roots.append(expit(quantile(cdf, q, start - 0.02, start + 0.02)))
    return summary(mean, var + mean * mean, roots)


def sinc_smooth(piece, table, z):
    """Density on the mu-lattice of mu + tau z, given masses table (mu x z): sinc series of each z."""
    k = piece.mu.size
    extra = int(np.ceil(np.abs(z).max() * piece.tau / piece.step)) + 1
    offset = np.arange(-(k + extra) + 1, k + extra)
    kernel = np.sinc(offset[:, None] - piece.tau * z / piece.step)
    # out[m] = sum over nodes i and points z of table[i, z] * sinc(m - i - tau z / h), by fast transforms
    size = 3 * k + 2 * extra
    product = (np.fft.rfft(table, size, axis=0) * np.fft.rfft(kernel, size, axis=0)).sum(axis=1)
    out = np.fft.irfft(product, size)[k - 1 : 2 * k - 1 + 2 * extra]
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
    moments = [predicted_moments(s.mu, s.tau, post.rule) for s in post.slices]
    first, second = [m[0] for m in moments], [m[1] for m in moments]
    return {
        "log_marginal_likelihood": float(post.log_evidence),
        "tau": tau_summary(post),
        "typical": typical_summary(post),
        "average": average_summary(post, first),
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
    information = 0.5 + problem.mu_prior.get("sigma", 2.0) ** -2 + total * p * (1 - p)
    step = min(rule.cap, 1.0 / np.sqrt(information) / rule.per_width)
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
