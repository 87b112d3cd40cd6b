"""What may be typed, and the help that says so."""

from __future__ import annotations

import argparse
from typing import Any

from .. import __version__
from . import commands, comparing
from .calibrating import calibrate
from .output import NO_ANSWER, NO_CALIBRATION, NO_RECONSTRUCTION
from .plan_command import add_plan

__all__ = ["AVERAGES", "ENGINES", "INTERVALS", "POOLINGS", "READ_AT", "TARGETS", "build_parser"]

# Spelled out here because help must not wait for the packages that know them; a test holds them equal.
ENGINES = ("auto", "exact", "nuts")
INTERVALS = ("equal-tailed", "shortest")
READ_AT = ("steps", "times")
AVERAGES = ("probability", "stacking")
TARGETS = ("typical", "average", "new_cohort")
POOLINGS = ("none", "common", "partial", "student", "nested", "exnex", "mem")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `command` of what it returns is the function to call."""
    parser = argparse.ArgumentParser(
        prog="tinycohort",
        description="Bayesian evidence synthesis for tiny cohorts.",
        epilog="Each command explains itself: tinycohort pool --help. Exit status: 0 answered; 1 the input is wrong, "
        "a file is missing, or a fit may not be reported; 2 the command was not understood.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tinycohort {__version__}")
    found = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_init(found)
    _add_check(found)
    _add_show(found)
    _add_fit(found)
    _add_pool(found)
    _add_compare(found)
    _add_vary(found)
    add_plan(found, _add)
    _add_reconstruct(found)
    _add_calibrate(found)
    _add_report(found)
    _add_reproduce(found)
    return parser


def _add(found: Any, name: str, command: Any, about: str, example: str, more: str = "") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = found.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"example:\n{example}{more}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=command)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="FOLDER", help="folder of your own evidence (default: the bundled evidence)")


def _add_fitting(parser: argparse.ArgumentParser, level: float | None) -> None:
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="auto takes exact wherever it applies")
    shown = "each estimand's own" if level is None else str(level)
    parser.add_argument(
        "--level", type=float, default=level, metavar="P", help=f"of the credible intervals (default: {shown})"
    )
    parser.add_argument("--interval", choices=INTERVALS, default="equal-tailed", help="default: equal-tailed")
    parser.add_argument("--seed", type=int, metavar="N", help="of random draws (default: a fresh one, recorded)")


def _add_init(found: Any) -> None:
    example = "  tinycohort init mystudy\n"
    about = "begin a project of your own: tables to fill, a filled example, a model, and a README that ends in a report"
    parser = _add(found, "init", commands.init, about, example)
    parser.add_argument(
        "folder",
        nargs="?",
        default=".",
        metavar="FOLDER",
        help="a new folder, or one that there is (default: this one); nothing in it is written over",
    )


def _add_check(found: Any) -> None:
    example = "  tinycohort check my_evidence\n  tinycohort check my_evidence --seal\n"
    parser = _add(
        found, "check", commands.check, "check the tables of a folder of evidence, all problems at once", example
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="folder to check (default: the bundled evidence)")
    parser.add_argument(
        "--seal",
        action="store_true",
        help="if there is no error, write datapackage.json with the checksum of each table: a later change is noticed",
    )
    _add_json(parser)


def _add_show(found: Any) -> None:
    example = "  tinycohort show lin_2022_pd1\n  tinycohort show response_pd1:prospective_only\n"
    about = "show a row of the evidence with all that hangs on it, or what a model would use before it is fitted"
    parser = _add(found, "show", commands.show, about, example)
    parser.add_argument(
        "what",
        metavar="ID|MODEL",
        help="a source, cohort, outcome, patient or contradiction; or a bundled model, MODEL:VARIANT, or a model file",
    )
    _add_data(parser)
    _add_json(parser)


def _add_fit(found: Any) -> None:
    example = "  tinycohort fit response_pd1 --variant tau_100 --save fit.nc\n"
    parser = _add(found, "fit", commands.fit, "fit a model to the evidence that it selects", example)
    parser.add_argument("model", metavar="MODEL", help="a bundled model, MODEL:VARIANT, or the path of a model file")
    parser.add_argument("--variant", metavar="NAME", help="one of the model's variants")
    _add_data(parser)
    _add_fitting(parser, level=None)
    parser.add_argument("--save", metavar="FILE.nc", help="write draws, model and provenance to a netCDF file")
    _add_json(parser)
    parser.set_defaults(no_answer=NO_ANSWER)


_COLUMNS = """
columns of the file, a CSV in UTF-8 with commas:
  label, events, total                                   counts: responders and people
  label, percentage, total                               percentages as they were printed, where the counts were not
  label, events, total, control_events, control_total    counts of two arms: pools their odds ratio
  label, estimate, lower, upper, level                   estimates with their intervals, at level 0.95 or as it was
and, for --pooling nested, a column group: a tumour, a drug, or whatever makes cohorts alike; other poolings ignore it.

For single arms the priors are mu and own ~ Logistic(0, 1), tau and tau_group ~ HalfNormal(0.5) when not given;
comparisons have none.
Priors are typed as Name(parameters): Normal Logistic StudentT Cauchy Beta HalfNormal HalfCauchy HalfStudentT LogNormal
LogStudentT Exponential Gamma InverseGamma Uniform; of contrasts Turner2015(outcome, comparison).
"""


def _add_pool(found: Any) -> None:
    example = "  tinycohort pool counts.csv --tau 'HalfNormal(1)' --json\n"
    about = "pool counts, percentages, counts of two arms, or estimates with intervals, from a CSV file"
    parser = _add(found, "pool", commands.pool, about, example, _COLUMNS)
    parser.add_argument("file", metavar="FILE.csv", help="one row per cohort, at most 10 MB and 500 cohorts")
    parser.add_argument("--mu", metavar="PRIOR", help="prior of the level, on the model scale (logit, log)")
    parser.add_argument("--tau", metavar="PRIOR", help="prior of the heterogeneity, on the same scale")
    parser.add_argument("--tau-group", metavar="PRIOR", help="prior of the heterogeneity between groups, likewise")
    parser.add_argument(
        "--pooling", choices=POOLINGS, default="partial", help="how cohorts are alike (default: partial)"
    )
    parser.add_argument(
        "--nu", type=float, metavar="N", help="degrees of freedom of the Student t, for --pooling student"
    )
    parser.add_argument("--own", metavar="PRIOR", help="prior of a cohort on its own, likewise, for --pooling exnex")
    parser.add_argument(
        "--exchangeable",
        metavar="P",
        help="probability that a cohort is exchangeable, or its prior, for --pooling exnex; that two are, for mem",
    )
    parser.add_argument(
        "--structure", choices=("sets", "pairs"), help="for --pooling mem: cohorts fall into sets, or any pairs"
    )
    _add_fitting(parser, level=0.95)
    parser.add_argument("--ratio", action="store_true", help="estimates are ratios: pooled as logarithms")
    parser.add_argument(
        "--published-without-events",
        type=float,
        metavar="P",
        help="probability that a cohort without a responder was published (default: 1, no correction)",
    )
    parser.add_argument("--given-level", type=float, metavar="P", help="level of all intervals, instead of the column")
    _add_json(parser)
    parser.set_defaults(no_answer=NO_ANSWER)


def _add_compare(found: Any) -> None:
    example = "  tinycohort compare response_pd1 response_pd1:common response_pd1:separate\n"
    about = "put models of the same cohorts beside each other: how each predicts them, and how likely it makes them"
    parser = _add(found, "compare", comparing.compare, about, example)
    parser.add_argument("model", nargs="+", metavar="MODEL", help="two or more: bundled, MODEL:VARIANT, or model files")
    _add_data(parser)
    parser.add_argument(
        "--against", metavar="MODEL", help="the one that the others are put beside (default: the first)"
    )
    parser.add_argument("--average", choices=AVERAGES, help="average over them too, weighed by this")
    parser.add_argument("--level", type=float, default=0.95, metavar="P", help="of its intervals (default: 0.95)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the Bayesian bootstrap (default: 1)")
    _add_json(parser)
    parser.set_defaults(no_answer=comparing.NO_COMPARISON)


def _add_vary(found: Any) -> None:
    example = "  tinycohort vary response_pd1 --combine tau_100+prospective_only --csv variants.csv\n"
    about = "fit a model as it stands, in all its variants, and in combinations of them"
    parser = _add(found, "vary", comparing.vary, about, example)
    parser.add_argument("model", metavar="MODEL", help="a bundled model, or the path of a model file")
    _add_data(parser)
    parser.add_argument("--combine", nargs="+", metavar="A+B", help="variants to take together")
    parser.add_argument("--pairs", action="store_true", help="take every two variants together that can be")
    parser.add_argument("--target", choices=TARGETS, default="new_cohort", help="default: new_cohort")
    parser.add_argument("--level", type=float, default=0.95, metavar="P", help="of the intervals (default: 0.95)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of random draws (default: 1)")
    parser.add_argument("--csv", metavar="FILE.csv", help="write the table")
    _add_json(parser)
    parser.set_defaults(no_answer=comparing.NO_VARIANTS)


_CURVE = """
columns of the files, CSV in UTF-8 with commas:
  CURVE.csv   time_months, survival    points of the curve in order: at each step its time and the survival below it
  RISK.csv    time_months, at_risk     the table below the curve
Survival is a proportion, from 0 to 1.
"""


def _add_reconstruct(found: Any) -> None:
    example = "  tinycohort reconstruct curve.csv --at-risk risk.csv --events 134 --output patients.csv\n"
    about = "reconstruct patients from a digitised Kaplan-Meier curve and its numbers at risk"
    parser = _add(found, "reconstruct", commands.reconstruct, about, example, _CURVE)
    parser.add_argument("curve", metavar="CURVE.csv", help="points of the curve")
    parser.add_argument("--at-risk", metavar="RISK.csv", help="numbers at risk")
    parser.add_argument("--total", type=int, metavar="N", help="people at the beginning, where no table says it")
    parser.add_argument("--events", type=int, metavar="N", help="events in all, if they were published")
    parser.add_argument(
        "--ensemble", type=int, default=100, metavar="N", help="how many reconstructions to draw (default: 100)"
    )
    parser.add_argument(
        "--precision", type=float, default=0.005, metavar="P", help="how far a survival may be misread (default: 0.005)"
    )
    parser.add_argument(
        "--read-at",
        choices=READ_AT,
        default="steps",
        help="whether points are corners of the steps, or heights at set times (default: steps)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of the ensemble (default: a fresh one, recorded)")
    parser.add_argument("--output", metavar="PATIENTS.csv", help="write the patients of the single reconstruction")
    parser.add_argument("--output-ensemble", metavar="FILE.csv", help="write those of every reconstruction")
    _add_json(parser)
    parser.set_defaults(no_answer=NO_RECONSTRUCTION)


_TRUTHS = """
With --grid truths are every combination of --cohorts, --people, --rates and --taus, numbers with commas between them;
naming one of these is enough, and those not named are 2,3,5,8; 2,5,10,30; 0.02,0.1,0.3,0.6,0.9; 0,0.25,0.5,1,1.5.
Without it truths are drawn from the model's own priors, and cohorts are as large as in the evidence, or as --totals
says.
"""


def _add_calibrate(found: Any) -> None:
    example = (
        "  tinycohort calibrate response_pd1 --replicates 10000 --seed 1\n"
        "  tinycohort calibrate response_pd1 --grid --checkpoint grid.checkpoint --save coverage.csv\n"
    )
    about = "check a model on made-up data: are its answers right on average, and how often do intervals hold the truth"
    parser = _add(found, "calibrate", calibrate, about, example, _TRUTHS)
    parser.add_argument("model", metavar="MODEL", help="a bundled model, MODEL:VARIANT, or the path of a model file")
    parser.add_argument("--variant", metavar="NAME", help="one of the model's variants")
    _add_data(parser)
    parser.add_argument(
        "--replicates",
        type=int,
        default=1000,
        metavar="N",
        help="made-up data sets, or so many a truth (default: 1000)",
    )
    parser.add_argument("--totals", metavar="N,N,...", help="people in each cohort, instead of those of the evidence")
    parser.add_argument("--grid", action="store_true", help="fixed truths, beside what one would otherwise do")
    for name, what in (
        ("cohorts", "how many cohorts"),
        ("people", "how many people in each"),
        ("rates", "typical rates"),
        ("taus", "heterogeneities, on the logit scale"),
    ):
        parser.add_argument(f"--{name}", metavar="N,N,...", help=f"{what}, of fixed truths")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="auto takes exact wherever it applies")
    parser.add_argument("--level", type=float, default=0.95, metavar="P", help="of the intervals (default: 0.95)")
    parser.add_argument("--seed", type=int, metavar="N", help="of all random draws (default: a fresh one, recorded)")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: as many as processors, 4 at the most)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="keep finished work in a file, and go on from there when run again"
    )
    parser.add_argument(
        "--save", action="append", default=[], metavar="FILE", help="write all to FILE.json or the table to FILE.csv"
    )
    _add_json(parser)
    parser.set_defaults(no_answer=NO_CALIBRATION)


def _add_report(found: Any) -> None:
    example = "  tinycohort report response_pd1 --to report\n  tinycohort report --data evidence --models models\n"
    about = "write pages that answer: one over all models and one a model, which need no network"
    parser = _add(found, "report", commands.report, about, example)
    parser.add_argument(
        "model", nargs="*", metavar="MODEL", help="models, MODEL:VARIANT, or model files (default: all there are)"
    )
    _add_data(parser)
    parser.add_argument("--models", metavar="FOLDER", help="folder of your own models (default: the bundled ones)")
    parser.add_argument("--to", default="report", metavar="FOLDER", help="where to write (default: report)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random draws (default: 1)")


def _add_reproduce(found: Any) -> None:
    example = "  tinycohort reproduce --output results\n"
    about = "fit every model and variant, compare the two engines, and write tables, figures, fits and the report"
    parser = _add(found, "reproduce", commands.reproduce, about, example)
    parser.add_argument("--output", default="results", metavar="FOLDER", help="where to write (default: results)")
    _add_data(parser)
    parser.add_argument(
        "--models", nargs="+", metavar="MODEL", help="bundled models or model files (default: all bundled)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random draws (default: 1)")
    parser.add_argument("--engine", choices=("exact", "both"), default="both", help="default: both, and compare them")
    parser.add_argument(
        "--quick", dest="engine", action="store_const", const="exact", help="the same as --engine exact"
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that share the models, each of some gigabytes (default: as many as processors, 4 at the most)",
    )
