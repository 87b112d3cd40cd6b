"""Eight patients here and three there, counts typed in (they are invented)."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.pool(events=[1, 0], totals=[8, 3], labels=["Series of eight", "Series of three"])
tc.plots.forest(fit).savefig(images / "two_series.svg")
