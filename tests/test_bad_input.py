"""Whatever is wrong with an input is said, with its place and how to mend it; exit 1, and nothing is written."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.cli.cohort_file import LARGEST_FILE, MOST_COHORTS

GOOD = "label,events,total\nLin,1,8\nHsu,7,27\nMa,9,44\n"
ESTIMATES = "label,estimate,lower,upper,level\nA,0.8,0.5,1.3,0.95\nB,0.6,0.3,1.1,0.95\n"
PRIORS = ("--mu", "Normal(0, 1)", "--tau", "HalfNormal(0.5)")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def picture(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, hidden files too; the content of large files left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and path.stat().st_size < 1_000_000 else None
        for path in sorted(folder.rglob("*"))
    }


def refused(capsys: Capture, *arguments: str) -> str:
    """What standard error says when a command refuses: exit 1, no answer, no traceback, nothing written."""
    before = picture(Path.cwd())
    assert main(arguments) == WRONG
    said = capsys.readouterr()
    assert picture(Path.cwd()) == before
    assert said.out == ""
    assert "Traceback" not in said.err
    assert all(line.startswith("tinycohort: ") for line in said.err.splitlines())
    return said.err


def pool_refuses(capsys: Capture, content: str | bytes, *arguments: str) -> str:
    Path("cohorts.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return refused(capsys, "pool", "cohorts.csv", *arguments)


# -- the file of `tinycohort pool` --


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("Lin,9,8", "cohorts.csv, row 2, events: 9 events among 8 people. Correct one of the two."),
        ("Lin,-1,8", "cohorts.csv, row 2, events: '-1' is negative. Give a whole number, such as 7."),
        ("Lin,1,-8", "cohorts.csv, row 2, total: '-8' is negative. Give a whole number, such as 7."),
        ("Lin,NaN,8", "cohorts.csv, row 2, events: 'NaN' is not a whole number. Give a whole number, such as 7."),
        ("Lin,1,inf", "cohorts.csv, row 2, total: 'inf' is not a whole number. Give a whole number, such as 7."),
        ("Lin,one,8", "cohorts.csv, row 2, events: 'one' is not a whole number. Give a whole number, such as 7."),
        ("Lin,1.0,8", "cohorts.csv, row 2, events: '1.0' is not a whole number. Write 1."),
        ("Lin,1e0,8", "cohorts.csv, row 2, events: '1e0' is not a whole number. Write 1."),
        ('Lin,"1,000","2,000"', "cohorts.csv, row 2, events: '1,000' is not a whole number."),
        ("Lin,\u0663,8", "cohorts.csv, row 2, events: '\u0663' is not a whole number."),
        ("Lin,,8", "cohorts.csv, row 2, events: the cell is empty."),
        ("Lin,0,0", "cohorts.csv, row 2, total: 0 of 0: nobody was observed. An empty cohort says nothing"),
        pytest.param(f"Lin,1,1{'0' * 5000}", "is more than 1,000,000,000 people", id="thousands of digits"),
        (",1,8", "cohorts.csv, row 2, label: the label is empty. Give each cohort a name."),
        ('"a\x1b[31mb",1,8', "has a line break or a control character"),
        ("Lin,1", "cohorts.csv, row 2: 2 cells under 3 headings."),
        ("Lin,1,8,x", "cohorts.csv, row 2: 4 cells under 3 headings."),
        ("Lin,1,8\n\nMa,9,44\nLin,2,9", "cohorts.csv, row 5, label: 'Lin' is the label of row 2 already."),
        ('Lin,"1,8', "cohorts.csv, after row 1: this is not CSV"),
        ("", "cohorts.csv: there is a header and no cohort. Add one row per cohort."),
    ],
)
def test_a_wrong_count_is_refused_in_its_place(capsys: Capture, rows: str, message: str) -> None:
    assert message in pool_refuses(capsys, f"label,events,total\n{rows}\n")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,2,0.5,1.3,0.95", "cohorts.csv, row 2, estimate: 2 is not inside its interval 0.5 to 1.3."),
        ("A,0.8,1.3,0.5,0.95", "row 2, estimate: 0.8 is not inside its interval 1.3 to 0.5."),
        ("A,0.8,0.5,1.3,95", "row 2, level: 95 is not between 0 and 1. Give a probability, such as 0.95."),
        ("A,nan,0.5,1.3,0.95", "row 2, estimate: 'nan' is not a number."),
        ('A,"0,8",0.5,1.3,0.95', "row 2, estimate: '0,8' is not a number. Write 0.8."),
        ("A,0.8,0.5,1e999,0.95", "row 2, upper: '1e999' is beyond 1,000,000,000. Correct it, or"),
    ],
)
def test_a_wrong_estimate_is_refused_in_its_place(capsys: Capture, row: str, message: str) -> None:
    assert message in pool_refuses(capsys, f"label,estimate,lower,upper,level\n{row}\n", *PRIORS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "A,26.4,19",
            "percentage: no number of 19 people prints as 26.4%. Correct the percentage or the total: 5 of 19 is",
        ),
        ("A,,19", "cohorts.csv, row 2, percentage: the cell is empty. Give it as it was printed, such as 26.3."),
        ('A,"26,3",19', "row 2, percentage: '26,3' is not a percentage. Write 26.3."),
        ("A,about 26,19", "row 2, percentage: 'about 26' is not a percentage."),
        ("A,126,19", "row 2, percentage: '126' is no percentage of people. Correct it."),
        ("A,26.3,0", "row 2, total: 26.3% of 0: nobody was observed."),
        ("A,26.3,19.0", "row 2, total: '19.0' is not a whole number. Write 19."),
    ],
)
def test_a_wrong_percentage_is_refused_in_its_place(capsys: Capture, row: str, message: str) -> None:
    assert message in pool_refuses(capsys, f"label,percentage,total\n{row}\n")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,5,19,26,20", "cohorts.csv, row 2, control_events: 26 events among 20 people. Correct one of the two."),
        ("A,25,19,6,20", "cohorts.csv, row 2, events: 25 events among 19 people."),
        ("A,5,19,0,0", "cohorts.csv, row 2, control_total: 0 of 0: nobody was observed."),
        ("A,5,19,six,20", "cohorts.csv, row 2, control_events: 'six' is not a whole number."),
    ],
)
def test_a_wrong_count_in_either_arm_is_refused_in_its_place(capsys: Capture, row: str, message: str) -> None:
    assert message in pool_refuses(capsys, f"label,events,total,control_events,control_total\n{row}\n", *PRIORS)


def test_two_arms_have_no_default_priors(capsys: Capture) -> None:
    said = pool_refuses(capsys, "label,events,total,control_events,control_total\nA,5,19,6,20\n")
    assert "mu: no prior, and for contrasts there is no default" in said
    assert "tau: no prior, and for contrasts there is no default" in said


def test_a_chance_of_publication_is_a_probability_and_of_single_arms(capsys: Capture) -> None:
    said = pool_refuses(capsys, GOOD, "--published-without-events", "50")
    assert "published_without_events: 50.0 is not between 0 and 1. Give a probability, such as 0.5." in said
    said = pool_refuses(capsys, ESTIMATES, *PRIORS, "--published-without-events", "0.5")
    assert "estimates are not selected by whether there were events" in said


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,0.95,0.52,0.89,0.95", "row 2, estimate: 0.95 is not inside its interval 0.52 to 0.89. Correct one"),
        ("A,0.68,0.89,0.52,0.95", "row 2, estimate: 0.68 is not inside its interval 0.89 to 0.52."),
        ("A,0.68,0,0.89,0.95", "row 2, estimate: ratio 0.68 (0 to 0.89) is not positive."),
        ("A,0.68,0.52,NR,0.95", "row 2, upper: 'NR' is not a number."),
        ("A,0.68,0.52,0.89,95", "row 2, level: 95 is not between 0 and 1. Give a probability, such as 0.95."),
        ("A,68%,0.52,0.89,0.95", "row 2, estimate: '68%' is not a number."),
    ],
)
def test_a_hazard_ratio_that_cannot_be_is_refused_in_its_place(capsys: Capture, row: str, message: str) -> None:
    said = pool_refuses(capsys, f"label,estimate,lower,upper,level\n{row}\n", *PRIORS, "--ratio")
    assert message in said


def test_ratios_must_be_positive(capsys: Capture) -> None:
    said = pool_refuses(capsys, "label,estimate,lower,upper,level\nA,-0.2,-0.7,0.3,0.95\n", *PRIORS, "--ratio")
    assert "row 2, estimate: ratio -0.2 (-0.7 to 0.3) is not positive. Give ratios as they are" in said


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("label,events", "row 1: the column 'total' is missing. Add it."),
        ("events,total", "row 1: the column 'label' is missing. Add it."),
        ("label,Events,total", "row 1: unknown column 'Events'. Did you mean 'events'?"),
        ("label,events,total,note", "row 1: unknown column 'note'."),
        ("label,events,events,total", "row 1: the column 'events' stands there 2 times. Keep one."),
        ("label,events,total,estimate", "row 1: counts (events, total) and estimates (estimate) together."),
        ("label,events,percentage,total", "row 1: counts (events) and percentages together. Give one or the other."),
        ("label,percentage", "row 1: the column 'total' is missing. Add it."),
        ("label,events,total,control_events", "row 1: the column 'control_total' is missing. Add it."),
        (
            "label,events,total,control_event,control_total",
            "unknown column 'control_event'. Did you mean 'control_events'?",
        ),
        ("label,percentage,total,estimate", "row 1: counts (percentage, total) and estimates (estimate) together."),
        ("label,estimate,lower,upper", "the column 'level' is missing. Add it, or type --given-level 0.95"),
        ("label;events;total", "row 1: columns are separated by semicolons (';'). Save the file with commas"),
        ("label\tevents\ttotal", "row 1: columns are separated by tabs ('\\t'). Save the file with commas"),
        (",,", "row 1: the first row is empty."),
    ],
)
def test_a_wrong_header_is_refused(capsys: Capture, header: str, message: str) -> None:
    assert message in pool_refuses(capsys, f"{header}\nLin,1,8\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cohorts.csv: the file is empty. Columns are label, events, total; or label, percentage"),
        (b"\n \n", "cohorts.csv: the file is empty."),
        (b"\xef\xbb\xbf", "cohorts.csv: the file is empty."),
        (GOOD.encode("utf-16"), "cohorts.csv, line 1: byte 0xff is not UTF-8. Save the file as CSV in UTF-8."),
        ("label,events,total\nMüller,1,8\n".encode("latin-1"), "cohorts.csv, line 2: byte 0xfc is not UTF-8."),
        (b"label,events,total\na\0b,1,8\n", "cohorts.csv, line 2: the file contains a NUL byte."),
    ],
)
def test_a_file_that_is_no_table_is_refused(capsys: Capture, content: bytes, message: str) -> None:
    assert message in pool_refuses(capsys, content)


def test_all_problems_of_a_file_and_of_the_priors_are_told_at_once(capsys: Capture) -> None:
    content = "label,events,total\nA,9,8\nA,-1,8\n,x,8\nB,1\n"
    said = pool_refuses(capsys, content, "--mu", "Norml(0, 1)", "--tau", "HalfNormal(0.5, 1)").splitlines()
    assert len(said) == 8
    places = [line.removeprefix("tinycohort: ").split(": ")[0] for line in said]
    rows = ["row 2, events", "row 3, label", "row 3, events", "row 4, label", "row 4, events", "row 5"]
    assert sorted(places) == sorted([*(f"cohorts.csv, {row}" for row in rows), "--mu", "--tau"])


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("huge.csv").open("wb") as file:
        file.truncate(100_000_000)
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("it was opened"))
    said = refused(capsys, "pool", "huge.csv")
    assert f"huge.csv: the file has 100,000,000 bytes, more than the limit of {LARGEST_FILE:,}." in said


def test_more_cohorts_than_can_be_left_out_in_turn_are_refused(capsys: Capture) -> None:
    rows = "".join(f"c{j},1,8\n" for j in range(MOST_COHORTS + 1))
    assert f"501 cohorts, and at most {MOST_COHORTS}" in pool_refuses(capsys, f"label,events,total\n{rows}")


def test_a_file_that_is_not_there_is_refused_with_the_nearest(capsys: Capture) -> None:
    Path("counts.csv").write_text(GOOD)
    assert "count.csv: there is no such file. Did you mean 'counts.csv'?" in refused(capsys, "pool", "count.csv")


def test_a_folder_where_a_file_was_meant_is_refused(capsys: Capture) -> None:
    Path("folder").mkdir()
    assert "folder: this is a folder, and a file was expected." in refused(capsys, "pool", "folder")
    assert "a folder, where a model file was meant" in refused(capsys, "fit", "./folder")


def test_a_pipe_where_a_file_was_meant_is_refused_and_not_waited_for(capsys: Capture) -> None:
    os.mkfifo("pipe")
    assert main(["pool", "pipe"]) == WRONG
    assert "pipe: this is not a regular file." in capsys.readouterr().err


def test_a_path_that_is_none_is_refused(capsys: Capture) -> None:
    assert "this is no path" in refused(capsys, "pool", "a\0b.csv")


def test_a_file_without_permission_is_refused(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("cohorts.csv").write_text(GOOD)
    opened = Path.open

    def forbidden(path: Path, *arguments: Any, **others: Any) -> Any:
        if path.name == "cohorts.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **others)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", forbidden)
        assert main(["pool", "cohorts.csv"]) == WRONG
    assert "cohorts.csv: there is no permission to read it." in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing(
    capsys: Capture, encoding: str, line_end: str
) -> None:
    Path("cohorts.csv").write_bytes(GOOD.replace("\n", line_end).encode(encoding))
    assert main(["pool", "cohorts.csv", "--json"]) == ANSWERED
    answer = json.loads(capsys.readouterr().out)
    assert [cohort["label"] for cohort in answer["cohorts"]] == ["Lin", "Hsu", "Ma"]
    expected = tc.pool(events=[1, 7, 9], totals=[8, 27, 44]).summary()["new_cohort"]
    assert answer["new_cohort"] == expected


# -- options --


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--mu", "Norml(0, 1)"), "--mu: unknown prior 'Norml'. Did you mean Normal? Known: Normal, Logistic"),
        (("--mu", "Normal(0)"), "--mu: Normal(0) has wrong parameters. Write Normal(mu, sigma), each of them once."),
        (("--mu", "Normal(0, 1, 2)"), "--mu: Normal(0, 1, 2) has wrong parameters."),
        (("--mu", "Normal(0, -1)"), "sigma: -1.0 is not above zero. Give a positive number."),
        (("--mu", "Normal(0, x)"), "--mu: 'x' in 'Normal(0, x)' is not a number."),
        (("--mu", "__import__('os')"), "does not read as a prior"),
        (("--tau", "Normal(0, 1)"), "tau: Normal(0, 1) allows negative values."),
        (("--tau", "HalfNormal(1)", "--pooling", "common"), "tau: a prior for tau, which pooling 'common' does not"),
        (("--level", "1.5"), "level: 1.5 is not between 0 and 1. Give a probability, such as 0.95."),
        (("--level", "nan"), "level: nan is not between 0 and 1."),
        (("--seed", "-1"), "seed: -1 is not a whole number, zero or more. Give one such as 1."),
        (("--given-level", "0.9"), "--given-level: counts have no intervals. Leave it out."),
    ],
)
def test_a_wrong_option_is_refused(capsys: Capture, arguments: tuple[str, ...], message: str) -> None:
    assert message in pool_refuses(capsys, GOOD, *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "mu: no prior, and for contrasts there is no default."),
        ((*PRIORS, "--given-level", "0.9"), "--given-level: the file has a column 'level' of its own."),
    ],
)
def test_a_wrong_option_for_estimates_is_refused(capsys: Capture, arguments: tuple[str, ...], message: str) -> None:
    assert message in pool_refuses(capsys, ESTIMATES, *arguments)


def test_a_level_typed_as_a_percentage_is_refused_with_the_probability(capsys: Capture) -> None:
    content = ESTIMATES.replace(",level", "").replace(",0.95", "")
    said = pool_refuses(capsys, content, *PRIORS, "--given-level", "90")
    assert "--given-level: 90 is not between 0 and 1. Give a probability, such as 0.9." in said


# -- models and evidence --


def model_file(change: Callable[[str], str]) -> str:
    """A model file that is wrong in one way; its path."""
    text = tc.read_model("response_pd1").to_toml()
    changed = change(text)
    assert changed != text
    Path("response_pd1.toml").write_text(changed)
    return "./response_pd1.toml"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("[pooling]\nkind", "[pooling]\nkinde", 1), "kinde"),
        (lambda text: text.replace('kind = "partial"', 'kind = "partail"', 1), "Did you mean 'partial'?"),
        (lambda text: text.replace('dist = "HalfNormal"', 'dist = "HalfNorml"', 1), "Did you mean 'HalfNormal'?"),
        (lambda text: text.replace("sigma = 0.5", "scale = 0.5", 1), "HalfNormal"),
        (lambda text: text.replace("[[likelihood]]", "[[likelihoods]]", 1), "likelihoods"),
        (lambda text: text.replace('disease = ["naso', 'disease = ["nose', 1), "nosepharyngeal_carcinoma"),
        (lambda text: text + "\n=", "not TOML"),
    ],
)
def test_a_wrong_word_in_a_model_is_refused_and_quoted(
    capsys: Capture, change: Callable[[str], str], message: str
) -> None:
    path = model_file(change)
    assert message in refused(capsys, "fit", path)
    assert message in refused(capsys, "show", path)
    assert message in refused(capsys, "reproduce", "--quick", "--models", path)


def test_a_model_that_selects_nothing_is_refused_with_the_reasons(capsys: Capture) -> None:
    path = model_file(lambda text: text.replace('"recurrent_metastatic"', '"locally_advanced"', 1))
    for command in (("fit", path), ("show", path), ("reproduce", "--quick", "--models", path)):
        said = refused(capsys, *command)
        assert "outcomes of objective_response is left (" in said
        assert "by other_setting" in said


def test_an_unknown_model_or_variant_is_refused_with_the_nearest(capsys: Capture) -> None:
    assert "Did you mean 'response_pd1'?" in refused(capsys, "fit", "response_pd")
    assert "it has no variant 'tau_1000'. Did you mean 'tau_100'?" in refused(
        capsys, "fit", "response_pd1", "--variant", "tau_1000"
    )
    assert "two models have this name" in refused(capsys, "reproduce", "--models", "response_pd1", "response_pd1")


def test_evidence_that_is_not_there_or_wrong_is_refused(capsys: Capture) -> None:
    Path("evidence").mkdir()
    for command in (("fit", "response_pd1"), ("show", "hsu_2017"), ("reproduce", "--quick")):
        assert "nowhere: there is no such folder." in refused(capsys, *command, "--data", "nowhere")
        assert "sources.csv: there is no such file in 'evidence'." in refused(capsys, *command, "--data", "evidence")


def test_what_is_called_by_no_name_is_refused_with_the_nearest(capsys: Capture) -> None:
    said = refused(capsys, "show", "hsu_2018")
    assert "no row of the evidence and no model is called 'hsu_2018'. Did you mean 'hsu_2017'" in said


def test_the_reasons_are_in_the_json_too(capsys: Capture) -> None:
    Path("cohorts.csv").write_text("label,events,total\nA,9,8\nB,-1,8\n")
    assert main(["pool", "cohorts.csv", "--json"]) == WRONG
    answer = json.loads(capsys.readouterr().out)
    assert answer["reportable"] is False
    assert answer["reasons"] == [
        "cohorts.csv, row 2, events: 9 events among 8 people. Correct one of the two.",
        "cohorts.csv, row 3, events: '-1' is negative. Give a whole number, such as 7.",
    ]


# -- places to write --


@pytest.mark.parametrize(
    ("place", "message"),
    [("nowhere/fit.nc", "cannot be written"), ("folder", "is a folder. Give the name of a file, such as fit.nc.")],
)
def test_a_place_where_no_fit_can_be_saved_is_refused(capsys: Capture, place: str, message: str) -> None:
    Path("folder").mkdir()
    assert message in refused(capsys, "fit", "response_pd1", "--variant", "common", "--save", place)


def test_results_do_not_take_the_place_of_other_files(capsys: Capture) -> None:
    Path("theirs").mkdir()
    Path("theirs/notes.txt").write_text("mine")
    Path("file").write_text("mine")
    said = refused(capsys, "reproduce", "--quick", "--output", "theirs")
    assert "the folder holds files that are no results of tinycohort, such as 'notes.txt'." in said
    assert "this is a file, and a folder is to be written." in refused(capsys, "reproduce", "--output", "file")
    assert "this is the folder that you are in" in refused(capsys, "reproduce", "--output", ".")
    assert "Make it first." in refused(capsys, "reproduce", "--output", "nowhere/results")


def test_a_marker_that_is_not_ours_protects_nothing(capsys: Capture) -> None:
    Path("theirs").mkdir()
    Path("theirs/provenance.json").write_text('{"made_by": "someone", "files": {"provenance.json": ""}}')
    assert "no results of tinycohort" in refused(capsys, "reproduce", "--quick", "--output", "theirs")


def test_a_place_without_permission_is_refused(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", forbidden)
    monkeypatch.setattr(tempfile, "mkstemp", forbidden)
    for command in (("reproduce", "--quick"), ("fit", "response_pd1", "--variant", "common", "--save", "fit.nc")):
        said = refused(capsys, *command)
        assert "cannot be written (Permission denied). Choose a" in said


def test_a_disk_that_fills_up_leaves_nothing_behind(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device", "index.html")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        assert main(["reproduce", "--quick", "--models", "response_pd1:common"]) == WRONG
    assert "index.html: No space left on device" in capsys.readouterr().err
    assert picture(Path.cwd()) == {}


def test_the_keyboard_ends_it_quietly_and_leaves_nothing_behind(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", interrupted)
        assert main(["reproduce", "--quick", "--models", "response_pd1:common"]) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert picture(Path.cwd()) == {}


# -- the same in Python --


def issues_of(call: Callable[[], Any]) -> list[str]:
    before = picture(Path.cwd())
    with pytest.raises(tc.InputError) as caught:
        call()
    assert picture(Path.cwd()) == before
    return [str(issue) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"events": [9], "totals": [8]}, "9 events among 8 people"),
        ({"events": [-1], "totals": [8]}, "not a count"),
        ({"events": [math.nan], "totals": [8]}, "nan is not a finite number"),
        ({"events": [None], "totals": [8]}, "None is not a number"),
        ({"events": ["one"], "totals": [8]}, "'one' is not a number"),
        ({"events": [True], "totals": [8]}, "True is not a number"),
        ({"events": [1.5], "totals": [8]}, "1.5"),
        ({"events": [0], "totals": [0]}, "nobody was observed"),
        ({"events": [1, 2], "totals": [8]}, "1 values for 2 cohorts"),
        ({"events": [1]}, "totals missing"),
        ({}, "neither counts nor estimates"),
        ({"events": [], "totals": []}, "no cohort"),
        ({"events": [1, 2], "totals": [8, 9], "labels": ["a", "a"]}, "cohort 'a': the label is used twice"),
        ({"events": [1], "totals": [8], "labels": [" "]}, "the label is empty"),
        ({"events": [1], "totals": [8], "mu": "Norml(0, 1)"}, "unknown prior 'Norml'"),
        ({"events": [1], "totals": [8], "mu": "Normal(0)"}, "wrong parameters"),
        ({"events": [1], "totals": [8], "tau": "Normal(0, 1)"}, "allows negative values"),
        ({"events": [1], "totals": [8], "pooling": "partail"}, "unknown pooling 'partail'"),
        ({"events": [1], "totals": [8], "engine": "exakt"}, "unknown engine 'exakt'"),
        ({"events": [1], "totals": [8], "seed": -1}, "seed: -1"),
        ({"data": {"label": ["a"], "events": [1]}}, "total missing"),
        ({"estimates": [0.8], "lower": [0.5], "upper": [1.3]}, "mu: no prior"),
    ],
)
def test_pool_refuses_what_is_wrong(numbers: dict[str, Any], message: str) -> None:
    assert message in "\n".join(issues_of(lambda: tc.pool(**numbers)))


def test_pool_tells_all_problems_at_once() -> None:
    said = issues_of(lambda: tc.pool(events=["x", math.inf], totals=[8, None], mu="x", labels=["", "b"]))
    assert len(said) == 5


def test_a_fit_refuses_levels_and_intervals_that_are_none() -> None:
    fit = tc.pool(events=[1], totals=[8])
    assert issues_of(lambda: fit.summary(level=95)) == [
        "level: 95 is not between 0 and 1. Give a probability, such as 0.95."
    ]
    assert "unknown interval 'hdi'" in issues_of(lambda: fit.summary(interval="hdi"))[0]  # type: ignore[arg-type]


def test_saving_refuses_a_folder_and_reading_refuses_what_is_no_fit(tmp_path: Path) -> None:
    fit = tc.pool(events=[1], totals=[8])
    assert "is a folder" in issues_of(lambda: fit.save(tmp_path))[0]
    assert "cannot be written" in issues_of(lambda: fit.save(tmp_path / "nowhere" / "fit.nc"))[0]
    (tmp_path / "fit.nc").write_text("not netCDF")
    for place in (tmp_path, tmp_path / "nowhere.nc", tmp_path / "fit.nc"):
        assert str(place) in issues_of(lambda place=place: tc.read_fit(place))[0]


def test_show_and_fit_refuse_what_is_no_model() -> None:
    assert "no row of the evidence" in issues_of(lambda: tc.show("nothing_like_it"))[0]
    assert "no bundled model" in issues_of(lambda: tc.fit("nothing_like_it", tc.read_evidence()))[0]
    assert "is no model" in issues_of(lambda: tc.show(7))[0]  # type: ignore[arg-type]
