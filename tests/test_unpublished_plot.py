"""How the answer hangs on unpublished series: what is drawn is what the fits say, in order."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinycohort as tc
from support.pictures import texts_of

COUNTS = {"events": [0, 7, 9], "totals": [8, 27, 44]}


@pytest.fixture(scope="module")
def fits() -> list[tuple[float, tc.Fit]]:
    # Any fits of the same cohorts will do here: what corrects them is not the figure's business.
    return [(p, tc.pool(**COUNTS, mu=f"Normal({p - 2}, 0.4)")) for p in (1.0, 0.1, 0.5)]


@pytest.mark.parametrize("target", ["typical", "average", "new_cohort"])
def test_each_row_is_the_estimate_of_its_fit(fits: list[tuple[float, tc.Fit]], target: str) -> None:
    table = tc.plots.unpublished_sensitivity_table(fits, target, 0.8)  # type: ignore[arg-type]
    assert list(table["probability"]) == [0.1, 0.5, 1.0]
    for probability, fit in fits:
        row = table.set_index("probability").loc[probability]
        expected = fit.summary(0.8)[target]
        assert [row[name] for name in ("median", "lower", "upper")] == [
            expected[name] for name in ("median", "lower", "upper")
        ]
    assert set(table["cohorts"]) == {3}
    assert set(table["without_events"]) == {1}


def test_the_line_and_the_band_run_through_the_numbers(fits: list[tuple[float, tc.Fit]]) -> None:
    table, axes = tc.plots.unpublished_sensitivity_table(fits), tc.plots.unpublished_sensitivity(fits).axes[0]
    line = next(line for line in axes.lines if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(line.get_xdata(), [10, 50, 100])
    np.testing.assert_allclose(line.get_ydata(), 100 * table["median"])
    band = axes.collections[0].get_paths()[0].vertices
    for probability, lower, upper in table[["probability", "lower", "upper"]].itertuples(index=False):
        for end in (lower, upper):
            assert np.abs(band - [100 * probability, 100 * end]).sum(axis=1).min() == pytest.approx(0, abs=1e-9)


def test_the_answer_if_all_are_published_has_a_mark_of_its_own(fits: list[tuple[float, tc.Fit]]) -> None:
    def diamonds(some: list[tuple[float, tc.Fit]]) -> list[float]:
        axes = tc.plots.unpublished_sensitivity(some).axes[0]
        return [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "D"]

    assert diamonds(fits) == [100.0]
    assert diamonds(fits[1:]) == []


def test_it_says_what_is_shown_and_how_many_cohorts_are_without_an_event(fits: list[tuple[float, tc.Fit]]) -> None:
    words = " ".join(text.get_text() for text in texts_of(tc.plots.unpublished_sensitivity(fits))).replace("\n", " ")
    assert "Response probability, typical cohort (%)" in words
    assert "3 cohorts are used, 1 without a responder." in words
    assert "Probability that a cohort without a responder is published (%)" in words
    bundled = tc.fit("response_pd1", tc.read_evidence())
    words = " ".join(text.get_text() for text in texts_of(tc.plots.unpublished_sensitivity({1.0: bundled})))
    assert "7 cohorts are used, none without objective response." in words


def test_everything_that_is_wrong_with_the_fits_is_said_at_once(fits: list[tuple[float, tc.Fit]]) -> None:
    other = tc.pool(events=[1], totals=[8])
    ratios = tc.pool(estimates=[0.5], lower=[0.3], upper=[0.9], ratio=True, mu="Normal(0, 1)", tau="HalfNormal(1)")
    wrong = [fits[0], (1.0, fits[0][1]), (0.0, fits[0][1]), (20, fits[0][1]), (0.2, other), (0.3, ratios)]
    with pytest.raises(tc.InputError) as refusal:
        tc.plots.unpublished_sensitivity(wrong)
    said = str(refusal.value)
    for part in ("1.0 is no such probability, or stands there twice", "0.0 is no such", "20 is no such"):
        assert part in said
    assert "the fit at 0.2: is of other cohorts" in said
    assert "the fit at 0.3: is not of counts" in said


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ([], {}, "no fits"),
        ([(1.0, tc.pool(**COUNTS, pooling="none"))], {}, "pooling 'none' has no typical"),
        ([(1.0, tc.pool(**COUNTS))], {"target": "tau"}, "unknown target 'tau'"),
        ([(1.0, tc.pool(**COUNTS))], {"level": 0}, "0 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    given: list[tuple[float, tc.Fit]], options: dict[str, object], said: str
) -> None:
    for answer in (tc.plots.unpublished_sensitivity, tc.plots.unpublished_sensitivity_table):
        with pytest.raises(tc.InputError, match=re.escape(said)):
            answer(given, **options)  # type: ignore[operator]
