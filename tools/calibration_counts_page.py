"""Write docs/calibration_counts.md from docs/calibration_ranks.json and docs/calibration_counts.csv."""

from __future__ import annotations

import csv
import json
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from calibrate_counts import COUNTS, RANKS, TINY, analyses

from tinycohort.calibration.models.verdicts import METHODS, called

PAGE = COUNTS.with_name("calibration_counts.md")
QUANTITIES = {"typical": "the typical rate", "new_cohort": "a new cohort's rate"}
SHORT = ("this model", "Clopper-Pearson", "DerSimonian-Laird", "Hartung-Knapp", "Freeman-Tukey")
_PICTURE = "![Ranks of truths in the posteriors of five tiny cohorts](images/calibration_ranks.svg)"
Rows = list[dict[str, float]]

HEAD = """# Calibration of models

[`calibrate`](calibrate.md) draws truths and data and fits what it has drawn. Two questions are asked of it, which are
not the same. *Is the code right?* With truths drawn from the very priors that are fitted, truths lie anywhere in their
posteriors, and 95% intervals hold 95% of them: that is owed. *What does a fixed truth get?* There nothing is owed:
where the truth is what the prior holds likely, intervals hold it more often than they say, and where the prior hardly
believes in it, less often. This page shows both, the second beside what one would otherwise do with the same counts.
"""

RANKS_TEXT = """## Truths from the priors

Every bundled model that is not of survival (survival [has a page of its own](calibration.md)), with cohorts as large as
in the evidence; and five tiny cohorts of {sizes} people with the defaults of `pool`. A row says how often 95% intervals
hold the truth, lowest to highest over all unknowns (mu, tau, a new cohort, each cohort), one standard error of that,
and the smallest P value of as many tests that truths lie evenly in their posteriors. With so many tests a small one is
to be expected; a fault would be one below the last column.
"""

GRID_TEXT = """## Fixed truths

{count} truths: {cohorts} cohorts of {people} people each, typical rates of {rates}, and a standard deviation between
cohorts, tau, of {taus} on the logit scale. At each, {replicates} data sets, the same for every method. The model has
`pool`'s defaults: mu ~ Logistic(0, 1), tau ~ HalfNormal(0.5). The others, as metafor and meta do them by default:

- **Clopper-Pearson**: all people as one cohort. It has no interval of its own for a new cohort, and the same is taken.
- **DerSimonian-Laird**: random effects on logits, 0.5 added where a cohort has no event or nothing else, normal
  intervals; for a new cohort the prediction interval.
- **Hartung-Knapp**: the same with heterogeneity by restricted maximum likelihood, Student's t, and the scatter of the
  estimates for a standard error.
- **Freeman-Tukey**: random effects on double arcsines, taken back at the harmonic mean of the sizes.

![Coverage at fixed truths, beside other methods](images/calibration_coverage.svg)

![Mean width of intervals at fixed truths, beside other methods](images/calibration_width.svg)
"""

WHERE = """### Where coverage falls, and why

- **Where cohorts differ more than the prior holds likely.** HalfNormal(0.5) puts 5% above a tau of 1, and 0.3% above
  1.5. Few small cohorts cannot say otherwise: the posterior of tau stays near its prior, and intervals are made for
  cohorts that are more alike than they are. At tau = 1 the typical rate is held in {typical_1}, a new cohort's in
  {new_1}; at tau = 1.5 in {typical_15} and {new_15}. More cohorts help only if they are large enough to say how unlike
  they are: at tau = 1.5 and a rate of 0.3 a new cohort's is held in {new_8_2} with eight cohorts of two people, and in
  {new_8_30} with eight of 30. The variant `tau_100`, with HalfNormal(1), which every bundled single-arm model has,
  gives back [most of it](calibrate.md). If cohorts may be that unlike, look at it first.
- **Where the rate is very low.** A typical rate of 0.02 is a logit of -3.9. Logistic(0, 1), which is even on the
  probability scale, puts 2% below that: less than the 2.5% that an equal-tailed interval leaves below its lower end.
  One responder among a few people then suffices for that end to pass the truth; where nobody responds it is held.
  {rare_0} at tau = 0, and {rare_5} at tau = 0.5, all sizes together. Where tau is large as well, the rates of single
  cohorts are often far above the typical one, and are taken for the level.
- **Where tau is small, intervals hold more than they say**: {typical_0} and {new_0} at tau = 0. The prior has to leave
  room for a heterogeneity that is not there.
- **The lowest of all**: {lowest_typical} of the typical rate, at {where_typical}; {lowest_new} of a new cohort's, at
  {where_new}.

### The others

- **Counts added up** take people of one cohort for people drawn at random. That is conservative where cohorts are alike
  (exact limits are), and misses heterogeneity altogether: at tau = 1 a new cohort's rate is in the interval {cp_new_1}
  of the time. It also estimates the mean rate over people, which is not the typical rate where tau is large.
- **Logits with 0.5 added** are pulled towards one half where events are rare: at a rate of 0.02 DerSimonian and Laird's
  interval holds it in {dl_rare}, and with cohorts of two people {dl_rare_two}. The half that was added is the estimate
  there.
- **Hartung and Knapp's** standard error is the scatter of the estimates. Where tiny cohorts report the same (nobody of
  two, nobody of two) there is none, and the interval has no width: {hk_rare} at a rate of 0.02. At 30 people a cohort
  and a rate of 0.3 it holds {hk_fine}, which is what it is made for.
- **Freeman-Tukey** is the best of the four here, and at tau of 1 and more it holds the truth more often than this model
  does ({ft_1} of typical rates at tau = 1, {ft_15} at 1.5), by intervals that are {ft_wider} times as wide on average
  there. Its variance does not depend on the rate, so that no event is no trouble. But taken back at one size, which
  cohorts of unequal sizes do not have, it can leave the range of the data
  ([Schwarzer et al. 2019](https://doi.org/10.1002/jrsm.1348)); here all sizes are equal, which spares it. Its interval
  for a new cohort holds {ft_new_05} at tau = 0.5, where this model holds {new_05}.
"""


def wrapped(words: str) -> str:
    """Paragraphs and points in lines of 120."""
    blocks: list[str] = []
    for line in words.strip().split("\n"):
        if (
            blocks
            and line
            and not line.startswith(("- ", "#", "|", "!["))
            and blocks[-1]
            and not blocks[-1].startswith("#")
        ):
            blocks[-1] += " " + line.strip()
        else:
            blocks.append(line)
    return "\n".join(
        block
        if block.startswith(("#", "|", "!["))
        else textwrap.fill(
            block, 120, subsequent_indent="  " if block.startswith("- ") else "", break_long_words=False,
            break_on_hyphens=False,
        )
        for block in blocks
    )  # fmt: skip


def read_grid() -> list[dict[str, Any]]:
    with COUNTS.open(encoding="utf-8", newline="") as file:
        return [
            {name: value if name in ("date", "commit", "code") else float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def ranks(stored: dict[str, Any]) -> list[str]:
    lines = [
        "| model | cohorts | refitted by | replicates | coverage, % | standard error | smallest P | a fault below |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in stored.items():
        rows = [row for row in one["table"] if row["quantity"] != "typical"]
        values = sorted(100.0 * row["coverage"] for row in rows)
        settings = one["settings"]
        engine = {"batch": "exact, one grid for all", "exact": "exact, each by itself", "nuts": "NUTS"}
        span = f"{values[0]:.1f}" if values[0] == values[-1] else f"{values[0]:.1f} to {values[-1]:.1f}"
        cells = (
            name, str(len(settings["cohorts"])), engine[settings["engine"]], f"{settings['replicates']:,}", span,
            f"{100 * rows[0]['standard_error']:.2f}", f"{min(row['p_value'] for row in rows):.2g}",
            f"{0.05 / (2 * len(rows)):.2g}",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def overall(stored: dict[str, Any]) -> str:
    tiny = stored["five tiny cohorts"]
    found = {called(row["quantity"]): row for row in tiny["table"] if not row["cohort"]}
    others = [
        f"{SHORT[list(METHODS).index(row['method'])]} {100 * row['coverage']:.1f}%"
        for row in tiny["competitors"]
        if row["quantity"] == "new_cohort"
    ]
    unreported = sum(one["unreported"] for one in stored.values())
    verdicts = [name for name, one in stored.items() if not one["calibrated"]]
    missing = [name for name, _, _ in analyses() if name not in stored]
    unmade = f" Not run yet: {', '.join(missing)}." if missing else ""
    said = "Nothing speaks against any of them." if not verdicts else f"Not calibrated: {', '.join(verdicts)}."
    refits = (
        "Every refit could have been reported"
        if not unreported
        else f"{unreported:,} refits could not have been reported"
    )
    return (
        f"{said}{unmade} {refits}. Of the five tiny cohorts the typical rate is held in "
        f"{100 * found['typical']['coverage']:.1f}% and a new cohort's in {100 * found['new cohort']['coverage']:.1f}% "
        f"of {tiny['settings']['replicates']:,} replicates. On the same data the others hold a new cohort's rate in: "
        f"{', '.join(others)}."
    )


def tables(rows: Rows) -> list[str]:
    lines = []
    for quantity, words in QUANTITIES.items():
        lines += [f"\nCoverage of {words}, %, mean over all other truths; in brackets the mean width:\n"]
        lines += ["| truth | " + " | ".join(SHORT) + " |", "|---" * (len(SHORT) + 1) + "|"]
        for name, label in (("tau", "tau"), ("rate", "rate"), ("people", "people a cohort"), ("cohorts", "cohorts")):
            for value in sorted({row[name] for row in rows}):
                own = [row for row in rows if row[name] == value]
                cells = [cell(own, quantity, method) for method in METHODS]
                lines.append(f"| {label} {value:g} | " + " | ".join(cells) + " |")
    return lines


def cell(rows: Rows, quantity: str, method: str) -> str:
    return f"{100 * mean(rows, f'coverage_{quantity}_{method}'):.1f} ({mean(rows, f'width_{quantity}_{method}'):.2f})"


def mean(rows: Rows, column: str) -> float:
    return sum(row[column] for row in rows) / len(rows)


def facts(rows: Rows) -> dict[str, str]:
    """The numbers that the words need."""

    def share(quantity: str, method: str, keep: Callable[[dict[str, float]], bool]) -> str:
        return f"{100 * mean([row for row in rows if keep(row)], f'coverage_{quantity}_{method}'):.0f}%"

    def lowest(quantity: str) -> tuple[str, str]:
        row = min(rows, key=lambda one: one[f"coverage_{quantity}_tinycohort"])
        where = f"{row['cohorts']:.0f} cohorts of {row['people']:.0f}, rate {row['rate']:g}, tau {row['tau']:g}"
        return f"{100 * row[f'coverage_{quantity}_tinycohort']:.0f}%", where

    found = {}
    for label, tau in (("0", 0.0), ("05", 0.5), ("1", 1.0), ("15", 1.5)):
        found[f"typical_{label}"] = share("typical", "tinycohort", lambda row, tau=tau: row["tau"] == tau)
        found[f"new_{label}"] = share("new_cohort", "tinycohort", lambda row, tau=tau: row["tau"] == tau)
        found[f"ft_{label}"] = share("typical", "freeman_tukey", lambda row, tau=tau: row["tau"] == tau)
        found[f"ft_new_{label}"] = share("new_cohort", "freeman_tukey", lambda row, tau=tau: row["tau"] == tau)
    for label, tau in (("0", 0.0), ("5", 0.5)):
        found[f"rare_{label}"] = share(
            "typical", "tinycohort", lambda row, tau=tau: row["tau"] == tau and row["rate"] == 0.02
        )
    for people in (2, 30):
        found[f"new_8_{people}"] = share(
            "new_cohort",
            "tinycohort",
            lambda row, people=people: (
                (row["cohorts"], row["people"], row["rate"], row["tau"]) == (8, people, 0.3, 1.5)
            ),
        )
    found["lowest_typical"], found["where_typical"] = lowest("typical")
    found["lowest_new"], found["where_new"] = lowest("new_cohort")
    found["cp_new_1"] = share("new_cohort", "clopper_pearson", lambda row: row["tau"] == 1.0)
    found["dl_rare"] = share("typical", "dersimonian_laird", lambda row: row["rate"] == 0.02)
    found["dl_rare_two"] = share("typical", "dersimonian_laird", lambda row: row["rate"] == 0.02 and row["people"] == 2)
    found["hk_rare"] = share("typical", "hartung_knapp", lambda row: row["rate"] == 0.02)
    found["hk_fine"] = share("typical", "hartung_knapp", lambda row: row["rate"] == 0.3 and row["people"] == 30)
    unlike = [row for row in rows if row["tau"] >= 1.0]
    wider = mean(unlike, "width_typical_freeman_tukey") / mean(unlike, "width_typical_tinycohort")
    found["ft_wider"] = f"{wider:.2f}"
    return found


def listed(values: Sequence[float]) -> str:
    words = [f"{value:g}" for value in values]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def main() -> None:
    stored = json.loads(RANKS.read_text(encoding="utf-8"))
    rows = read_grid()
    values = {name: sorted({row[name] for row in rows}) for name in ("cohorts", "people", "rate", "tau")}
    about = {
        "count": len(rows),
        "cohorts": listed(values["cohorts"]),
        "people": listed(values["people"]),
        "rates": listed(values["rate"]),
        "taus": listed(values["tau"]),
        "replicates": f"{rows[0]['replicates']:,.0f}",
    }
    made = dict.fromkeys(
        (one["stamp"]["date"], one["stamp"]["commit"], one["stamp"]["code"], f"{one['settings']['seed']}")
        for one in stored.values()
    )
    made |= dict.fromkeys((row["date"], row["commit"], row["code"], f"{row['seed']:.0f}") for row in rows)
    stamps = "; ".join(f"{date}, commit {commit}, code {code}, seed {seed}" for date, commit, code, seed in made)
    source = (
        "`tools/calibrate_counts.py` writes `docs/calibration_ranks.json` and `docs/calibration_counts.csv`, with a "
        "line for each truth, and `tools/calibration_counts_page.py` this page; `make calibrate` runs both. "
        f"Made: {stamps}."
    )
    parts = [
        HEAD.strip(), "", wrapped(RANKS_TEXT.format(sizes=listed(TINY))), "", *ranks(stored), "",
        wrapped(overall(stored)), "", _PICTURE,
        "", wrapped(GRID_TEXT.format(**about)), *tables(rows), "", wrapped(WHERE.format(**facts(rows))), "",
        "## Where this comes from", "", wrapped(source),
    ]  # fmt: skip
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
