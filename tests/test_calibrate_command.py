"""`tinycohort calibrate`: what is answered, what is stored, and what is refused, all of it at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import tinycohort as tc
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.cli.output import NO_CALIBRATION

Capture = pytest.CaptureFixture[str]
ASKED = ("calibrate", "response_pd1", "--totals", "4,6", "--replicates", "60", "--seed", "1", "--workers", "1")


def test_it_gives_what_python_gives_and_tells_how_far_it_is_on_standard_error(capsys: Capture, tmp_path: Path) -> None:
    files = [tmp_path / "result.json", tmp_path / "table.csv"]
    assert main([*ASKED, "--json", *(f"--save={path}" for path in files)]) == ANSWERED
    told = capsys.readouterr()
    answer = json.loads(told.out)
    same = tc.calibrate("response_pd1", totals=[4, 6], replicates=60, seed=1, workers=1)
    assert answer == {**json.loads(json.dumps(same.to_dict())), "reasons": []}
    assert set(answer) == set(NO_CALIBRATION)
    assert re.search(r"1 of 1 chunks, in [\d.]+ s", told.err)
    assert {**json.loads(files[0].read_text(encoding="utf-8")), "reasons": []} == answer
    assert files[1].read_text(encoding="utf-8").startswith("quantity,cohort,replicates,coverage")


def test_the_keys_of_its_json_are_those_that_are_promised(repository: Path) -> None:
    page = (repository / "docs/command_line.md").read_text(encoding="utf-8")
    section = page.partition("## `calibrate`")[2].partition("\n## ")[0]
    keys = {
        key for cell in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for key in re.findall(r"`(\w+)`", cell)
    }
    assert keys == set(NO_CALIBRATION)


def test_its_text_ends_in_the_verdict_and_what_it_rests_on(capsys: Capture) -> None:
    assert main(list(ASKED)) == ANSWERED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "response_pd1: 2 cohorts, theta_j ~ Normal(mu, tau), engine exact, truths from the priors"
    )
    assert lines[-2].startswith("Calibrated: 95% intervals hold the truth in ")
    assert "So few replicates see gross faults alone" in lines[-2]
    assert re.match(r"Made \d{4}-\d\d-\d\d by tinycohort .*, code [0-9a-f]{16}, seed 1\.", lines[-1])


def test_fixed_truths_are_those_that_are_named(capsys: Capture) -> None:
    named = ("--cohorts", "2", "--people", "5", "--rates", "0.1,0.3", "--taus", "0")
    typed = ("calibrate", "response_pd1:tau_100", *named, "--replicates", "20", "--seed", "1", "--workers", "1")
    assert main([*typed, "--json"]) == ANSWERED
    answer = json.loads(capsys.readouterr().out)
    assert answer["calibrated"] is None
    assert answer["settings"]["truths"] == {"cohorts": [2], "people": [5], "rates": [0.1, 0.3], "taus": [0.0]}
    assert answer["settings"]["priors"]["tau"] == "HalfNormal(1)"
    assert len(answer["table"]) == 2 * 2 * 5


def test_everything_that_is_wrong_is_said_at_once_before_anything_is_done(capsys: Capture) -> None:
    wrong = ("--totals", "8,x", "--grid", "--save", "foo", "--save", "no/such/folder/a.csv", "--replicates", "0")
    assert main(["calibrate", "response_pd9", *wrong, "--level", "95", "--json"]) == WRONG
    told = capsys.readouterr()
    reasons = json.loads(told.out)["reasons"]
    begins = [
        "model:",
        "--totals: 'x'",
        "--totals:",
        "--save: the suffix",
        "--save: the folder",
        "replicates:",
        "level:",
    ]
    assert [reason.startswith(begin) for reason, begin in zip(reasons, begins, strict=True)] == [True] * len(begins)
    assert all(reason in told.err for reason in reasons)


def test_an_interrupted_run_is_taken_up_from_its_checkpoint(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    assert main([*ASKED, "--checkpoint", str(path)]) == ANSWERED
    first = capsys.readouterr().out
    assert main([*ASKED, "--checkpoint", str(path)]) == ANSWERED
    told = capsys.readouterr()
    assert told.out == first
    assert "1 of 1 chunks are in the checkpoint already" in told.err
    assert main([*ASKED[:-4], "--seed", "2", "--checkpoint", str(path)]) == WRONG
    assert "seed is 1 there and 2 here" in capsys.readouterr().err
