"""What each cohort would report under the model, beside what it did: after the data, and before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..compiled import CompiledModel
from ..posterior import Fit
from .predictive_figure import predictive_figure
from .predictive_rows import Given, posterior_rows, prior_rows, table_of

if TYPE_CHECKING:
    import pandas

__all__ = ["posterior_predictive", "posterior_predictive_table", "prior_predictive", "prior_predictive_table"]


def posterior_predictive(
    fit: Fit,
    *,
    given: Given = "others",
    level: float = 0.95,
    ax: Axes | None = None,
    order: str | Sequence[str] | None = None,
) -> Figure:
    """Draw what each cohort would report under the model, and what it did.

    Grey stems are the chances of each count (with contrasts, a density of the estimate), the thick line the predictive
    interval, and the mark what was observed: a circle inside the interval, a cross outside. About one cohort in twenty
    lies outside a 95% interval of a model that is right.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    given : {"others", "all"}
        What a cohort is predicted from. A cohort's own data inform its prediction, so that a model which bends to each
        cohort looks right whatever it is: ``others`` leaves them out, with the model fitted again without the cohort.
    level : float
        Of the predictive intervals.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide,
        when not given.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by what is predicted, the most informative first, or
        every label once.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported, a kind of number that cannot be predicted, a level outside (0, 1), an order
        that is not one, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.posterior_predictive(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> figure.axes[0].get_xlabel()
    'Share that responds (%)'
    """
    return predictive_figure(fit, posterior_rows(fit, given, level, order), level, ax, observed=True)


def posterior_predictive_table(
    fit: Fit, given: Given = "others", level: float = 0.95, order: str | Sequence[str] | None = None
) -> pandas.DataFrame:
    """What `posterior_predictive` draws, as numbers.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    given : {"others", "all"}
        What a cohort is predicted from: all cohorts but itself, or all.
    level : float
        Of the predictive intervals.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by what is predicted, the most informative first, or
        every label once.

    Returns
    -------
    pandas.DataFrame
        One row per cohort. Columns row, label, total (people, with counts), observed, median, lower, upper (of the
        prediction; like `observed` on the scale of the data: events, or a ratio or difference), below (the predictive
        probability of less than was observed, and half of that of just as much), level, given (``others``, ``all``, or
        ``priors`` where nothing links a cohort to others), chances (of 0 to `total` events; missing without counts),
        reasons (why there is no prediction, when there is none).

    Raises
    ------
    InputError
        A fit that may not be reported, a kind of number that cannot be predicted, a level outside (0, 1), or an order
        that is not one.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.posterior_predictive_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(table[["label", "total", "observed", "lower", "upper", "below"]].round(2).to_string(index=False))
       label  total  observed  lower  upper  below
    cohort 1      8       1.0    0.0    5.0   0.28
    cohort 2     27       7.0    1.0   15.0   0.68
    cohort 3     44       9.0    2.0   25.0   0.40
    """
    return table_of(posterior_rows(fit, given, level, order), level)


def prior_predictive(
    of: Fit | CompiledModel,
    *,
    level: float = 0.95,
    ax: Axes | None = None,
    order: str | Sequence[str] | None = None,
    observed: bool = True,
) -> Figure:
    """Draw what the model expects before it has seen a number: in each cohort, in a typical one, and in a new one.

    Parameters
    ----------
    of : Fit or CompiledModel
        A fit, or what `compile_model` returns; the sizes of its cohorts are used, what happened in them is not.
    level : float
        Of the intervals.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide,
        when not given.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by what is expected, the most informative first, or every
        label once.
    observed : bool
        Whether to mark what was observed as well.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same model.

    Raises
    ------
    InputError
        A kind of number that cannot be predicted, a level outside (0, 1), an order that is not one, or axes that are
        too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> compiled = tc.compile_model(tc.read_model("response_pd1"), tc.read_evidence())
    >>> figure = tc.plots.prior_predictive(compiled, observed=False)
    >>> len(figure.axes)
    1
    """
    return predictive_figure(of, prior_rows(of, level, order), level, ax, observed)


def prior_predictive_table(
    of: Fit | CompiledModel, level: float = 0.95, order: str | Sequence[str] | None = None
) -> pandas.DataFrame:
    """What `prior_predictive` draws, as numbers.

    Parameters
    ----------
    of : Fit or CompiledModel
        A fit, or what `compile_model` returns.
    level : float
        Of the intervals.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by what is expected, the most informative first, or every
        label once.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, with the columns of `posterior_predictive_table`; then typical and new cohort where the
        pooling has them, on the natural scale.

    Raises
    ------
    InputError
        A kind of number that cannot be predicted, a level outside (0, 1), or an order that is not one.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.prior_predictive_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(table[["label", "total", "median", "lower", "upper"]].round(3).to_string(index=False))
             label  total  median  lower  upper
          cohort 1      8     4.0  0.000  8.000
          cohort 2     27    13.0  0.000 27.000
          cohort 3     44    22.0  1.000 43.000
    Typical cohort   <NA>     0.5  0.025  0.975
        New cohort   <NA>     0.5  0.022  0.978
    """
    return table_of(prior_rows(of, level, order), level)
