"""The figures of a model, as files and for the page."""

from __future__ import annotations

from pathlib import Path

from .results import ModelResult

__all__ = ["write_figures"]


def write_figures(result: ModelResult, folder: Path) -> dict[str, Path]:
    """Write a model's figures as SVG and PDF.

    Parameters
    ----------
    result : ModelResult
        Of a fit that may not be reported there are no figures.
    folder : Path
        An existing folder.

    Returns
    -------
    dict of str to Path
        The SVG files by kind: forest, and prior_posterior where cohorts are pooled.
    """
    from .. import plots

    if not result.fit.reportable:
        return {}
    drawn = {"forest": plots.forest(result.fit)}
    if "tau" in result.fit.compiled.priors:
        drawn["prior_posterior"] = plots.prior_posterior(result.fit, "tau")
    elif result.fit.compiled.pooling.name != "none":
        drawn["prior_posterior"] = plots.prior_posterior(result.fit, "mu")
    for kind, figure in drawn.items():
        for suffix in ("svg", "pdf"):
            plots.save(figure, folder / f"{kind}_{result.model.name}.{suffix}")
    return {kind: folder / f"{kind}_{result.model.name}.svg" for kind in drawn}
