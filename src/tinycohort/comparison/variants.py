"""`vary`: a model fitted as it stands and in all its variants."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..engines.run import fit
from ..evidence import Evidence
from ..issues import InputError
from ..posterior import Fit
from ..spec import ModelSpec, read_model

__all__ = ["Variants", "vary"]


class Variants(Mapping[str, Fit]):
    """What `vary` returns: a mapping from names to fits, the model itself first, under its own name.

    Attributes
    ----------
    model : ModelSpec
        The model that the variants are of.
    refused : dict of str to str
        Variants that could not be fitted, and why.

    Examples
    --------
    >>> import tinycohort as tc
    >>> variants = tc.vary("response_pd1", tc.read_evidence())
    >>> list(variants)[:3]
    ['response_pd1', 'tau_025', 'tau_100']
    """

    def __init__(self, model: ModelSpec, fits: Mapping[str, Fit], refused: Mapping[str, str]) -> None:
        self.model, self.refused, self._fits = model, dict(refused), dict(fits)

    def __getitem__(self, name: str) -> Fit:
        return self._fits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fits)

    def __len__(self) -> int:
        return len(self._fits)

    def __repr__(self) -> str:
        lines = [f"{self.model.name} and its variants: {', '.join(list(self)[1:]) or 'none'}"]
        return "\n".join([*lines, *(f"No answer from {name}: {why}" for name, why in self.refused.items())])


def vary(
    model: ModelSpec | str | os.PathLike[str] | Mapping[str, Any],
    evidence: Evidence,
    engine: str = "auto",
    seed: int | None = None,
    **sampler: Any,
) -> Variants:
    """Fit a model as it stands and in each of its variants.

    Parameters
    ----------
    model : ModelSpec, str, path or mapping
        A model with or without variants, or what `read_model` makes one of.
    evidence : Evidence
        As `read_evidence` returns it.
    engine : {"auto", "exact", "nuts"}
        ``auto`` takes the exact engine wherever it applies.
    seed : int, optional
        Of every random number in each fit; drawn afresh for each and recorded when not given.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    Variants
        A mapping from names to fits: the model's own name first, then those of its variants in the order of the file.
        A variant that cannot be fitted is in its `refused`, with the reason.

    Raises
    ------
    InputError
        The model itself cannot be read or fitted.

    Examples
    --------
    >>> import tinycohort as tc
    >>> variants = tc.vary("response_pd1", tc.read_evidence())
    >>> for name in ("response_pd1", "prospective_only"):
    ...     print(f"{name}: {variants[name].summary()['typical']['median']:.3f}")
    response_pd1: 0.242
    prospective_only: 0.248
    """
    spec = read_model(model)
    fits = {spec.name: fit(spec, evidence, engine, seed, **sampler)}
    refused: dict[str, str] = {}
    for name in spec.variants:
        variant = spec.variant(name)
        key = name if name != spec.name else variant.name
        try:
            fits[key] = fit(variant, evidence, engine, seed, **sampler)
        except InputError as error:
            refused[key] = " ".join(str(issue) for issue in error.issues)
    return Variants(spec, fits, refused)
