# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``ros2`` as a user runs it: commands that end, and launch files that run on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
import re
import signal
import subprocess
import time

PATIENCE_S = 240.0  # for anything that must happen; ros2 imports a lot, the machine may be busy
LOOK_S = 0.1  # how often a log is looked at


def ros2(environment: dict[str, str], *words: str, folder: Path | str = '/',
         until: str = '') -> tuple[int, str]:
    """Run a command to its end, or to a line.

    Args:
        environment: of the command.
        words: after ``ros2``.
        folder: to run it in.
        until: for commands that go on for ever: ended by SIGINT, as by Ctrl-C, when they have
            printed what this regular expression finds.

    Returns:
        Exit code and what it printed on both channels.
    """
    with subprocess.Popen(
        ['ros2', *words], env=environment, cwd=folder, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        lines = []
        try:
            for line in process.stdout if until else ():
                lines.append(line)
                if re.search(until, line):
                    process.send_signal(signal.SIGINT)
                    break
            rest, _ = process.communicate(timeout=PATIENCE_S)
            return process.returncode, ''.join(lines) + rest
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f'ros2 {" ".join(words)} did not end: {error.output}') from error
        finally:
            process.kill()


class Launched:
    """A launch file that runs on, in the form in which a client takes a node's process."""

    def __init__(self, environment: dict[str, str], log: Path, namespace: str,
                 *words: str) -> None:
        """Start ``ros2 launch vpr_ros`` with these words, its output in the file ``log``."""
        self.namespace, self.words, self._path = namespace, ('launch', 'vpr_ros', *words), log
        self._file = log.open('w')
        self._process = subprocess.Popen(
            ['ros2', *self.words], env=environment, cwd='/', stdin=subprocess.DEVNULL,
            stdout=self._file, stderr=subprocess.STDOUT,
        )

    def topic(self, name: str) -> str:
        """Return the full name of a private or relative topic of the node place_recognition."""
        return f"{self.namespace}/{name.replace('~', 'place_recognition', 1)}"

    def log(self) -> str:
        """Read what was printed so far."""
        return self._path.read_text()

    def wait_for(self, pattern: str) -> str:
        """Wait until the log holds a regular expression; returns the log.

        Raises:
            AssertionError: it does not come, or the launch has ended before.
        """
        end_s = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.log()):
            ended = self._process.poll() is not None  # looked at first: its last words count
            assert re.search(pattern, self.log()) or not ended, self.log()
            assert time.monotonic() < end_s, f'no {pattern!r} in: {self.log()}'
            time.sleep(LOOK_S)
        return self.log()

    def pids(self) -> list[int]:
        """Find the processes that it has started."""
        return list(map(int, re.findall(r'process started with pid \[(\d+)\]', self.log())))

    def check(self) -> None:
        """Fail when the launch has ended."""
        assert self._process.poll() is None, self.log()

    def stop(self) -> int:
        """End it as Ctrl-C does, and return its exit code.

        A terminal sends the signal to every process of the group, so the nodes get it twice: from
        there and from the launch system.
        """
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            for pid in filter(self._is_child, self.pids()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
            self._process.kill()
        if not self._file.closed:
            self._file.close()
        return self._process.wait()

    def _is_child(self, pid: int) -> bool:
        try:
            status = Path(f'/proc/{pid}/status').read_text()
        except OSError:
            return False
        return f'PPid:\t{self._process.pid}\n' in status
