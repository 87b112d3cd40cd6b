"""Write docs/calibration.md from docs/calibration_survival.csv."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable

import calibration_page_ratios
from calibrate_survival import FOUR, KEY, OTHERS, POINTS, REPORTED, RESULTS, cells, key_of
from calibrate_survival import read as read_results

from tinycohort.calibration import PATIENTS, QUANTITIES, RULES

SIZES = ("3", "8", "20", "90")
UNSTATED = ("landmarks, unstated", "landmarks, nothing known")
#: Of these a whole distribution of what is printed is known, given the truth.
GENERATIVE = (
    PATIENTS, "patients, to the month", "median, first", "median, midpoint", "counts, known follow-up", "person-time",
)  # fmt: skip
# A median and two landmarks: at most so much wider than the patients themselves.
WIDER = 1.25
Rows = list[dict[str, str]]

HEAD = """# Calibration of survival reports

How often do 95% intervals hold the truth? A log median and a shape are drawn from the priors that are fitted, people
enter over two years and are followed for one to three, a paper prints what a rule makes of these data alone, and the
package reads the paper. Every replicate is kept: also those in which nobody died, the median was not reached, or the
curve ended early.

- Priors: log median ~ Normal(log 19, 1), log shape ~ Normal(0.2, 0.3); Gompertz's shape ~ Normal(0.5, 0.5); steps of
  flexible hazards a random walk of scale 0.5.
- Intervals are equal-tailed, of the median, S(12) and S(24). Because truths come from the prior, 95% is owed; 93 to 97%
  is the target, 92.5 to 97.5% is accepted, up to 98.5% where the basis of follow-up is not stated. With 4,000
  replicates the standard error is 0.34 points.
- A paper's landmarks are 12 and 24 months, printed to three decimals where the curve gets there, with the median, or
  that it was not reached. Medians alone: all are followed for 30 months.

Each cell: the lowest to the highest coverage over families and quantities, in per cent; in brackets how wide the
intervals are beside those from the patients themselves, on average. A star is a cell that is not accepted. The last two
rows are what a careless reader does, and are reported whatever they are.
"""

FIXED = """
## At fixed truths

There no 95% is owed. Coverage beside that of the full patient data on the same replicates: differences in points,
lowest to highest over families and quantities; truths are standard deviations of log median and shape from the prior's
mean. A star is more than 3 points below or above.
"""

ACROSS = """
## Across families

What is fitted is not what is true. No level is owed; this is what came out, over sizes and quantities, in per cent.
"""


def coverages(rows: Iterable[dict[str, str]]) -> list[float]:
    return [100.0 * float(row[f"coverage_{name}"]) for row in rows for name in QUANTITIES]


def span(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


def cell(rows: Rows, patients: Rows, rule: str) -> str:
    if not rows:
        return "–"
    values = coverages(rows)
    highest = 98.5 if rule in UNSTATED else 97.5
    bad = rule not in REPORTED and (min(values) < 92.5 or max(values) > highest)
    base = {(row["family"], row["people"]): row for row in patients}
    ratios = [
        float(row[f"width_{name}"]) / float(base[row["family"], row["people"]][f"width_{name}"])
        for row in rows
        for name in QUANTITIES
        if (row["family"], row["people"]) in base
    ]
    wide = f" ({sum(ratios) / len(ratios):.2f})" if ratios else ""
    return f"{span(values)}{wide}{' *' if bad else ''}"


def table(rows: Rows, families: Iterable[str], sizes: Iterable[str]) -> list[str]:
    rows = [
        row for row in rows if row["truth"] == "prior" and row["family"] == row["fitted"] and row["family"] in families
    ]
    patients = [row for row in rows if row["rule"] == PATIENTS]
    sizes = list(sizes)
    lines = ["| rule | " + " | ".join(f"n = {size}" for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for rule in RULES:
        own = [[row for row in rows if row["rule"] == rule and row["people"] == size] for size in sizes]
        if any(own):
            lines.append(f"| {rule} | " + " | ".join(cell(each, patients, rule) for each in own) + " |")
    return lines


def fixed(rows: Rows) -> list[str]:
    rows = [row for row in rows if row["truth"] != "prior"]
    base = {_place(row): row for row in rows if row["rule"] == PATIENTS}
    closest: dict[tuple[str, ...], dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: int(row["replicates"])):
        if row["rule"] != PATIENTS and _place(row) in base:
            closest[row["family"], row["people"], row["truth"], row["rule"]] = row
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in closest.values():
        pairs = zip(coverages([row]), coverages([base[_place(row)]]), strict=True)
        found[row["truth"], row["people"]] += [mine - theirs for mine, theirs in pairs]
    truths = list(dict.fromkeys(row["truth"] for row in rows))
    lines = ["| truth | " + " | ".join(f"n = {size}" for size in SIZES) + " |", "|---" * (len(SIZES) + 1) + "|"]
    for truth in truths:
        cells = []
        for size in SIZES:
            values = found[truth, size]
            cells.append(f"{span(values)}{' *' if max(map(abs, values)) > POINTS else ''}" if values else "–")
        lines.append(f"| {truth} | " + " | ".join(cells) + " |")
    return [*lines, wrapped(_said_of_fixed(list(closest.values()), found))]


def _place(row: dict[str, str]) -> tuple[str, ...]:
    return row["family"], row["people"], row["truth"], row["replicates"]


def _said_of_fixed(rows: Rows, found: dict[tuple[str, str], list[float]]) -> str:
    every = [value for values in found.values() for value in values]
    below, above = sum(value < -POINTS for value in every), sum(value > POINTS for value in every)
    few, many = (f(int(row["replicates"]) for row in rows) for f in (min, max))
    again = sum(int(row["replicates"]) == many for row in rows) if many > few else 0
    second = (
        f" Cells of {few:,} replicates with a difference beyond {POINTS:g} points were looked at again with {many:,}"
        f" ({again} of {len(rows)}), which is what counts here: among so many differences chance alone makes some"
        " large."
        if again
        else ""
    )
    return (
        f"Of {len(every):,} differences {below} are more than {POINTS:g} points below, and {above} above.{second} What"
        " is printed tells less than the people do, and so the prior pulls more, which shows where the truth is far"
        " from its mean. The lowest are three people with a median of 2.6 months, all dead before the first landmark: a"
        " curve at nought does not say that nobody was lost before. Where numbers at risk or everybody's follow-up say"
        " so, nothing is lost."
    )


def across(rows: Rows) -> list[str]:
    rows = [row for row in rows if row["family"] != row["fitted"]]
    lines = ["| truth | fitted | rule | coverage |", "|---|---|---|---|"]
    for key in dict.fromkeys((row["family"], row["fitted"], row["rule"]) for row in rows):
        own = [row for row in rows if (row["family"], row["fitted"], row["rule"]) == key]
        lines.append("| " + " | ".join((*key, span(coverages(own)))) + " |")
    return lines


def wrapped(words: str) -> str:
    return "\n" + "\n".join(textwrap.wrap(words, 120)) + "\n"


def widest(rows: Rows) -> str:
    """How much wider intervals from a median and two landmarks are than those from patients, at most."""
    rows = [row for row in rows if row["truth"] == "prior" and row["fitted"] == row["family"]]
    base = {(row["family"], row["people"]): row for row in rows if row["rule"] == PATIENTS}
    found = [
        (float(row[f"width_{name}"]) / float(base[row["family"], row["people"]][f"width_{name}"]), row, name)
        for row in rows
        if row["rule"].startswith("landmarks, ") and row["family"] in FOUR
        for name in QUANTITIES
    ]
    ratio, row, name = max(found, key=lambda one: one[0])
    what = "the median" if name == "median" else f"S({name.removeprefix('survival_')})"
    verdict = "no more than" if ratio <= WIDER else "more than"
    return wrapped(
        f"From a median and two landmarks intervals are {verdict} {WIDER - 1:.0%} wider than from the patients "
        f"themselves: at most {ratio:.2f} times as wide ({row['rule']}, {row['family'].replace('_', '-')}, "
        f"n = {row['people']}, {what})."
    )


def uniform(rows: Rows) -> str:
    own = [row for row in rows if row["truth"] == "prior" and row["fitted"] == row["family"] in FOUR]
    own = [row for row in own if row["rule"] in GENERATIVE]
    # With a constant hazard all three quantities are one and the same.
    values = sorted(
        float(row[f"uniform_p_{name}"])
        for row in own
        for name in (QUANTITIES[:1] if row["family"] == "exponential" else QUANTITIES)
    )
    if not values:
        return ""
    below = sum(value < 0.05 for value in values)
    rules = "; ".join(rule for rule in GENERATIVE if any(row["rule"] == rule for row in own))
    return "\n## Ranks\n" + wrapped(
        f"Where the distribution of what is printed is known ({rules}) the truth's place in its posterior is uniform. "
        f"Kolmogorov's test, {len(values)} times (quantities of one cohort are not independent): the smallest P value "
        f"is {values[0]:.2g}, and {below} {'is' if below == 1 else 'are'} below 0.05, where {0.05 * len(values):.0f} "
        "were to be expected."
    )


def unmade(rows: Rows) -> str:
    """What has not been run, in words."""
    made = {tuple(row[name] for name in KEY) for row in rows}
    missing = [(part, cell) for part, cell in cells(4000) if key_of(cell) not in made]
    if not missing:
        return "Every cell that is asked for has been run."
    names = {"prior": "truths from the prior", "fixed": "fixed truths", "across": "other families than the true one"}
    counts = {part: sum(one == part for one, _ in missing) for part in names}
    return (
        "Not run yet: " + ", ".join(f"{count} cells of {names[part]}" for part, count in counts.items() if count) + "."
    )


def main() -> None:
    rows = read_results()
    stamp = sorted({(row["date"], row["commit"], row["code"]) for row in rows})
    parts = [HEAD, *table(rows, FOUR, SIZES)]
    parts.append(widest(rows))
    others = table(rows, OTHERS, ("20", "90"))
    if len(others) > 2:
        parts += ["", "Gompertz, piecewise exponential and M-spline:", "", *others]
    parts.append(uniform(rows))
    if any(row["truth"] != "prior" for row in rows):
        parts += [FIXED, *fixed(rows)]
    if any(row["family"] != row["fitted"] for row in rows):
        parts += [ACROSS, *across(rows)]
    parts += calibration_page_ratios.section()
    made = ", ".join(f"{date}, commit {commit}, code {code}" for date, commit, code in stamp)
    replicates = ", ".join(sorted({row["replicates"] for row in rows}, key=int))
    parts.append(
        "\n## Where this comes from\n"
        + wrapped(
            f"`make calibrate` writes `docs/calibration_survival.csv` ({len(rows)} cells of {replicates} replicates; "
            f"with a digest of every cell's results) and this page. {unmade(rows)} Made: {made}."
        )
    )
    RESULTS.with_name("calibration.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
