# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that are watched and killed (-9): writers of a map, and ``vpr`` commands.

They are forked from a server that has imported everything, so that two hundred of them cost the
work they do and not two hundred starts of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import multiprocessing
from multiprocessing.process import BaseProcess
import os
from pathlib import Path
import random
import threading
import time

from place_map.map_writer import write_map

from vpr_ros.cli.main import main as vpr

_FORK = multiprocessing.get_context('forkserver')
_FORK.set_forkserver_preload(['place_map.victims', 'vpr_ros.building', 'vpr_ros.assembly'])
_PATIENCE_S = 300.0


class Writer:
    """A process of :mod:`place_map.map_writer`."""

    def __init__(self, path: Path, *, wait: bool = True) -> None:
        self._pipe, its_pipe = _FORK.Pipe()
        self.process: BaseProcess = _FORK.Process(target=write_map, args=(path, its_pipe))
        self.process.start()
        its_pipe.close()
        assert self.read() == 'started'
        if wait:
            assert self.read() == 'ready'

    def read(self) -> str:
        """Its next message."""
        assert self._pipe.poll(_PATIENCE_S), 'the process says nothing'
        return self._pipe.recv_bytes().decode()

    def say(self, word: str) -> None:
        """Tell it what to do."""
        self._pipe.send_bytes(word.encode())

    def ask(self, word: str) -> str:
        """Tell it, and wait for the answer."""
        self.say(word)
        return self.read()

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.join()

    def read_until_killed(self, count: int, most_s: float, choose: random.Random) -> list[str]:
        """Read what it reported: so many messages, then whatever came until it was killed."""
        said = [self.read() for _ in range(count)]
        timer = threading.Timer(choose.uniform(0.0, most_s), self.process.kill)
        timer.start()
        try:
            while True:
                said.append(self.read())
        except (EOFError, OSError):  # the last message may be torn
            timer.join()
        return said

    def close(self) -> None:
        """Kill it and let go of the pipe."""
        self.kill()
        self._pipe.close()


@contextmanager
def writer(path: Path, *, wait: bool = True) -> Iterator[Writer]:
    """Start a writer and see to it that it ends."""
    started = Writer(path, wait=wait)
    try:
        yield started
    finally:
        started.close()


class CommandKiller:
    """Runs one vpr command again and again, and kills it at random moments of its work."""

    def __init__(self, arguments: list[str], choose: random.Random) -> None:
        """Run it once without a kill, to learn how long it takes here and now."""
        self._arguments, self._choose = arguments, choose
        self.kills = self.ended = 0
        self._whole_s = 0.0
        self.run()

    def run(self) -> None:
        """Run it to its end."""
        assert not self._run(_PATIENCE_S)
        self.ended = 0

    def kill(self) -> None:
        """Run it and kill it, unless it has ended before."""
        if self._run(self._choose.uniform(0.0, 1.1) * self._whole_s):
            self.kills += 1

    def _run(self, after_s: float) -> bool:
        process = _FORK.Process(target=_command, args=(self._arguments,))
        start_s = time.monotonic()
        process.start()
        process.join(after_s)
        killed = process.exitcode is None
        process.kill()
        process.join()
        if process.exitcode == 0:  # the machine's load changes, and with it when to kill
            self._whole_s, self.ended = time.monotonic() - start_s, self.ended + 1
            return False
        assert killed and process.exitcode == -9, f'it ended with {process.exitcode}'
        return True


def _command(arguments: list[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    raise SystemExit(vpr(arguments))
