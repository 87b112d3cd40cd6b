"""The command line: what is answered, where it goes, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from evidence import made_up
from spec_contents import survival
from tinycohort.cli import ANSWERED, INTERRUPTED, PIPE_CLOSED, SHOW_FAULTS, USAGE, WRONG, commands, main, parser
from tinycohort.cli.output import NO_ANSWER
from tinycohort.engines.run import ENGINES
from tinycohort.families import CONTRAST_MEASURES, SURVIVAL_FAMILIES, Proportion
from tinycohort.pooling import POOLINGS
from tinycohort.posterior import INTERVALS
from tinycohort.reporting.text import table_lines
from tinycohort.reporting.words import OVERLAP_WORDS, about_tau, diagnosis, figure, percent, span
from tinycohort.reporting.writing import Verdict
from tinycohort.tables import write_folder

COUNTS = "label,events,total\nLin,1,8\nHsu,7,27\nMa,9,44\n"
PERCENTAGES = "label,percentage,total\nLin,12.5,8\nHsu,26%,27\nMa,21,230\n"
ARMS = "label,events,total,control_events,control_total\nZhang,5,19,6,20\nSmall,0,12,3,11\nTheelen,13,36,7,40\n"
RATIOS = "label,estimate,lower,upper,level\nA,0.8,0.5,1.3,0.95\nB,0.6,0.3,1.1,0.9\n"
PRIORS = ("--mu", "Normal(0, 1)", "--tau", "HalfNormal(0.5)")
PROGRAM = str(Path(sysconfig.get_path("scripts")) / "tinycohort")

DOCUMENTATION = (Path(__file__).parent.parent / "docs/command_line.md").read_text(encoding="utf-8")


def promised(head: str) -> dict[str, list[str]]:
    """What the documentation promises: by the first cell of each row of a table, the words in its cells."""
    rows = DOCUMENTATION.partition(f"\n{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return {row.split(" | ")[0].removeprefix("| "): re.findall(r"`(\w+)`", row) for row in rows}


# The keys that it promises, of a fit and of what its cohorts reported.
KEYS = [key for cell in promised("| key | value |") for key in re.findall(r"`(\w+)`", cell)]
REPORTED = promised("| reported | keys |")
SCALES = promised("| key | value |")["`scale`"][1:]
ESTIMATE = ["mean", "sd", "median", "lower", "upper"]
OF_COHORTS = ["weight", "shrinkage", "exchangeable"]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("counts.csv").write_text(COUNTS)
    Path("ratios.csv").write_text(RATIOS)


def answered(capsys: Capture, *arguments: str) -> str:
    """Standard output of a command that answers."""
    assert main(arguments) == ANSWERED
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.out


def in_json(capsys: Capture, *arguments: str) -> Any:
    return json.loads(answered(capsys, *arguments, "--json"))


def program(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, **settings)


# -- pool --


def test_pool_takes_percentages_as_they_were_printed(capsys: Capture) -> None:
    Path("percentages.csv").write_text(PERCENTAGES)
    answer = in_json(capsys, "pool", "percentages.csv", "--seed", "1")
    assert [(one["percentage"], one["total"]) for one in answer["cohorts"]] == [("12.5", 8), ("26", 27), ("21", 230)]
    assert list(answer["cohorts"][0]) == ["label", *REPORTED["percentages"], *ESTIMATE, *OF_COHORTS]
    assert answer["remarks"] == ["Ma: 21% of 230 may be 48 to 49 people"]
    same = tc.pool(percentages=["12.5", "26", "21"], totals=[8, 27, 230]).summary()
    assert answer["new_cohort"] == same["new_cohort"]
    assert "Ma: 21% of 230 may be 48 to 49 people." in answered(capsys, "pool", "percentages.csv")


def test_pool_takes_counts_of_two_arms(capsys: Capture) -> None:
    Path("arms.csv").write_text(ARMS)
    answer = in_json(capsys, "pool", "arms.csv", *PRIORS)
    assert (answer["scale"], answer["reportable"]) == ("ratio", True)
    names = REPORTED["counts of two arms"]
    assert list(answer["cohorts"][0]) == ["label", *names, *ESTIMATE, *OF_COHORTS]
    assert [[one[name] for name in names] for one in answer["cohorts"]] == [
        [5, 19, 6, 20],
        [0, 12, 3, 11],
        [13, 36, 7, 40],
    ]
    text = answered(capsys, "pool", "arms.csv", *PRIORS)
    assert "cohort   events  total  control events  control total" in text


def test_pool_corrects_for_what_was_not_published(capsys: Capture) -> None:
    plain, corrected = (
        in_json(capsys, "pool", "counts.csv", *more) for more in ((), ("--published-without-events", "0.2"))
    )
    assert corrected["typical"]["median"] < plain["typical"]["median"]
    assert corrected["remarks"] == ["A cohort without an event is taken to have been published with probability 0.2"]


def test_pool_takes_cohorts_in_groups(capsys: Capture) -> None:
    Path("groups.csv").write_text("label,events,total,group\nJi,1,8,skin\nWu,7,27,skin\nMa,9,44,lung\n")
    options = ("--pooling", "nested", "--tau-group", "HalfNormal(1)", "--seed", "1")
    answer = in_json(capsys, "pool", "groups.csv", *options)
    assert [one["label"] for one in answer["groups"]] == ["skin", "lung"]
    assert answer["priors"]["tau_group"] == "HalfNormal(1)"
    text = answered(capsys, "pool", "groups.csv", *options)
    assert "typical cohort, skin" in text
    assert "new cohort, lung" in text
    assert "heterogeneity of groups (tau_group)" in text
    # The same file serves the other poolings.
    assert in_json(capsys, "pool", "groups.csv")["groups"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("label,events,total\nJi,1,8\n", "row 1: the column 'group' is missing. Add it"),
        ("label,events,total,group\nJi,1,8,skin\nWu,7,27,\n", "row 3, group: the cell is empty."),
    ],
)
def test_a_file_without_the_groups_is_refused(text: str, said: str, capsys: Capture) -> None:
    Path("groups.csv").write_text(text)
    assert main(["pool", "groups.csv", "--pooling", "nested"]) == WRONG
    assert said in capsys.readouterr().err


def test_pool_answers_with_the_keys_that_are_promised(capsys: Capture) -> None:
    answer = in_json(capsys, "pool", "counts.csv")
    assert list(answer) == KEYS == list(NO_ANSWER)
    for name in ("mu", "tau", "typical", "average", "new_cohort"):
        assert list(answer[name]) == ESTIMATE
    for cohort in answer["cohorts"]:
        assert list(cohort) == ["label", *REPORTED["counts"], *ESTIMATE, *OF_COHORTS]
    assert list(answer["elpd_loco"]) == ["total", "se", "cohorts"]
    assert answer["priors"] == {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)"}
    assert (answer["scale"], answer["level"], answer["interval"]) == ("probability", 0.95, "equal-tailed")
    assert (answer["engine"], answer["reportable"], answer["reasons"]) == ("exact", True, [])


def test_pool_gives_what_python_gives(capsys: Capture) -> None:
    expected = tc.pool(
        events=[1, 7, 9], totals=[8, 27, 44], labels=["Lin", "Hsu", "Ma"], mu="Normal(0, 1.5)", tau="HalfNormal(1)"
    )
    options = ("--mu", "Normal(0, 1.5)", "--tau", "HalfNormal(1)", "--level", "0.9", "--interval", "shortest")
    assert in_json(capsys, "pool", "counts.csv", *options) == expected.summary(0.9, "shortest")


def test_ratios_are_pooled_as_logarithms_and_reported_as_ratios(capsys: Capture) -> None:
    answer = in_json(capsys, "pool", "ratios.csv", "--ratio", *PRIORS)
    expected = tc.pool(
        estimates=[0.8, 0.6], lower=[0.5, 0.3], upper=[1.3, 1.1], level=[0.95, 0.9], labels=["A", "B"],
        ratio=True, mu="Normal(0, 1)", tau="HalfNormal(0.5)",
    )  # fmt: skip
    assert answer == expected.summary()
    assert answer["scale"] == "ratio"
    assert list(answer["cohorts"][0]) == ["label", *REPORTED["estimates"], *ESTIMATE, *OF_COHORTS]
    assert in_json(capsys, "pool", "ratios.csv", *PRIORS)["scale"] == "difference"


def test_a_level_typed_once_stands_for_a_column_of_levels(capsys: Capture) -> None:
    Path("with.csv").write_text("label,estimate,lower,upper,level\nA,0.8,0.5,1.3,0.9\nB,0.6,0.3,1.1,0.9\n")
    Path("without.csv").write_text("label,estimate,lower,upper\nA,0.8,0.5,1.3\nB,0.6,0.3,1.1\n")
    column = in_json(capsys, "pool", "with.csv", "--ratio", *PRIORS)
    assert in_json(capsys, "pool", "without.csv", "--ratio", "--given-level", "0.9", *PRIORS) == column


@pytest.mark.parametrize(("pooling", "absent"), [("common", ["tau"]), ("none", ["mu", "tau", "typical", "average"])])
def test_what_a_pooling_does_not_have_is_null_and_never_missing(
    capsys: Capture, pooling: str, absent: list[str]
) -> None:
    answer = in_json(capsys, "pool", "counts.csv", "--pooling", pooling)
    assert list(answer) == KEYS
    assert [answer[name] for name in absent] == [None] * len(absent)


def test_columns_in_another_order_spaces_and_empty_rows_change_nothing(capsys: Capture) -> None:
    expected = in_json(capsys, "pool", "counts.csv")
    Path("other.csv").write_text("\ufeff total ,label,events\r\n8, Lin ,1\r\n\r\n 27,Hsu,7\r\n44,Ma,+9\r\n,,\r\n")
    assert in_json(capsys, "pool", "other.csv") == expected


def test_the_text_names_the_priors_the_level_and_what_the_data_said_of_tau(capsys: Capture) -> None:
    shown = answered(capsys, "pool", "counts.csv", "--level", "0.8", "--interval", "shortest")
    for words in ("Prior of mu: Logistic(0, 1)", "Prior of tau: HalfNormal(0.5)", "Shortest credible intervals", "0.8"):
        assert words in shown
    assert "weight" in shown
    assert "shrinkage" in shown
    assert "The data said little about tau: its posterior and its prior overlap by" in shown


def test_a_single_cohort_leaves_tau_to_its_prior_and_the_text_says_so(capsys: Capture) -> None:
    Path("one.csv").write_text("label,events,total\nLin,1,3\n")
    shown = answered(capsys, "pool", "one.csv")
    assert "The data said nothing about tau" in shown
    assert "so what stands here is the prior, HalfNormal(0.5)" in shown


@pytest.mark.parametrize("pooling", ["none", "common"])
def test_without_tau_the_text_says_nothing_about_it(capsys: Capture, pooling: str) -> None:
    shown = answered(capsys, "pool", "counts.csv", "--pooling", pooling)
    assert "tau" not in shown
    assert "Lin" in shown


# -- fit, show, check --


def test_fit_gives_what_python_gives_with_its_estimands_and_provenance(capsys: Capture) -> None:
    answer = in_json(capsys, "fit", "response_pd1", "--variant", "prospective_only", "--seed", "3")
    model = tc.read_model("response_pd1").variant("prospective_only")
    fit = tc.fit(model, tc.read_evidence())
    assert list(answer)[: len(KEYS)] == KEYS
    assert {name: answer[name] for name in KEYS} == fit.summary()
    assert answer["model"] == "response_pd1:prospective_only"
    assert answer["provenance"]["seed"] == 3
    names = [row["name"] for row in answer["estimates"] if row["target"] != "cohort"]
    assert names == [one.name for one in model.estimands if one.target != "cohort"]


def test_fit_of_survival_answers_with_the_keys_that_are_promised(capsys: Capture) -> None:
    content = survival()
    content["quantity"]["shape"] = "shared"
    content["priors"]["shape"] = {"dist": "Normal", "mu": 0.2, "sigma": 0.3, "why": "Nearly a constant hazard."}
    cohorts = [made_up.cohort("a", 30), made_up.cohort("b", 12)]
    evidence = made_up.evidence(cohorts, [made_up.landmark("a", 12.0, 0.6), made_up.landmark("b", 12.0, 0.75)])
    write_folder(evidence.tables, Path("mine"))
    Path("lives.toml").write_text(tc.read_model(content).to_toml())
    answer = in_json(capsys, "fit", "./lives.toml", "--data", "mine")
    assert list(answer)[: len(KEYS)] == KEYS
    assert answer["scale"] == "median"
    assert list(answer["shape"]) == ESTIMATE
    for cohort in answer["cohorts"]:
        assert list(cohort) == ["label", *REPORTED["survival"], *ESTIMATE, *OF_COHORTS]


def test_the_scales_are_those_that_are_promised() -> None:
    survivals = {family().quantity for family in SURVIVAL_FAMILIES.values() if not family.flexible}
    assert {Proportion().quantity, *CONTRAST_MEASURES, *survivals} == set(SCALES)


def test_fit_takes_the_variant_in_the_name_too(capsys: Capture) -> None:
    by_name = in_json(capsys, "fit", "response_pd1:common")
    assert by_name["new_cohort"] == in_json(capsys, "fit", "response_pd1", "--variant", "common")["new_cohort"]


def test_fit_saves_a_fit_that_can_be_read_back(capsys: Capture) -> None:
    assert main(["fit", "response_pd1:common", "--seed", "1", "--save", "fit.nc"]) == ANSWERED
    said = capsys.readouterr()
    assert "saved fit.nc" in said.err
    assert "response_typical" in said.out
    assert (
        tc.read_fit("fit.nc").summary()["typical"]
        == tc.fit("response_pd1:common", tc.read_evidence()).summary()["typical"]
    )


def test_fit_asks_each_estimand_at_its_own_level_unless_one_is_typed(capsys: Capture) -> None:
    content = tc.read_model("response_pd1").to_dict()
    content["estimand"][0]["level"] = 0.8
    content.pop("variant")
    Path("response_pd1.toml").write_text(tc.read_model(content).to_toml())
    own = in_json(capsys, "fit", "./response_pd1.toml")["estimates"]
    assert [row["level"] for row in own[:2]] == [0.8, 0.95]
    typed = in_json(capsys, "fit", "./response_pd1.toml", "--level", "0.5")["estimates"]
    assert {row["level"] for row in typed} == {0.5}


def test_a_fit_that_may_not_be_reported_is_told_with_the_reason_and_exit_1(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = tc.pool(events=[1, 7], totals=[8, 27])
    fit.posterior.reasons = ("an estimate moved by 0.1",)
    monkeypatch.setattr("tinycohort.direct.pool", lambda **_: fit)
    assert main(["pool", "counts.csv", "--json"]) == WRONG
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert list(answer) == KEYS
    assert answer["reasons"] == ["an estimate moved by 0.1"]
    assert [answer[name] for name in ("reportable", "typical", "new_cohort", "tau")] == [False, None, None, None]
    assert said.err == "tinycohort: not reportable: an estimate moved by 0.1\n"
    assert main(["pool", "counts.csv"]) == WRONG
    shown = capsys.readouterr().out
    assert "Not reportable: an estimate moved by 0.1." in shown
    assert "new cohort" not in shown


def test_show_is_the_same_as_in_python(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert answered(capsys, "show", "hsu_2017") == f"{tc.show('hsu_2017')}\n"
    assert in_json(capsys, "show", "response_pd1:common") == tc.show("response_pd1:common").to_dict()


@pytest.mark.parametrize("columns", [60, 80, 110, 200])
def test_show_is_as_wide_as_the_terminal(capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert answered(capsys, "show", "lin_2022_pd1") == f"{tc.show('lin_2022_pd1').text(columns)}\n"


def test_show_is_80_characters_wide_where_there_is_no_terminal_and_60_where_it_is_narrower(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert answered(capsys, "show", "hsu_2017") == f"{tc.show('hsu_2017').text(60)}\n"
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (_ for _ in ()).throw(OSError))
    assert answered(capsys, "show", "hsu_2017") == f"{tc.show('hsu_2017').text(80)}\n"


def test_check_tells_that_the_bundled_evidence_is_in_order(capsys: Capture) -> None:
    assert "0 errors" in answered(capsys, "check").splitlines()[-1]
    assert in_json(capsys, "check")["ok"] is True


def own_evidence(change: Callable[[str], str]) -> str:
    """A copy of the bundled evidence with one table changed."""
    write_folder(tc.read_evidence().tables, Path("mine"))
    path = Path("mine/outcomes.csv")
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    return "mine"


def test_check_tells_every_error_of_a_folder_and_ends_with_exit_1(capsys: Capture) -> None:
    def damage(text: str) -> str:
        return text.replace("count,,1,8,", "count,,9,8,", 1).replace("hsu_2017_response,hsu_2017,", "h,hsu,", 1)

    folder = own_evidence(damage)
    assert main(["check", folder]) == WRONG
    said = capsys.readouterr()
    row = 2 + list(tc.read_evidence().outcomes).index("hsu_2017_response")  # below the header
    assert "error: outcomes.csv, row 2, events: 9 events among 8 people. Correct one of the two.\n" in said.out
    assert f"error: outcomes.csv, row {row}, cohort_id: 'hsu' is not in cohorts.csv." in said.out
    assert said.out.splitlines()[-1] == "3 errors, 1 warning"
    assert main(["check", folder, "--json"]) == WRONG
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["errors"] == sum(issue["severity"] == "error" for issue in answer["issues"])
    assert all(set(issue) == {"severity", "where", "what", "mend"} for issue in answer["issues"])


def test_ones_own_evidence_is_what_is_fitted(capsys: Capture) -> None:
    folder = own_evidence(lambda text: text.replace("ma_2018_response,", "ma_2018_renamed,", 1))
    answer = in_json(capsys, "fit", "response_pd1:common", "--data", folder)
    assert "ma_2018_renamed" in answer["estimates"][0]["outcome_ids"]
    assert in_json(capsys, "show", "ma_2018_renamed", "--data", folder)["outcomes"]


# -- usage, streams, endings --


@pytest.mark.parametrize("command", ["check", "show", "fit", "pool", "calibrate", "report", "reproduce"])
def test_the_help_of_each_command_shows_an_example(capsys: Capture, command: str) -> None:
    assert main([command, "--help"]) == ANSWERED
    shown = capsys.readouterr().out
    assert f"example:\n  tinycohort {command} " in shown


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["pool"],
        ["pool", "counts.csv", "--engine", "exakt"],
        ["pool", "counts.csv", "--pooling", "partail"],
        ["pool", "counts.csv", "--level", "high"],
        ["pool", "counts.csv", "--nothing"],
        ["pool", "counts.csv", "--given", "0.9"],
        ["reproduce", "--engine", "nuts"],
        ["reproduce", "--workers", "two"],
    ],
)
def test_a_command_that_is_not_understood_ends_with_exit_2(capsys: Capture, arguments: list[str]) -> None:
    assert main(arguments) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: tinycohort" in said.err


def test_the_words_of_the_options_are_those_of_the_package() -> None:
    assert parser.ENGINES == ENGINES
    assert parser.INTERVALS == INTERVALS
    assert tuple(name for name, known in POOLINGS.items() if known.direct) == parser.POOLINGS


@pytest.mark.parametrize("workers", ["0", "-2"])
def test_so_few_workers_are_no_choice(capsys: Capture, workers: str) -> None:
    assert main(["reproduce", "--workers", workers]) == WRONG
    said = capsys.readouterr()
    assert said.err == f"tinycohort: workers: {workers} is not a whole number above 0. Give one such as 2.\n"
    assert not Path("results").exists()


@pytest.mark.parametrize(("typed", "taken"), [((), 4), (("--workers", "7"), 7), (("--workers", "1"), 1)])
def test_workers_are_those_typed_or_as_many_as_processors_and_four_at_the_most(
    typed: tuple[str, ...], taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def reproduce(*_: Any, workers: int, **__: Any) -> Verdict:
        asked.append(workers)
        return Verdict(Path("results"), (), "", ())

    monkeypatch.setattr("os.cpu_count", lambda: 16)
    monkeypatch.setattr("tinycohort.reporting.reproduction.reproduce", reproduce)
    assert main(["reproduce", *typed]) == ANSWERED
    assert asked == [taken]


def test_the_version_is_told(capsys: Capture) -> None:
    assert answered(capsys, "--version") == f"tinycohort {tc.__version__}\n"


def test_warnings_are_messages_on_one_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(_: Any) -> int:
        warnings.warn("look\ntwice", RuntimeWarning, stacklevel=1)
        return ANSWERED

    monkeypatch.setattr(commands, "check", doubtful)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["check"]) == ANSWERED
    assert capsys.readouterr().err == "tinycohort: warning: look twice\n"


def test_the_keyboard_ends_a_command_quietly(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "check", interrupted)
    assert main(["check"]) == INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_the_package_is_admitted_and_shown_when_asked_for(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(**_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("tinycohort.direct.pool", faulty)
    assert main(["pool", "counts.csv", "--json"]) == WRONG
    said = capsys.readouterr()
    assert said.err.startswith("tinycohort: ZeroDivisionError: division by zero. This is a fault of tinycohort, please")
    assert list(json.loads(said.out)) == KEYS
    monkeypatch.setenv(SHOW_FAULTS, "1")
    with pytest.raises(ZeroDivisionError):
        main(["pool", "counts.csv"])


def test_a_reader_that_stops_reading_ends_a_command_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run([PROGRAM, "show", "hsu_2017"], stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, b"")


def test_answers_go_to_standard_output_and_messages_to_standard_error() -> None:
    good, bad = program("pool", "counts.csv", "--json"), program("pool", "nowhere.csv")
    assert (good.returncode, good.stderr) == (ANSWERED, "")
    assert json.loads(good.stdout)["reportable"] is True
    assert (bad.returncode, bad.stdout) == (WRONG, "")
    assert bad.stderr.startswith("tinycohort: nowhere.csv: there is no such file.")


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_terminal_without_unicode_still_gets_an_answer(option: tuple[str, ...]) -> None:
    Path("names.csv").write_text("label,events,total\nMüller 試験,1,8\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = program("pool", "names.csv", *option, env=environment)
    assert (done.returncode, done.stderr) == (ANSWERED, "")
    assert "M\\xfcller" in done.stdout or "M\\u00fcller" in done.stdout


def test_pool_from_a_cold_process_loads_nothing_that_it_does_not_need(modules_after: Callable[[str], set[str]]) -> None:
    code = f"import os; os.chdir({str(Path.cwd())!r}); from tinycohort.cli import main; main(['pool', 'counts.csv'])"
    loaded = modules_after(code)
    heavy = {"pandas", "xarray", "matplotlib", "pymc", "pytensor", "arviz", "nutpie", "numba", "scipy.stats"}
    assert loaded & heavy == set()
    assert "tinycohort.direct" in loaded


def test_help_loads_not_even_numpy(modules_after: Callable[[str], set[str]]) -> None:
    assert "numpy" not in modules_after("from tinycohort.cli import main; main(['pool', '--help'])")


# -- words --


def test_percentages_are_never_rounded_to_none_or_to_all() -> None:
    assert [percent(p) for p in (0.0, 0.00004, 0.0049, 0.243, 0.9996, 1.0)] == [
        "0%", "0.004%", "0.5%", "24%", "99.96%", "100%",
    ]  # fmt: skip
    assert [figure(x) for x in (0.0, -0.5, 123.4, 0.01234, float("nan"), None)] == [
        "0.00", "-0.50", "123", "0.0123", "–", "–",
    ]  # fmt: skip
    # Where rounding leads to the next power of ten, as that is written.
    assert [figure(x) for x in (9.994, 9.996, 999.4, 999.5, 999.99, -999.7, 1000.0, 0.09996, 9_999_999.0)] == [
        "9.99", "10.0", "999", "1,000", "1,000", "-1,000", "1,000", "0.10", "9,999,999",
    ]  # fmt: skip
    assert span(0.241, 0.249, "probability") == "24.1% to 24.9%"


@pytest.mark.parametrize("events", [[1], [1, 2], [1, 7, 9], [1, 5, 20, 30], [0, 20, 1, 25, 2, 28, 0, 27]])
def test_the_words_about_tau_are_those_of_the_figure(events: list[int]) -> None:
    fit = tc.pool(events=events, totals=[3 if len(events) < 3 else 30] * len(events))
    words = tc.plots.prior_posterior(fit).axes[0].texts[0].get_text()
    amount = words.partition("the data said ")[2].partition(" about tau")[0]
    assert f"the data said {amount} about tau" in about_tau(fit)
    assert amount in [each for _, each in OVERLAP_WORDS]


@pytest.mark.parametrize(
    ("error", "told"),
    [(2.1e-5, "0.00003"), (1e-4, "0.0001"), (0.0, "0.0000001"), (3e-9, "0.0000001"), (1.2e-7, "0.0000002")],
)
def test_an_error_is_never_told_smaller_than_it_is(error: float, told: str) -> None:
    fit = tc.pool(events=[1], totals=[8])
    fit.posterior.diagnostics["estimate_error"] = error
    assert f"the reported estimates move by at most {told}, and" in diagnosis(fit)


def test_a_table_of_text_keeps_its_columns() -> None:
    long = "a name that is longer than any name of a cohort should be"
    lines = table_lines(("cohort", "events"), [(long, "1"), ("b", "22")])
    assert lines[0].endswith("events")
    assert lines[1].endswith("…       1")
    assert len({len(line) for line in lines}) == 1
