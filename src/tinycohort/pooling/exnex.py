"""`exnex`: each cohort is exchangeable with the others, or stands on its own; nobody knows which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..families import Family
from ..issues import InputError, Issue
from ..priors import Normal, Prior
from .anchors import Anchors
from .base import Pooling

__all__ = ["ESTIMATED", "Exnex"]

#: What is written instead of a number where the probability of being exchangeable has a prior.
ESTIMATED = "estimated"
_NEED = (
    'Write the probability that a cohort is exchangeable, such as exchangeable = 0.5; or "estimated", with a prior of'
    " exchangeable; or a list such as [0.25, 0.25], one for each exchangeable component."
)
_TINY, _MOST_COMPONENTS = 1e-300, 3


@dataclass(frozen=True)
class Exnex(Pooling):
    """theta_j ~ Normal(mu, tau) with probability `exchangeable`, and otherwise theta_j has the prior `own`.

    Neuenschwander et al. 2016, doi:10.1002/pst.1730. Of several exchangeable components the first has mu and tau, the
    second mu_2 and tau_2, and so on. A new cohort is an exchangeable one; of several components, one of them in the
    proportion of their probabilities.

    Parameters
    ----------
    exchangeable : float, "estimated" or sequence of float
        The probability that a cohort is exchangeable; or of each component, what is left being that of standing on its
        own; or the word, where it has a prior called ``exchangeable``. There is no default.

    Raises
    ------
    InputError
        Probabilities that are none, or come to more than one.

    Examples
    --------
    >>> Exnex(0.5).formula
    'theta_j ~ Normal(mu, tau) with probability 0.5, else theta_j ~ own'
    """

    exchangeable: Any = field(metadata={"need": _NEED, "words": (ESTIMATED,), "several": True, "default": 0.5})
    name = "exnex"
    mixes = True

    def __post_init__(self) -> None:
        given = self.exchangeable
        several = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)
        numbers = list(given) if several else [given]
        if given == ESTIMATED:
            return
        if not numbers or not all(_is_probability(value) for value in numbers):
            what = f"{given!r} is no probability between 0 and 1"
            raise InputError(Issue("exchangeable", what, _NEED))
        if len(numbers) > _MOST_COMPONENTS:
            what = f"{len(numbers)} exchangeable components, and there may be {_MOST_COMPONENTS}"
            raise InputError(Issue("exchangeable", what, "Use fewer."))
        if math.fsum(numbers) > 1.0 + 1e-12:
            what = f"the probabilities {', '.join(f'{value:g}' for value in numbers)} come to more than one"
            raise InputError(Issue("exchangeable", what, "What they leave of one is that of standing on its own."))
        value = tuple(float(one) for one in numbers) if len(numbers) > 1 else float(numbers[0])
        object.__setattr__(self, "exchangeable", value)

    @property
    def estimated(self) -> bool:
        """Whether the probability of being exchangeable has a prior."""
        return bool(self.exchangeable == ESTIMATED)

    @property
    def components(self) -> int:
        """How many exchangeable components there are."""
        return len(self.exchangeable) if isinstance(self.exchangeable, tuple) else 1

    @property
    def loose(self) -> bool:
        return bool(self.exchangeable != 1.0)

    @property
    def exchangeable_parts(self) -> tuple[str, ...]:
        """What the exchangeable components are called."""
        if self.components == 1:
            return ("exchangeable",)
        return tuple(f"exchangeable {k + 1}" for k in range(self.components))

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        ends = ["", *(f"_{k + 1}" for k in range(1, self.components))]
        return [(f"mu{end}", f"tau{end}") for end in ends]

    @property
    def parameters(self) -> tuple[str, ...]:
        return (
            *(name for pair in self._pairs for name in pair),
            "own",
            *(("exchangeable",) if self.estimated else ()),
        )

    @classmethod
    def possible_parameters(cls) -> tuple[str, ...]:
        return (*(f"{name}{end}" for end in ("", "_2", "_3") for name in ("mu", "tau")), "own", "exchangeable")

    @property
    def free(self) -> tuple[str, ...]:
        return (*self.parameters[: 2 * self.components], *self.parameters[2 * self.components + 1 :], "z", "theta_own")

    @property
    def formula(self) -> str:
        given = (self.exchangeable,) if self.components == 1 else self.exchangeable
        shares = ["exchangeable" if self.estimated else f"{value:g}" for value in given]
        parts = [
            f"Normal({mu}, {tau}) with probability {share}"
            for (mu, tau), share in zip(self._pairs, shares, strict=True)
        ]
        return f"theta_j ~ {', '.join(parts)}, else theta_j ~ own"

    # -- density ----------------------------------------------------------------------------------------------------

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        raise TypeError("theta is a mixture: ask for the parts")

    def log_weights(self, share: Any = None) -> Any:
        """Log probability of each component, and last of standing alone, (component, ...); `share` where estimated."""
        exchangeable = share if self.estimated else self.exchangeable
        given = np.asarray(exchangeable, float)
        given = given if given.ndim and not self.estimated else given[None]
        alone = np.maximum(1.0 - given.sum(axis=0, keepdims=True), 0.0)
        with np.errstate(divide="ignore"):
            return np.log(np.concatenate([given, alone]))

    def parts(self, point: Mapping[str, Any], groups: Any) -> tuple[Any, Any]:
        """Log probabilities (component, ..., 1) and theta (component, ..., cohort) of what a cohort may be of."""
        z = np.asarray(point["z"], float)
        thetas = []
        for k, (mu, tau) in enumerate(self._pairs):
            own = z if self.components == 1 else z[..., k, :]
            thetas.append(np.asarray(point[mu], float)[..., None] + np.asarray(point[tau], float)[..., None] * own)
        thetas.append(np.asarray(point["theta_own"], float))
        log_weights = self.log_weights(point.get("exchangeable"))[..., None]
        if not self.estimated:
            log_weights = log_weights.reshape(-1, *(1,) * thetas[0].ndim)
        return log_weights, np.stack(np.broadcast_arrays(*thetas))

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        names = [name for name in self.parameters if name != "own"]
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in names)
        z = Normal(0.0, 1.0).log_density(np.asarray(point["z"], float))
        own = priors["own"].log_density(np.asarray(point["theta_own"], float)).sum(axis=-1)
        return hyper + z.sum(axis=-1 if self.components == 1 else (-2, -1)) + own

    # -- PyMC -------------------------------------------------------------------------------------------------------

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        """Log probabilities and thetas of the components, last that of standing alone: a list of pairs.

        Every cohort has a theta in each, whichever it is of: what it is not of keeps its prior. So the membership can
        be summed over, and nothing is left that a sampler could get stuck in.
        """
        import pymc

        dims = ("cohort",) if self.components == 1 else ("component", "cohort")
        z = pymc.Normal("z", 0.0, 1.0, dims=dims)
        found, left = [], np.float64(1.0)
        given = (self.exchangeable,) if self.components == 1 else self.exchangeable
        for k, (mu, tau) in enumerate(self._pairs):
            share = priors["exchangeable"].pymc("exchangeable") if self.estimated else np.float64(given[k])
            theta = priors[mu].pymc(mu) + priors[tau].pymc(tau) * (z if self.components == 1 else z[k])
            found.append((_log(share), theta))
            left = left - share
        found.append((_log(left), priors["own"].pymc("theta_own", dims="cohort")))
        return found

    # -- draws ------------------------------------------------------------------------------------------------------

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        names = [name for name in self.parameters if name != "own"]
        found = {name: np.asarray(priors[name].draw(rng, size)) for name in names}
        shape = (*found["mu"].shape, len(groups))
        share = found.get("exchangeable")
        weights = np.exp(self.log_weights(share))[..., None]
        if share is None:
            weights = weights.reshape(-1, *(1,) * len(shape))
        chances = np.broadcast_to(weights, (len(weights), *shape))
        thetas = [found[mu][..., None] + found[tau][..., None] * rng.standard_normal(shape) for mu, tau in self._pairs]
        thetas.append(np.asarray(priors["own"].draw(rng, shape)))
        theta = _chosen(chances, np.stack(thetas), rng)
        found |= {"theta": theta, "exchangeable_cohort": np.array(1.0 - chances[-1])}
        return found | self.draw_new(found, rng)

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """theta of a new, exchangeable cohort; of every cohort too where `draws` hold what it may be of."""
        found: dict[str, Any] = {}
        if "probability_component" in draws:
            chances, thetas = (np.moveaxis(draws[name], -2, 0) for name in ("probability_component", "theta_component"))
            found |= {"theta": _chosen(chances, thetas, rng), "exchangeable_cohort": 1.0 - chances[-1]}
        several = np.stack(
            [draws[mu] + draws[tau] * rng.standard_normal(np.shape(draws[mu])) for mu, tau in self._pairs]
        )
        given = np.ones(1) if self.components == 1 else np.asarray(self.exchangeable)
        shares = (given / max(given.sum(), _TINY)).reshape(-1, *(1,) * (several.ndim - 1))
        return found | {"theta_new_cohort": _chosen(np.broadcast_to(shares, several.shape), several, rng)}

    def has_average(self, family: Family) -> bool:
        """Over exchangeable cohorts, of which there must be one kind."""
        return self.components == 1 and super().has_average(family)


def _log(share: Any) -> Any:
    """log of a probability, which may be a variable of PyMC's."""
    if isinstance(share, float):
        return np.float64(math.log(share)) if share > 0.0 else np.float64(-np.inf)
    import pymc

    return pymc.math.log(share)


def _chosen(chances: Any, values: Any, rng: np.random.Generator) -> Any:
    """One of the values (component, ...) for each place, by their chances."""
    below = np.cumsum(chances, axis=0)
    which = (below < rng.uniform(size=values.shape[1:]) * below[-1]).sum(axis=0)
    return np.take_along_axis(values, np.minimum(which, len(values) - 1)[None], axis=0)[0]


def _is_probability(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and 0.0 <= value <= 1.0
