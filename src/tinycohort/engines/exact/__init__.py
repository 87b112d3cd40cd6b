"""Quadrature: no Monte Carlo error, no convergence question, and an estimate of its own error."""

from __future__ import annotations

from .engine import ExactPosterior, SeparatePosterior, solve

__all__ = ["ExactPosterior", "SeparatePosterior", "solve"]
