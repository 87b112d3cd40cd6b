"""Ten thousand truths drawn from the priors, and where they lie in the posteriors of five tiny cohorts."""

import json
from pathlib import Path

import tinycohort as tc

docs = Path(__file__).parent.parent

# As `tc.calibrate` returned it; tools/calibrate_counts.py keeps it.
stored = json.loads((docs / "calibration_ranks.json").read_text(encoding="utf-8"))
result = tc.CalibrationResult.from_dict(stored["five tiny cohorts"])
tc.plots.save(tc.plots.rank_ecdf(result), docs / "images" / "calibration_ranks.svg")
