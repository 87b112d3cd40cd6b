"""Chunks of a calibration: done here, by a pool or by a cluster, none is lost, and an interrupted run goes on."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from support.dask_cluster import dask_cluster
from tinycohort.calibration.models import front, stamp
from tinycohort.calibration.models.checkpoint import open_checkpoint
from tinycohort.calibration.models.chunks import Pool, do_all


def model() -> tc.CompiledModel:
    # One fit a replicate: chunks that take long enough for somebody to die in them.
    return tc.pool(events=[1, 7], totals=[8, 27], pooling="common").compiled


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(front.CHUNK_SIZES, "exact", 5)
    monkeypatch.setattr(front, "_EVERY_SECONDS", 0.0)


# -- workers that die ---------------------------------------------------------------------------------------------


def test_a_cluster_loses_nothing_when_a_worker_is_killed(small_chunks: None, tmp_path: Path) -> None:
    with dask_cluster(2, tmp_path) as cluster:
        told: list[str] = []

        def kill_in_the_middle(line: str) -> None:
            told.append(line)
            if len(told) == 2:
                cluster.kill_a_worker()

        found = tc.calibrate(model(), replicates=200, seed=4, scheduler=cluster.address, progress=kill_in_the_middle)
        assert cluster.workers[0].poll() is not None, "nobody was killed"
        assert cluster.workers[1].poll() is None
    here = tc.calibrate(model(), replicates=200, seed=4, workers=1)
    assert told[-1].startswith("40 of 40 chunks")
    assert found.places == here.places
    assert found.to_dict() == here.to_dict()


def die_the_first_time(chunk: tuple[Path, int]) -> int:
    mark, number = chunk
    if number == 3 and not mark.exists():
        mark.write_text("died")
        os._exit(1)
    return number * number


def test_a_pool_does_again_what_a_dead_worker_had(tmp_path: Path) -> None:
    found: dict[int, int] = {}
    chunks = {number: (tmp_path / "mark", number) for number in range(8)}
    do_all(die_the_first_time, chunks, Pool(2), found.__setitem__)
    assert (tmp_path / "mark").exists()
    assert found == {number: number * number for number in range(8)}


class Dying:
    """Workers of which every one dies at once."""

    died = (BrokenProcessPool,)

    def __init__(self) -> None:
        self.rounds = 0

    @contextmanager
    def executor(self) -> Iterator[Any]:
        self.rounds += 1
        yield self

    def submit(self, do: Any, chunk: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("died"))
        return future

    def help(self) -> str:
        return "Give them air."


def test_workers_that_keep_dying_end_in_a_message() -> None:
    workers = Dying()
    with pytest.raises(tc.InputError, match=r"died 3 times without finishing one of 2 chunks. Give them air\."):
        do_all(print, {1: 1, 2: 2}, workers, lambda name, found: None)
    assert workers.rounds == 3


def test_a_fault_of_a_chunk_is_not_taken_for_a_death() -> None:
    with pytest.raises(ZeroDivisionError):
        do_all(divide, {1: 1, 2: 0, 3: 3, 4: 4}, Pool(2), lambda name, found: None)


def divide(number: int) -> float:
    return 1 / number


# -- clusters that are not there ----------------------------------------------------------------------------------


def test_without_distributed_a_scheduler_ends_in_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("distributed"):
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(tc.InputError, match=r"pip install \"tinycohort\[dask\]\""):
        tc.calibrate(model(), replicates=60, seed=1, scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"])
def test_a_scheduler_that_does_not_answer_is_named(address: str) -> None:
    with pytest.raises(tc.InputError, match=f"no Dask scheduler answers at '{address}'"):
        tc.calibrate(model(), replicates=60, seed=1, scheduler=address)


def test_a_worker_with_other_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "do_prior_chunk", lambda chunk: {"code": "other"})
    with pytest.raises(tc.InputError, match=r"other code \(other\)"):
        tc.calibrate(model(), replicates=5, seed=1, workers=1)


# -- checkpoints --------------------------------------------------------------------------------------------------


def test_an_interrupted_calibration_goes_on_where_it_stopped(
    small_chunks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tc.calibrate(model(), replicates=40, seed=2, workers=1)
    path = tmp_path / "half.jsonl"
    told: list[str] = []

    def interrupt(line: str) -> None:
        told.append(line)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tc.calibrate(model(), replicates=40, seed=2, workers=1, checkpoint=path, progress=interrupt)
    # The power failed in the middle of a line.
    path.write_bytes(path.read_bytes() + b'0123456789abcdef ["3",{"below"')
    did = []
    do = front.do_prior_chunk
    monkeypatch.setattr(front, "do_prior_chunk", lambda chunk: did.append(chunk.number) or do(chunk))
    told.clear()
    found = tc.calibrate(model(), replicates=40, seed=2, workers=1, checkpoint=path, progress=told.append)
    assert told[0] == "3 of 8 chunks are in the checkpoint already"
    assert did == [3, 4, 5, 6, 7]
    assert found.to_dict() == whole.to_dict()
    did.clear()
    assert tc.calibrate(model(), replicates=40, seed=2, workers=1, checkpoint=path).to_dict() == whole.to_dict()
    assert did == []


def test_a_checkpoint_of_something_else_is_refused_and_left_as_it_is(
    small_chunks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.jsonl"
    tc.calibrate(model(), replicates=5, seed=2, workers=1, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(tc.InputError, match="seed is 2 there and 3 here"):
        tc.calibrate(model(), replicates=5, seed=3, workers=1, checkpoint=path)
    other = tc.pool(events=[1, 7], totals=[8, 28], pooling="common")
    with pytest.raises(tc.InputError, match="another data_and_model"):
        tc.calibrate(other, replicates=5, seed=2, workers=1, checkpoint=path)
    monkeypatch.setattr(front, "code_digest", lambda: "other")
    with pytest.raises(tc.InputError, match=f'code is "{stamp.code_digest()}" there and "other" here'):
        tc.calibrate(model(), replicates=5, seed=2, workers=1, checkpoint=path)
    assert path.read_bytes() == before
    notes = tmp_path / "notes.txt"
    notes.write_text("mine\n")
    with pytest.raises(tc.InputError, match="is not a checkpoint"):
        tc.calibrate(model(), replicates=5, seed=2, workers=1, checkpoint=notes)
    assert notes.read_text() == "mine\n"
    with pytest.raises(tc.InputError, match="cannot be used"):
        tc.calibrate(model(), replicates=5, seed=2, workers=1, checkpoint=tmp_path / "no" / "folder")


def test_a_damaged_line_and_all_after_it_are_done_again(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    with open_checkpoint(path, {"seed": 1}) as checkpoint:
        for name in ("a", "b", "c"):
            checkpoint.keep(name, [name])
    path.write_bytes(path.read_bytes().replace(b'["b",["b"]]', b'["b",["B"]]'))
    with open_checkpoint(path, {"seed": 1}) as checkpoint:
        assert checkpoint.done == {"a": ["a"]}
        checkpoint.keep("d", 1)
    with open_checkpoint(path, {"seed": 1}) as checkpoint:
        assert checkpoint.done == {"a": ["a"], "d": 1}
