"""`tinycohort plan`: its options, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..issues import InputError, Issue
from .output import answer, answer_json, complain

if TYPE_CHECKING:
    from ..planning import Mixture
    from ..posterior import Fit

__all__ = ["ARMS", "NO_PLAN", "SCALES", "add_plan", "plan"]

#: Spelled out as the parser's other words are; a test holds the scales equal.
SCALES, ARMS = ("risk_difference", "log_odds_ratio"), ("treated", "controls")
#: The keys of the JSON where there is no answer.
NO_PLAN: dict[str, Any] = {
    "model": None,
    "map_prior": None,
    "effective_sample_size": None,
    "plan": None,
    "smallest": None,
    "one_more": None,
    "provenance": None,
    "reasons": [],
}

_MORE = """
The trial succeeds if P(rate > threshold) > probability; with --threshold and --probability several times, if all hold.
With --controls it has two arms, and the difference of rates must pass the threshold, or their log odds ratio, which a
model of randomised trials (abscopal_contrast) is always about.
"""


def add_plan(found: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Say what may be typed; `add` makes a command."""
    example = (
        "  tinycohort plan unirradiated_response --group nasopharyngeal --patients 20 "
        "--threshold 0.2 --probability 0.9 --robust 0.2\n"
    )
    about = "plan a trial that borrows a model's prediction of a new cohort: its prior, and how the trial would go"
    parser = add(found, "plan", plan, about, example, _MORE)
    parser.add_argument("model", metavar="MODEL", help="a bundled model, MODEL:VARIANT, or the path of a model file")
    parser.add_argument("--variant", metavar="NAME", help="one of the model's variants")
    parser.add_argument("--group", metavar="NAME", help="of nested cohorts: the group that the trial belongs to")
    parser.add_argument("--data", metavar="FOLDER", help="folder of your own evidence (default: the bundled evidence)")
    parser.add_argument("--patients", type=int, required=True, metavar="N", help="people treated")
    parser.add_argument("--controls", type=int, metavar="N", help="people in a control arm (default: one arm)")
    _add_rule(parser)
    _add_priors(parser)
    parser.add_argument(
        "--truth", type=float, action="append", metavar="P", help="a true rate, several times (default: 0.05 to 0.95)"
    )
    parser.add_argument(
        "--control-truth", type=float, action="append", metavar="P", help="of the controls (default: their quartiles)"
    )
    parser.add_argument(
        "--power", type=float, metavar="P", help="also the smallest trial that succeeds so often at --truth"
    )
    parser.add_argument("--width", type=float, metavar="W", help="also the smallest trial whose interval is so narrow")
    parser.add_argument("--one-more", action="store_true", help="also what the cohort would do to today's intervals")
    parser.add_argument(
        "--level", type=float, default=0.95, metavar="P", help="of the credible intervals (default: 0.95)"
    )
    parser.add_argument(
        "--engine", choices=("auto", "exact", "nuts"), default="auto", help="auto takes exact if it can"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of random draws (default: a fresh one, recorded)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(no_answer=NO_PLAN)


def _add_rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threshold", type=float, action="append", required=True, metavar="C", help="what the quantity is to pass"
    )
    parser.add_argument(
        "--probability", type=float, action="append", required=True, metavar="Q", help="with more than this probability"
    )
    parser.add_argument("--below", action="store_true", help="less is better: P(quantity < threshold)")
    parser.add_argument("--scale", choices=SCALES, default=SCALES[0], help="on which two arms are compared")


def _add_priors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--borrow", choices=ARMS, default=ARMS[0], help="the arm that the model is about (default: treated)"
    )
    parser.add_argument(
        "--other-prior",
        default="Beta(1, 1)",
        metavar="PRIOR",
        help="of the other arm; of a log odds ratio, what is thought of the controls (default: Beta(1, 1))",
    )
    parser.add_argument("--robust", type=float, metavar="W", help="weight of a vague component beside the prior")
    parser.add_argument("--robust-mean", type=float, metavar="P", help="mean of that component")
    parser.add_argument(
        "--reference-sd", type=float, metavar="S", help="of a log ratio: one observation's standard deviation"
    )


def plan(options: Any) -> int:
    """Fit the model, make its MAP prior, and enumerate the trial."""
    from ..engines.run import fit
    from ..evidence import read_evidence
    from ..planning import DecisionRule, map_prior, one_more_cohort
    from ..planning import plan as plan_trial
    from ..spec import read_model

    rule, other = _rule_and_prior(options, DecisionRule)
    model = read_model(options.model)
    if options.variant is not None:
        model = model.variant(options.variant)
    found = fit(model, read_evidence(options.data), options.engine, options.seed)
    borrowed = map_prior(found, group=options.group, reference_sd=options.reference_sd)
    used: Mixture = borrowed
    if options.robust is not None:
        used = borrowed.robust(options.robust, options.robust_mean)
    treated, controls = (used, other) if options.borrow == ARMS[0] else (other, used)
    planned = plan_trial(
        treated,
        options.patients,
        rule,
        control_prior=None if options.controls is None else controls,
        control_patients=options.controls,
        truths=options.truth,
        control_truths=options.control_truth,
        level=options.level,
    )
    smallest = _smallest(options, treated, controls, rule)
    if options.one_more:
        complain(f"fitting again for each count from 0 to {options.patients}")
    more = (
        one_more_cohort(found, options.patients, group=options.group, level=options.level) if options.one_more else None
    )
    if options.json:
        answer_json(
            {
                "model": model.name,
                "map_prior": borrowed.to_dict(),
                "effective_sample_size": used.effective_sample_size().to_dict(),
                "plan": planned.to_dict(),
                "smallest": None if smallest is None else smallest.to_dict(),
                "one_more": None if more is None else more.to_dict(),
                "provenance": found.provenance,
                "reasons": [],
            }
        )
    else:
        parts = [borrowed, planned, *(part for part in (smallest, more) if part is not None)]
        answer(_lines(found, options, used, parts))
    return 0


def _lines(found: Fit, options: Any, used: Mixture, parts: list[Any]) -> list[str]:
    said = [f"{found.compiled.name}: {found.compiled.cohorts} cohorts, {found.compiled.pooling.formula}"]
    for part in parts:
        said += ["", *repr(part).split("\n")]
        if part is parts[0] and options.robust is not None:
            said.append(f"  robustified, its effective sample size is: {used.effective_sample_size()}")
    return said


def _rule_and_prior(options: Any, rule: Any) -> tuple[Any, Mixture]:
    """What was typed of the rule and of the other arm's prior, all that is wrong with it at once."""
    from ..planning import Mixture
    from ..priors import Beta, prior

    issues: list[Issue] = []
    made: Any = None
    try:
        made = rule(options.threshold, options.probability, not options.below, options.scale)
    except InputError as error:
        issues += error.issues
    if options.borrow == ARMS[1] and options.controls is None:
        issues.append(Issue("--borrow", "controls, and there are none", "Say how many: --controls N."))
    if options.power is not None and (options.truth is None or len(options.truth) != 1):
        issues.append(Issue("--power", "needs one true rate", "Type --truth once, such as --truth 0.4."))
    if options.robust is None and options.robust_mean is not None:
        issues.append(Issue("--robust-mean", "given without --robust", "Type --robust 0.2, or leave it out."))
    other = Mixture("beta", [1.0], [1.0], [1.0])
    try:
        given = prior(options.other_prior, "--other-prior")
        if isinstance(given, Beta):
            other = Mixture("beta", [1.0], [given.alpha], [given.beta])
        else:
            issues.append(Issue("--other-prior", f"{given} is no prior of a rate", "Type one such as 'Beta(1, 1)'."))
    except InputError as error:
        issues += error.issues
    if issues:
        raise InputError(issues)
    return made, other


def _smallest(options: Any, treated: Mixture, controls: Mixture, rule: Any) -> Any:
    from ..planning import smallest_trial

    if options.power is None and options.width is None:
        return None
    ratio = None if options.controls is None else options.controls / options.patients
    rates = options.control_truth
    return smallest_trial(
        treated,
        rule if options.power is not None else None,
        truth=options.truth[0] if options.power is not None else None,
        power=options.power,
        width=options.width,
        control_prior=None if ratio is None else controls,
        control_truth=None if ratio is None or not rates else rates[0],
        controls_per_patient=ratio,
        level=options.level,
    )
