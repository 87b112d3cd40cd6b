"""Recompute the `own` values of `bayesian_meta_analysis_cases.json`, or check them with --check.

The published numbers and their sources are copied and never touched here. Beside each stands a value
of our own: closed forms where there are some, otherwise one-dimensional double-exponential
quadrature over tau (normal-normal) or the rules of `binomial_integrals.py` (binomial). Nothing of
the package is used. Each is computed at two resolutions; the largest relative difference is stored.

Run: python tests/reference/make_bayesian_meta_analysis_values.py
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from binomial_integrals import BASE, FINE, Posterior, Problem, pilot_tau
from binomial_summaries import LEVELS, central_moments, describe, summary
from contrast_integrals import mixture_summary, tanh_sinh
from make_exact_posteriors import leaves
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, gammaln, ndtr, ndtri

FILE = Path(__file__).resolve().parent / "bayesian_meta_analysis_cases.json"
LOG_2PI = np.log(2.0 * np.pi)
STEPS = (1.0 / 40, 1.0 / 72)


def log_half_normal(tau, s):
    """Log density of the half-normal."""
    return 0.5 * np.log(2 / np.pi) - np.log(s) - 0.5 * (tau / s) ** 2


def log_half_cauchy(tau, s):
    """Log density of the half-Cauchy."""
    return np.log(2 / np.pi / s) - np.log1p((tau / s) ** 2)


def log_inverse_gamma(tau, a, b):
    """Log density of the inverse gamma."""
    return a * np.log(b) - gammaln(a) - (a + 1) * np.log(tau) - b / tau


def normal_given_tau(y, se, tau, mu_sigma):
    """Log p(y | tau), mean and precision of mu; mu_sigma None is the improper uniform of density 1."""
    w = 1.0 / (se[:, None] ** 2 + tau**2)
    own = 0.0 if mu_sigma is None else mu_sigma**-2
    precision = w.sum(axis=0) + own
    mean = (w * y[:, None]).sum(axis=0) / precision
    square = (w * (y[:, None] - mean) ** 2).sum(axis=0) + own * mean**2
    log_p = 0.5 * (np.log(w) - LOG_2PI).sum(axis=0) - 0.5 * np.log(precision) - 0.5 * square
    return log_p + (0.5 * LOG_2PI if mu_sigma is None else -np.log(mu_sigma)), mean, precision


def half_line(step, scale, upper=None):
    """Double-exponential nodes and weights over tau."""
    nodes, weights = tanh_sinh(upper, step)
    return (nodes, weights) if upper else (nodes * scale, weights * scale)


def shortest(cdf, start, width):
    """Shortest interval of content 0.95: the lower end where the densities at both ends agree."""

    def upper(lo):
        return brentq(lambda x: cdf(x) - cdf(lo) - 0.95, lo, start + 60 * width, xtol=1e-12)

    def slope(lo):
        h = 1e-4 * width
        return (upper(lo + h) - (lo + h)) - (upper(lo - h) - (lo - h))

    most = brentq(lambda x: cdf(x) - 0.0499, start - 60 * width, start)
    lo = brentq(slope, start - 4 * width, most, xtol=1e-9)
    return lo, upper(lo)


def mixture(mass, mean, sd):
    """Summary of a mixture of normals, its shortest interval besides."""
    out = mixture_summary(mass, mean, sd)
    lo, hi = shortest(lambda x: float(mass @ ndtr((x - mean) / sd)), out["mean"], out["sd"])
    return {**out, "shortest_lower": lo, "shortest_upper": hi}


def normal_normal(y, se, mu_sigma, log_tau, scale, step):
    """Posterior of a normal-normal model, tau by a double-exponential rule."""
    y, se = np.array(y, float), np.array(se, float)

    def log_f(t):
        return log_tau(t) + normal_given_tau(y, se, t, mu_sigma)[0]

    tau, weight = half_line(step, scale)
    values = log_f(tau)
    top = values.max()
    mass = np.exp(values - top) * weight
    total, mass = mass.sum(), mass / mass.sum()
    _, mean, precision = normal_given_tau(y, se, tau, mu_sigma)

    def tau_cdf(x):
        nodes, w = half_line(step, None, upper=x)
        return float(np.exp(log_f(nodes) - top) @ w / total)

    def tau_quantile(q):
        i = np.searchsorted(np.cumsum(mass), q)
        return brentq(lambda x: tau_cdf(x) - q, tau[i - 3], tau[i + 2], xtol=1e-14)

    centre, var = central_moments(mass, tau)
    own = tau**2 / (tau**2 + se[:, None] ** 2)
    sd = np.sqrt(own * se[:, None] ** 2 + (1 - own) ** 2 / precision)
    out = {
        "tau": {
            **summary(centre, var + centre**2, [tau_quantile(q) for q in LEVELS]),
            "quantile_95": tau_quantile(0.95),
        },
        "mu": mixture(mass, mean, precision**-0.5),
        "new_cohort": mixture(mass, mean, np.sqrt(tau**2 + 1 / precision)),
        "cohorts": [mixture(mass, o * yj + (1 - o) * mean, s) for o, yj, s in zip(own, y, sd, strict=True)],
        "log_marginal_likelihood": None if mu_sigma is None else float(top + np.log(total)),
    }
    return out, tau_cdf, tau_quantile, (mass, mean, precision)


def schools_flat(case, step):
    """Improper uniform mu and tau."""
    d = case["inputs"]
    return normal_normal(d["y"], d["se"], None, lambda t: 0.0 * t, 5.0, step)[0]


def schools_posteriordb(case, step):
    """mu ~ Normal(0, 5), tau ~ HalfCauchy(5)."""
    d = case["inputs"]
    return normal_normal(d["y"], d["se"], 5.0, lambda t: log_half_cauchy(t, 5.0), 5.0, step)[0]


def log_odds_ratios(d):
    """Estimates and variances from the counts, 0.5 added to a table with an empty cell."""
    table = np.array([d[k] for k in ("exp_events", "exp_total", "cont_events", "cont_total")], float)
    a, b, c, e = table[0], table[1] - table[0], table[2], table[3] - table[2]
    add = np.where((a == 0) | (b == 0) | (c == 0) | (e == 0), 0.5, 0.0)
    a, b, c, e = a + add, b + add, c + add, e + add
    return np.log(a * e / (b * c)), 1 / a + 1 / b + 1 / c + 1 / e


def crins(case, step):
    """mu ~ Normal(0, 4), tau ~ HalfNormal(0.5), on the stored (8-digit) estimates."""
    d = case["inputs"]
    out, tau_cdf, tau_quantile, (mass, mean, precision) = normal_normal(
        d["yi"], np.sqrt(d["vi"]), 4.0, lambda t: log_half_normal(t, 0.5), 0.5, step)  # fmt: skip
    out["P(mu>0)"] = float(mass @ ndtr(mean * np.sqrt(precision)))
    out["P(tau>1)"] = 1.0 - tau_cdf(1.0)
    out["tau_q99"] = tau_quantile(0.99)
    out["tau_central99"] = [tau_quantile(0.005), tau_quantile(0.995)]
    y, v = log_odds_ratios(d)
    out["estimates_from_counts"] = {"yi": y.tolist(), "vi": v.tolist()}
    return out


def crins_reml(case, step):
    """The tau at which the restricted likelihood is greatest, and mu's moments given it."""
    y, v = np.array(case["inputs"]["yi"]), np.array(case["inputs"]["vi"])

    def score(tau):
        w = 1 / (v + tau**2)
        mean = (w * y).sum() / w.sum()
        return (w**2 * (y - mean) ** 2).sum() - w.sum() + (w**2).sum() / w.sum()

    tau = brentq(score, 0.05, 3.0, xtol=1e-14)
    w = 1 / (v + tau**2)
    return {"tau_REML": tau, "mu_given_tau": float((w * y).sum() / w.sum()), "sd_given_tau": float(w.sum() ** -0.5)}


def turner(case, step):
    """Quantiles of a log-normal."""
    d = case["inputs"]["tau2_lognormal"]
    return {
        "tau_quantiles": {
            q: float(np.exp(0.5 * (d["mu"] + d["sigma"] * ndtri(float(q))))) for q in ("0.025", "0.5", "0.975")
        }
    }


def prior_predictive(case, step):
    """97.5% quantile of theta ~ Normal(0, tau) under three priors of tau."""
    priors = {
        "a": lambda t: log_half_normal(t, 0.5),
        "b": lambda t: log_half_normal(t, 1.0),
        "c": lambda t: log_half_cauchy(t, 0.5),
    }
    out = {}
    for key, prior in priors.items():
        tau, weight = half_line(step, 0.5)
        mass = np.exp(prior(tau)) * weight
        out[key] = brentq(lambda x, m=mass, t=tau: float(m @ ndtr(-x / t)) - 0.025, 0.1, 50.0, xtol=1e-13)
    return {"q975": out}


def binomial(case, step):
    """Partial pooling of counts; `step` picks the coarser or the finer rule."""
    d, prior = case["inputs"], case["own_priors"]
    problem = Problem(np.array(d["r"]), np.array(d["n"]), prior["mu"], prior["tau"]["sigma"])
    post = Posterior(problem, BASE if step == STEPS[0] else FINE, pilot_tau(problem))
    return describe(post)


def leeliu(case, step):
    """Beta posterior tail."""
    n, p0 = case["inputs"]["n"], case["inputs"]["p0"]
    tail = {r: float(betainc(0.4 + n - r, 0.6 + r, 1 - p0)) for r in (case["inputs"]["r"], 0, n)}
    return {"P(p>p0)": tail[case["inputs"]["r"]], "P_for_r_0": tail[0], "P_for_r_23": tail[n]}


def beta_mixture(case, step):
    """Posterior of a mixture of two betas: weights by their marginal likelihoods."""
    r, n, p0 = (case["inputs"][k] for k in ("r", "n", "p0"))

    def log_beta(a, b):
        return gammaln(a) + gammaln(b) - gammaln(a + b)

    parts = [(0.6, 0.4), (1.0, 1.0)]
    log_m = np.array([log_beta(a + r, b + n - r) - log_beta(a, b) for a, b in parts])
    weight = np.exp(log_m - log_m.max())
    weight /= weight.sum()
    tails = np.array([betainc(b + n - r, a + r, 1 - p0) for a, b in parts])
    return {"P(p>p0)": float(weight @ tails), "posterior_weights": weight.tolist()}


def surgical(case, step):
    """Beta(1 + r, 1 + n - r) of each hospital."""
    out = []
    for r, n in zip(case["inputs"]["r"], case["inputs"]["n"], strict=True):
        a, b = 1.0 + r, 1.0 + n - r
        mean = a / (a + b)
        out.append(summary(mean, mean**2 + mean * (1 - mean) / (a + b + 1), [betaincinv(a, b, q) for q in LEVELS]))
    return {"cohorts": out}


def averaging(case, step):
    """Log marginal likelihoods of fixed and random, with mu = 0 and with mu's (truncated) prior."""
    y, se = np.array(case["inputs"]["y"]), np.array(case["inputs"]["se"])
    if case["id"] == "bma_towels_vignette":
        log_tau, scale = (lambda t: log_half_cauchy(t, 0.3)), 0.3
        log_mu = lambda m: log_half_normal(m, 0.3)  # noqa: E731
    else:
        log_tau, scale = (lambda t: log_inverse_gamma(t, 1.0, 0.15)), 0.15
        norm = np.log(student_above_zero(0.34999, 0.1021, 3.0, step))
        log_mu = lambda m: log_student(m, 0.34999, 0.1021, 3.0) - norm  # noqa: E731

    def log_p(mu, tau):
        v = se**2 + tau[..., None] ** 2
        return -0.5 * (LOG_2PI + np.log(v) + (y - mu[..., None]) ** 2 / v).sum(axis=-1)

    tau, w_tau = half_line(step, scale)
    mu, w_mu = half_line(step, 0.3)
    w_tau, w_mu = w_tau * np.exp(log_tau(tau)), w_mu * np.exp(log_mu(mu))
    zero = np.zeros(1)
    logml = {
        "fixed_H0": float(log_p(zero, zero)[0]),
        "fixed_H1": float(np.log(w_mu @ np.exp(log_p(mu, np.zeros_like(mu))))),
        "random_H0": float(np.log(w_tau @ np.exp(log_p(np.zeros_like(tau), tau)))),
        "random_H1": float(np.log(w_tau @ np.exp(log_p(mu[None, :], tau[:, None])) @ w_mu)),
    }
    p = {k: np.exp(v) for k, v in logml.items()}
    all_p = sum(p.values())
    out = {"logml": logml, "posterior": {k: float(v / all_p) for k, v in p.items()},
           "BF_fixed": float(p["fixed_H1"] / p["fixed_H0"]), "BF_random": float(p["random_H1"] / p["random_H0"]),
           "BF_inclusion": float((p["fixed_H1"] + p["random_H1"]) / (p["fixed_H0"] + p["random_H0"]))}  # fmt: skip
    if case["id"] == "bma_towels_vignette":
        out["without_truncation"] = untruncated(y, se, tau, w_tau)
    return out


def untruncated(y, se, tau, w_tau):
    """Towels with mu ~ Normal(0, 0.3) on the whole line: needs no truncated prior."""
    at_zero = normal_given_tau(y, se, np.zeros(1), 0.3)[0][0]
    random = np.log(w_tau @ np.exp(normal_given_tau(y, se, tau, 0.3)[0]))
    return {
        "priors": "mu ~ Normal(0, 0.3), tau ~ HalfCauchy(0.3)",
        "logml": {"common": float(at_zero), "partial": float(random)},
    }


def log_student(x, m, s, nu):
    """Log density of Student's t."""
    z = (x - m) / s
    return (
        gammaln((nu + 1) / 2)
        - gammaln(nu / 2)
        - 0.5 * np.log(nu * np.pi)
        - np.log(s)
        - (nu + 1) / 2 * np.log1p(z * z / nu)
    )


def student_above_zero(m, s, nu, step):
    """P(X > 0) of Student's t by quadrature."""
    x, w = half_line(step, m)
    return float(w @ np.exp(log_student(x, m, s, nu)))


SOLVERS = {
    "nnhm_schools_flat": schools_flat,
    "nnhm_schools_posteriordb": schools_posteriordb,
    "nnhm_crins_halfnormal05": crins,
    "reml_crins": crins_reml,
    "turner2015_prior_surgical": turner,
    "prior_predictive_normal_mixture": prior_predictive,
    "gmap_AS_halfnormal1": binomial,
    "leeliu_postprob": leeliu,
    "mixture_postprob": beta_mixture,
    "bugs_surgical_fixed": surgical,
    "bma_towels_vignette": averaging,
    "bma_powerpose_informed": averaging,
    "rbest_transplant": binomial,
    "rbest_colitis": binomial,
    "pritz1997": binomial,
}


def rounded(value):
    """The same nest at 16 significant digits; words and nulls as they are."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.16g}") if isinstance(value, (float, np.floating)) else value


def apart(one, two):
    """Largest difference between two nests of numbers, relative to values above 1."""
    other = dict(leaves(two))
    return max((abs(v - other[k]) / max(1.0, abs(v)) for k, v in leaves(one) if isinstance(v, float)), default=0.0)


def main(argv=None):
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args(argv)
    document = json.loads(FILE.read_text(encoding="utf-8"))
    bad = 0
    for case in [*document["cases"], *document["data_only"]]:
        solver = SOLVERS.get(case["id"])
        if solver is None:
            continue
        coarse, fine = (rounded(solver(case, step)) for step in STEPS)
        gap = apart(coarse, fine)
        if options.check:
            off = apart(fine, case["own"]["values"])
            bad += off > 1e-8
            print(f"{case['id']}: off by {off:.1e}, resolutions apart {gap:.1e}", file=sys.stderr)
        else:
            case["own"]["values"], case["own"]["two_resolutions_apart"] = fine, float(f"{gap:.1e}")
            print(f"{case['id']}: resolutions apart {gap:.1e}", file=sys.stderr)
    if not options.check:
        FILE.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
