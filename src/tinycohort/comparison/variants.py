"""`vary`: a model fitted as it stands, in all its variants, and in combinations of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..engines.run import fit
from ..evidence import Evidence
from ..issues import InputError
from ..posterior import Fit, check_target
from ..spec import PLUS, ModelSpec, combine_variants, read_model
from .combinations import Combine, combined_models

if TYPE_CHECKING:
    import pandas

__all__ = ["Variants", "vary"]

_ESTIMATE = ("mean", "sd", "median", "lower", "upper")


class Variants(Mapping[str, Fit]):
    """What `vary` returns: a mapping from names to fits, the model itself first, under its own name.

    Attributes
    ----------
    model : ModelSpec
        The model that the variants are of.
    refused : dict of str to str
        Variants and combinations that could not be fitted, and why.
    skipped : dict of str to str
        Combinations that are none, and why: variants that contradict each other, or come to the same as another.

    Examples
    --------
    >>> import tinycohort as tc
    >>> variants = tc.vary("response_pd1", tc.read_evidence())
    >>> list(variants)[:3]
    ['response_pd1', 'tau_025', 'tau_100']
    """

    def __init__(
        self,
        model: ModelSpec,
        fits: Mapping[str, Fit],
        refused: Mapping[str, str],
        skipped: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self.refused, self._fits = model, dict(refused), dict(fits)
        self.skipped = dict(skipped or {})

    def __getitem__(self, name: str) -> Fit:
        return self._fits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fits)

    def __len__(self) -> int:
        return len(self._fits)

    def spec(self, name: str) -> ModelSpec:
        """The model of a variant or combination, fitted or not."""
        if name in self._fits and self._fits[name].model is not None:
            found: ModelSpec = self._fits[name].model
            return found
        own = name.rpartition(":")[2]
        return self.model.variant(own) if PLUS not in own else combine_variants(self.model, own.split(PLUS))

    def rows(self, target: str = "new_cohort", level: float = 0.95) -> list[dict[str, Any]]:
        """The rows of `table` as dictionaries, for programs that do without pandas."""
        main = next(iter(self._fits.values()))
        check_target(main, target, None)
        fitted = [self._row(name, one, target, level) for name, one in self._fits.items()]
        empty = dict.fromkeys(_ESTIMATE)
        without = [
            {"variant": name, "main": False, "cohorts": None, "target": target, **empty, "level": level,
             "why": self.spec(name).why or None, "reasons": why}
            for name, why in self.refused.items()
        ]  # fmt: skip
        return [*fitted, *without]

    def _row(self, name: str, one: Fit, target: str, level: float) -> dict[str, Any]:
        found = one.summary(level)[target] or dict.fromkeys(_ESTIMATE)
        reasons = "; ".join(one.reasons)
        if one.reportable and found["median"] is None:
            reasons = f"pooling {one.compiled.pooling.name!r} has no {target.replace('_', ' ')}"
        return {
            "variant": name,
            "main": one is next(iter(self._fits.values())),
            "cohorts": one.compiled.cohorts,
            "target": target,
            **{key: found[key] for key in _ESTIMATE},
            "level": level,
            "why": self.spec(name).why or None,
            "reasons": reasons or None,
        }

    def table(self, target: str = "new_cohort", level: float = 0.95) -> pandas.DataFrame:
        """An estimate of every variant and combination.

        Parameters
        ----------
        target : {"typical", "average", "new_cohort"}
            The estimate to follow.
        level : float
            Of the credible intervals.

        Returns
        -------
        pandas.DataFrame
            Columns variant, main, cohorts, target, mean, sd, median, lower, upper, level, why (what it asks), reasons
            (why there is no answer, when there is none). `plots.specification_curve_table` says what each does
            otherwise.
        """
        import pandas

        return pandas.DataFrame(self.rows(target, level)).astype({"cohorts": "Int64"})

    def __repr__(self) -> str:
        lines = [f"{self.model.name} and its variants: {', '.join(list(self)[1:]) or 'none'}"]
        lines += [f"No answer from {name}: {why}" for name, why in self.refused.items()]
        return "\n".join([*lines, *(f"Not taken together, {name}: {why}" for name, why in self.skipped.items())])


def vary(
    model: ModelSpec | str | os.PathLike[str] | Mapping[str, Any],
    evidence: Evidence,
    engine: str = "auto",
    seed: int | None = None,
    *,
    combine: Combine | None = None,
    **sampler: Any,
) -> Variants:
    """Fit a model as it stands, in each of its variants, and in the combinations of variants that are asked for.

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
    combine : sequence of sequence of str, "pairs", or mapping of str to sequence of str, optional
        Combinations of variants: named one by one; all pairs; or groups of variants under names of your own, one or
        none of each group being taken. Of pairs and crossings, those that contradict themselves are left out.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    Variants
        A mapping from names to fits: the model's own name first, then those of its variants in the order of the file,
        then combinations, ``"one+other"``. What cannot be fitted is in its `refused`, with the reason; combinations
        that were left out are in its `skipped`.

    Raises
    ------
    InputError
        The model itself cannot be read or fitted, or what to combine is not understood or contradicts itself.

    Examples
    --------
    >>> import tinycohort as tc
    >>> variants = tc.vary("response_pd1", tc.read_evidence(), combine=[["tau_100", "prospective_only"]])
    >>> for name in ("response_pd1", "prospective_only", "tau_100+prospective_only"):
    ...     print(f"{name}: {variants[name].summary()['new_cohort']['upper']:.2f}")
    response_pd1: 0.36
    prospective_only: 0.39
    tau_100+prospective_only: 0.41
    """
    spec = read_model(model)
    together, skipped = combined_models(spec, combine)
    fits = {spec.name: fit(spec, evidence, engine, seed, **sampler)}
    models = {name if name != spec.name else f"{spec.name}:{name}": spec.variant(name) for name in spec.variants}
    refused: dict[str, str] = {}
    for name, variant in (models | together).items():
        try:
            fits[name] = fit(variant, evidence, engine, seed, **sampler)
        except InputError as error:
            refused[name] = " ".join(str(issue) for issue in error.issues)
    return Variants(spec, fits, refused, skipped)
