"""`tinycohort plan`: what it answers, where, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from tinycohort.cli import ANSWERED, USAGE, WRONG, main
from tinycohort.cli.plan_command import ARMS, NO_PLAN, SCALES
from tinycohort.planning.decisions import SCALES as KNOWN

Capture = pytest.CaptureFixture[str]
TRIAL = ("--patients", "20", "--threshold", "0.2", "--probability", "0.9")


def in_json(capsys: Capture, *arguments: str) -> Any:
    assert main(["plan", *arguments, "--seed", "1", "--json"]) == ANSWERED
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return json.loads(said.out)


def test_a_plan_is_that_of_the_functions(capsys: Capture) -> None:
    found = in_json(capsys, "response_pd1", *TRIAL, "--robust", "0.2", "--truth", "0.4", "--power", "0.5")
    assert set(found) == set(NO_PLAN)
    prior = tc.map_prior(tc.fit("response_pd1", tc.read_evidence()))
    plan = tc.plan(prior.robust(0.2), 20, tc.DecisionRule(0.2, 0.9), truths=[0.4])
    assert found["plan"] == json.loads(json.dumps(plan.to_dict()))
    assert found["map_prior"] == json.loads(json.dumps(prior.to_dict()))
    assert found["effective_sample_size"]["elir"] == pytest.approx(prior.robust(0.2).effective_sample_size().elir)
    assert found["smallest"]["patients"] <= 100
    assert found["one_more"] is None


def test_the_text_says_the_prior_what_it_is_worth_and_how_the_trial_would_go(capsys: Capture) -> None:
    arguments = ["plan", "response_pd1", "--borrow", "controls", "--patients", "12", "--controls", "6"]
    arguments += ["--threshold", "0", "--probability", "0.9", "--robust", "0.2", "--truth", "0.5"]
    assert main(arguments) == ANSWERED
    said = capsys.readouterr()
    lines = "MAP prior of a new cohort (response_pd1)", "effective sample size: ELIR", "from the exact one"
    more = "robustified, its effective sample size is", "12 people and 6 controls", "type I error: at most"
    for line in (*lines, *more):
        assert line in said.out
    assert said.err == ""


def test_a_model_of_randomised_trials_is_a_prior_of_the_log_odds_ratio(capsys: Capture) -> None:
    found = in_json(
        capsys, "abscopal_contrast", "--patients", "10", "--controls", "10", "--threshold", "0", "--probability", "0.8",
        "--other-prior", "Beta(10, 30)",
    )  # fmt: skip
    assert found["map_prior"]["scale"] == "log odds ratio"
    assert found["effective_sample_size"]["elir"] is None
    assert 0.0 < found["plan"]["assurance"] < 1.0


def test_everything_that_is_wrong_is_said_at_once_and_in_the_json(capsys: Capture) -> None:
    arguments = ["plan", "response_pd1", "--patients", "20", "--threshold", "0.2", "--probability", "2"]
    arguments += [
        "--borrow",
        "controls",
        "--power",
        "0.8",
        "--robust-mean",
        "0.3",
        "--other-prior",
        "Normal(0, 1)",
        "--json",
    ]
    assert main(arguments) == WRONG
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert {name: value for name, value in found.items() if name != "reasons"} == {
        name: value for name, value in NO_PLAN.items() if name != "reasons"
    }
    assert [reason.partition(":")[0] for reason in found["reasons"]] == [
        "probabilities", "--borrow", "--power", "--robust-mean", "--other-prior"
    ]  # fmt: skip
    assert all(reason in said.err for reason in found["reasons"])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("nothing", *TRIAL), "nothing"),
        (("response_pd1", *TRIAL, "--group", "skin"), "this fit has no groups"),
        (("response_pd1:separate", *TRIAL), "says nothing of a new cohort"),
        (("response_pd1", "--patients", "0", "--threshold", "0.2", "--probability", "0.9"), "0 is not a whole number"),
    ],
)
def test_a_plan_that_cannot_be_made_is_refused(capsys: Capture, arguments: tuple[str, ...], what: str) -> None:
    assert main(["plan", *arguments]) == WRONG
    said = capsys.readouterr()
    assert what in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_what_must_be_typed_is_asked_for(capsys: Capture) -> None:
    assert main(["plan", "response_pd1"]) == USAGE
    assert "--patients, --threshold, --probability" in capsys.readouterr().err


def test_the_help_has_an_example_and_the_words_that_are_known(capsys: Capture) -> None:
    assert main(["plan", "--help"]) == ANSWERED
    said = capsys.readouterr().out
    assert "tinycohort plan unirradiated_response --group nasopharyngeal" in said
    assert SCALES == KNOWN
    assert all(word in said for word in (*SCALES, *ARMS))


def test_the_documentation_promises_the_keys_that_there_are(repository: Path) -> None:
    page = (repository / "docs/command_line.md").read_text(encoding="utf-8")
    table = page.partition("## `plan`")[2].partition("Keys of the JSON")[2].partition("## `reconstruct`")[0]
    keys = {
        key
        for row in table.splitlines()
        if row.startswith("| `")
        for key in re.findall(r"`(\w+)`", row.split(" | ")[0])
    }
    assert keys == set(NO_PLAN)
