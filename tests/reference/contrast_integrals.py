"""Posteriors of contrasts: theta and mu in closed form, tau by double-exponential quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from binomial_summaries import LEVELS, central_moments, quantile, summary
from scipy.optimize import brentq
from scipy.special import expit, ndtr

LOG_2PI = np.log(2.0 * np.pi)


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
