"""`tinycohort compare` and `tinycohort vary`: what they print is what Python gives."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import tinycohort as tc
from tinycohort.cli import main
from tinycohort.cli.parser import AVERAGES, TARGETS
from tinycohort.comparison.average_weights import WAYS


def test_the_words_of_the_command_line_are_those_of_python() -> None:
    assert AVERAGES == WAYS
    assert set(TARGETS) == {"typical", "average", "new_cohort"}


def test_compare_prints_the_comparison_and_the_average(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["response_pd1", "response_pd1:common"]
    assert main(["compare", *names, "--average", "probability"]) == 0
    evidence = tc.read_evidence()
    fits = {name: tc.fit(name, evidence) for name in names}
    expected = [*repr(tc.compare(fits)).split("\n"), "", *repr(tc.model_average(fits)).split("\n")]
    assert capsys.readouterr().out.splitlines() == expected


def test_compare_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "response_pd1", "response_pd1:common", "--against", "response_pd1:common", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["against"] == "response_pd1:common"
    assert [row["model"] for row in found["rows"]] == ["response_pd1", "response_pd1:common"]
    assert found["rows"][0]["elpd_difference_se"] is None
    assert found["reasons"] == []


def test_models_of_different_cohorts_are_refused_with_every_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "response_pd1", "response_pd1:prospective_only", "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["rows"] == []
    assert len(found["reasons"]) == 2
    assert all("only the first uses" in reason for reason in found["reasons"])
    assert main(["compare", "response_pd1", "response_pd1"]) == 1
    assert "response_pd1 is named twice" in capsys.readouterr().err


def test_vary_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "variants.csv"
    arguments = ["vary", "sato_2020", "--combine", "a+b"]
    assert main(arguments) == 1
    capsys.readouterr()
    assert main(["vary", "response_pd1", "--combine", "tau_100+prospective_only", "--csv", str(target), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["variant"] for row in rows] == [row["variant"] for row in found["rows"]]
    assert rows[-1]["variant"] == "tau_100+prospective_only"
    assert float(rows[-1]["median"]) == found["rows"][-1]["median"]
    assert main(["vary", "response_pd1", "--pairs", "--combine", "tau_100+common"]) == 1
    assert "typed beside --pairs" in capsys.readouterr().err


def test_vary_says_why_there_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vary", "response_pd1", "--level", "0.9"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("response_pd1 in 15 other ways: new cohort, 90% intervals")
    assert "No answer from separate: pooling 'none' has no new cohort." in out
