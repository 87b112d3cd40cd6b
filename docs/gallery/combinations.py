"""Variants of the bundled model one by one and taken together: the specification curve of all of them."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

groups = {
    "heterogeneity": ["tau_025", "tau_100", "common"],
    "who speaks": ["prospective_only", "with_secondary"],
}
variants = tc.vary("response_pd1", tc.read_evidence(), combine=groups)
tc.plots.specification_curve(variants, target="new_cohort").savefig(images / "combinations.svg")
