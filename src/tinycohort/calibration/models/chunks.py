"""Chunks of work done by other processes, here or on a cluster: none is lost when a worker dies."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol

from ...issues import InputError, Issue

__all__ = ["Cluster", "Here", "Pool", "Workers", "do_all", "workers_for"]

# Rounds in a row in which no chunk at all is finished before every worker has died: then it is the chunks that kill.
_BARREN = 3
# How the usual libraries of linear algebra are told.
_THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CONNECT_SECONDS = 10


class Workers(Protocol):
    """Where chunks are done.

    Attributes
    ----------
    died : tuple of exception types
        How it says that a worker died with a chunk, which another may yet do.
    """

    died: tuple[type[BaseException], ...]

    def executor(self) -> Any:
        """A context with an executor (`concurrent.futures`); a new one each time."""

    def help(self) -> str:
        """What to do when workers keep dying."""


class Here:
    """In the process that asks, one chunk after the other."""

    died: tuple[type[BaseException], ...] = ()

    @contextmanager
    def executor(self) -> Iterator[None]:
        yield None

    def help(self) -> str:
        return ""


class Pool:
    """Processes on this computer, started anew, not forked: a process that has started threads must not be copied.

    Parameters
    ----------
    workers : int
        How many.
    """

    died: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, workers: int) -> None:
        self.workers = workers

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        with _one_thread_each(), ProcessPoolExecutor(self.workers, get_context("spawn")) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def help(self) -> str:
        return (
            'In a script, put what it does under `if __name__ == "__main__":`; or try fewer workers, each of which '
            "takes memory; with workers=1 all is done in this process."
        )


class Cluster:
    """A Dask cluster, whose workers have this very version of the package.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://127.0.0.1:8786``.

    Raises
    ------
    InputError
        `distributed` is not installed, or nothing answers at the address.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
            from distributed.client import FutureCancelledError
            from distributed.comm.core import CommClosedError
            from distributed.scheduler import KilledWorker
        except ImportError:
            mend = 'Install it: pip install "tinycohort[dask]".'
            raise InputError(Issue("scheduler", "a Dask cluster needs the package distributed", mend)) from None
        self.address, self._client = address, Client
        # A future that is cancelled has lost its scheduler, which may be back for the next round.
        from concurrent.futures import CancelledError

        self.died: tuple[type[BaseException], ...] = (
            KilledWorker, FutureCancelledError, CancelledError, CommClosedError,
        )  # fmt: skip

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        try:
            self._knock()
            client = self._client(self.address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, ImportError, TypeError) as error:
            what = f"no Dask scheduler answers at {self.address!r} ({type(error).__name__})"
            mend = "Start one with `dask scheduler`, and give the address that it prints, such as tcp://127.0.0.1:8786."
            raise InputError(Issue("scheduler", what, mend)) from None
        try:
            # Each chunk is drawn afresh although its arguments say all: nobody else's cache is trusted.
            executor = client.get_executor(pure=False)
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False)
                raise
        finally:
            client.close()

    def _knock(self) -> None:
        """See whether anything listens: a client that finds nothing is not easily got rid of."""
        from distributed.comm.addressing import get_address_host_port

        with socket.create_connection(get_address_host_port(self.address, strict=True), _CONNECT_SECONDS):
            pass

    def help(self) -> str:
        return "Look at what the cluster's workers print; what is finished stays in the checkpoint, if there is one."


def workers_for(workers: int, scheduler: str | None, chunks: int) -> Workers:
    """The cluster at an address; or as many processes as there is use for, none if one would do."""
    if scheduler is not None:
        return Cluster(scheduler)
    return Here() if min(workers, chunks) < 2 else Pool(min(workers, chunks))


def do_all(
    do: Callable[[Any], Any], chunks: Mapping[Hashable, Any], workers: Workers, keep: Callable[[Any, Any], None]
) -> None:
    """Do every chunk, in any order, and again those whose worker died.

    Parameters
    ----------
    do : callable
        A function of a module, which other processes can import.
    chunks : mapping
        Name of each chunk, and what `do` is given.
    workers : Workers
        Where.
    keep : callable
        Given the name of each chunk and what came out of it, as soon as it is done.

    Raises
    ------
    InputError
        Workers keep dying and nothing is finished.
    """
    if isinstance(workers, Here):
        for name, chunk in chunks.items():
            keep(name, do(chunk))
        return
    waiting, barren = dict(chunks), 0
    while waiting:
        before = len(waiting)
        with workers.executor() as executor:
            _one_round(executor, do, waiting, workers.died, keep)
        barren = 0 if len(waiting) < before else barren + 1
        if barren == _BARREN:
            what = f"workers died {_BARREN} times without finishing one of {len(waiting)} chunks"
            raise InputError(Issue("workers", what, workers.help()))
        if barren:
            time.sleep(0.2 * barren)


def _one_round(
    executor: Executor,
    do: Callable[[Any], Any],
    waiting: dict[Hashable, Any],
    died: tuple[type[BaseException], ...],
    keep: Callable[[Any, Any], None],
) -> None:
    """Submit all that waits; what comes back is kept and waits no more."""
    futures = {}
    try:
        for name, chunk in waiting.items():
            futures[executor.submit(do, chunk)] = name
    except died:
        pass  # all workers died while chunks were still handed out
    for future in as_completed(futures):
        try:
            found = future.result()
        except died:
            continue
        name = futures[future]
        keep(name, found)
        del waiting[name]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile do linear algebra with one thread: together they use all processors.

    They read it when they load NumPy, which they do before an initializer of the pool could tell them.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
