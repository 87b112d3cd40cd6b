"""What docs/calibration.md says of printed hazard ratios, from docs/calibration_hazard_ratio.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from tinycohort.calibration.hazard_ratios import ALL_DIE, FULL, ORDER, OWN, PRINTED

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "calibration_hazard_ratio.csv"
SIZES = ("3", "8", "20", "90")
Rows = list[dict[str, str]]

HEAD = """
## Printed hazard ratios

A log hazard ratio is drawn from Normal(0, 1), the control arm's log median and the shape of both arms from the priors
above; n people in each arm enter and are followed as above. The paper prints Cox's hazard ratio with Wald's 95%
interval to two decimals, and the kind `hazard_ratio` reads it, with the prior Normal(0, 1). Every replicate is kept.
Where there is no estimate (nobody died, or only people of one arm while both were at risk), or where a limit is printed
as 0.00, nothing is read and the posterior is the prior.

Each cell: coverage of the log hazard ratio, lowest to highest over Weibull and exponential hazards, in per cent; in
brackets how wide the intervals are beside those from the order of deaths itself, by Cox's partial likelihood. A star is
a cell that is not accepted.
"""

WHY = """
What is missed is missed where nothing is printed. That a trial has no estimate says that few died or that the arms
differ much, and the prior does not know it; the order of deaths does. Over truths from the prior, reading a normal
distribution into what is printed costs little at any of these sizes, and two decimals next to nothing. A trial of a few
people is better told by its arms than by its hazard ratio.
"""

FIXED = """
At fixed truths, with log median and shape at the prior's mean, no 95% is owed. Coverage beside that by the order of
deaths on the same replicates: differences in points, over all and, in brackets, over those in print. A star is more
than 3 points below or above, over all. At two standard deviations the prior's own interval misses the truth, and so
does every replicate without print.
"""


def read() -> Rows:
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def span(values: list[float], form: str = ".1f") -> str:
    low, high = (format(value, form).replace("-0.0", "0.0") for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def percent(rows: Rows, name: str) -> list[float]:
    return [100.0 * float(row[name]) for row in rows if row[name]]


def chosen(rows: Rows, rule: str, size: str, truth: str = "prior") -> Rows:
    return [row for row in rows if (row["rule"], row["people_in_each_arm"], row["truth"]) == (rule, size, truth)]


def line(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def head(name: str) -> list[str]:
    return [line(name, (f"n = {size}" for size in SIZES)), "|---" * (len(SIZES) + 1) + "|"]


def coverage(rows: Rows, rule: str, size: str) -> str:
    own, order = chosen(rows, rule, size), chosen(rows, ORDER, size)
    values = percent(own, "coverage")
    wide = sum(float(row["width"]) for row in own) / sum(float(row["width"]) for row in order)
    return f"{span(values)} ({wide:.2f}){' *' if min(values) < 92.5 or max(values) > 97.5 else ''}"


def table(rows: Rows) -> list[str]:
    lines = head("rule")
    lines += [line(rule, (coverage(rows, rule, size) for size in SIZES)) for rule in (ORDER, FULL, PRINTED)]
    for name, column in (
        ("printed, % of trials", "printed"),
        ("coverage where printed", "coverage_printed"),
        ("coverage where not", "coverage_unprinted"),
    ):
        lines.append(line(name, (span(percent(chosen(rows, PRINTED, size), column)) for size in SIZES)))
    return lines


def ranks(rows: Rows) -> str:
    least = {
        rule: min(float(row["uniform_p"]) for size in SIZES for row in chosen(rows, rule, size))
        for rule in (ALL_DIE, OWN, ORDER, PRINTED)
    }
    return f"""
Ranks: the truth's place in its posterior is uniform where the ratio is what the kind takes it for, normal about the
truth with a known standard error (the smallest of eight P values is {least[OWN]:.2g}; `make slow` ranks cohorts
pooled partially), and by the order of deaths where all are followed until they die, whatever the baseline
({least[ALL_DIE]:.2g}). With censoring, how many died says something too, which neither the order of deaths nor Cox's
estimate holds: places are then not quite even ({least[ORDER]:.2g} and {least[PRINTED]:.2g}).
"""


def beside(rows: Rows, size: str, truth: str) -> str:
    def apart(column: str) -> list[float]:
        pairs = zip(chosen(rows, PRINTED, size, truth), chosen(rows, ORDER, size, truth), strict=True)
        return [100.0 * (float(mine[column]) - float(theirs[column])) for mine, theirs in pairs]

    all_of_them = apart("coverage")
    star = " *" if max(map(abs, all_of_them)) > 3.0 else ""
    return f"{span(all_of_them, '+.1f')} ({span(apart('coverage_printed'), '+.1f')}){star}"


def section() -> list[str]:
    rows = read()
    if not rows:
        return []
    parts = [HEAD, *table(rows), WHY, ranks(rows), FIXED, *head("log hazard ratio")]
    truths = dict.fromkeys(row["truth"] for row in rows if row["truth"] != "prior")
    parts += [line(truth, (beside(rows, size, truth) for size in SIZES)) for truth in truths]
    made = "; ".join(sorted({f"{row['date']}, commit {row['commit']}, code {row['code']}" for row in rows}))
    replicates = {row["truth"] == "prior": row["replicates"] for row in rows}
    parts.append(
        f"\nOf {replicates[True]} replicates each, {replicates[False]} at fixed truths: "
        f"`docs/calibration_hazard_ratio.csv`, made {made}."
    )
    return parts
