"""The courses of single patients, in the order reported and at the times that are known."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

tc.plots.courses(tc.read_evidence()).savefig(images / "courses.svg")
