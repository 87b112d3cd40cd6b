"""Every variant of the bundled model: its estimate above, what it does otherwise below."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

variants = tc.vary("response_pd1", tc.read_evidence())
tc.plots.specification_curve(variants).savefig(images / "specification_curve.svg")
