"""A Dask scheduler and workers in processes of their own, of which one can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_SCHEDULER = """
import asyncio, sys
from distributed import Scheduler

async def serve():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(serve())
"""
_WORKER = """
import asyncio, sys
from distributed import Worker

async def serve():
    async with Worker(sys.argv[1], nthreads=1, dashboard=False, local_directory=sys.argv[2]) as worker:
        await worker.finished()

if __name__ == "__main__":
    asyncio.run(serve())
"""


@dataclass
class DaskCluster:
    """A scheduler's address, and the processes of its workers."""

    address: str
    folder: Path
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start_worker(self) -> None:
        self.workers.append(_start(_WORKER, self.address, str(self.folder)))

    def kill_a_worker(self) -> None:
        self.workers[0].send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        self.workers[0].wait()


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    # What they say of connections that end is no part of any test.
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@contextmanager
def dask_cluster(workers: int, folder: Path) -> Iterator[DaskCluster]:
    scheduler = _start(_SCHEDULER)
    assert scheduler.stdout is not None
    cluster = DaskCluster(scheduler.stdout.readline().strip(), folder)
    try:
        assert cluster.address.startswith("tcp://")
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
