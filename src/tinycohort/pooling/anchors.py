"""Where NUTS walks: coordinates in which every cohort's theta is nearly a standard normal number, given the data."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Anchors", "anchored_z"]


class Anchors(NamedTuple):
    """What each cohort's likelihood adds to the prior of its theta, both seen as normal.

    Any numbers give the same model; these make it easy to sample. Arrays (cohort,), which may be symbolic.

    Attributes
    ----------
    centre : array
        Where the likelihood lies.
    precision : array
        One over its standard deviation; 0 where it says nothing.
    """

    centre: Any
    precision: Any


def anchored_z(mu: Any, tau: Any, anchors: Anchors | None) -> Any:
    """The standard normal z (cohort,) of theta = mu + tau z, inside an open PyMC model.

    In the prior z has nothing to do with mu and tau. In the posterior it has: the more a cohort knows, the more its z
    follows from mu and tau, and chains crawl where tau is large. Were its likelihood the normal one of `anchors`, z
    would have the standard deviation 1 / g given mu, tau and the data, g = sqrt(1 + (tau precision)^2). What is sampled
    is g z, moved by where mu and tau would put it: a standard normal number then, whatever they are. With a precision
    of 0 it is z itself.
    """
    import pymc

    if anchors is None:
        return pymc.Normal("z", 0.0, 1.0, dims="cohort")
    g = pymc.math.sqrt(1.0 + (tau * anchors.precision) ** 2)
    moved = tau * anchors.precision**2 * (mu - anchors.centre) / g
    z_anchored = pymc.Normal("z_anchored", moved, g, dims="cohort")
    return pymc.Deterministic("z", (z_anchored - moved) / g, dims="cohort")
