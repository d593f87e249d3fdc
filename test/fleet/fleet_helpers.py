# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Robots in the same world: a seed is a spot, and each robot sees it a little differently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import subprocess
import sys
import threading
from typing import Any

from helpers import ROOT
import numpy as np

from vpr_ros.decision.calibration import Calibration, LogisticModel
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import FloatArray, Pose

DIM = 32
MODEL = ModelIdentity('tiny', 'ab' * 32, DIM, '{"name": "tiny"}')
PATIENCE_S = 60.0
SECOND = 1_000_000_000
HERE = Path(__file__).parent


def descriptor_of(robot: str, seed: int) -> FloatArray:
    """Describe a spot by a robot's model: what all say of it with a little of the robot."""
    spot = np.random.default_rng(seed).standard_normal(DIM)
    own = np.random.default_rng([seed, *robot.encode()]).standard_normal(DIM)
    vector = spot / np.linalg.norm(spot) + 0.2 * own / np.linalg.norm(own)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def place_facts(robot: str, seed: int, lap: int = 0) -> dict[str, Any]:
    """Where and when a robot is at a spot; every robot's clock and frame are its own."""
    start_s = 1_000 + sum(robot.encode()) + 500 * lap
    return {
        'stamp_ns': (start_s + seed) * SECOND, 'frame_id': 'camera',
        'pose': Pose((2.0 * seed, 0.0, 0.0), frame_id=f'{robot}/map'),
        'travelled_m': 2.0 * seed + 1_000.0 * lap,
    }


def add(place_map: PlaceMap, robot: str, seeds: range) -> None:
    """Drive a robot past some spots."""
    for seed in seeds:
        place_map.add(descriptor_of(robot, seed), **place_facts(robot, seed))


def settings() -> Settings:
    """Alike is enough; sequences are tested where they belong."""
    return Settings(min_probability=0.5, min_sequence_support=0.0, candidates=50)


def calibration() -> Calibration:
    """Return one for which a similarity above 0.6 is more likely true than not."""
    names = ('similarity', 'margin', 'sequence')
    model = LogisticModel(names, (20.0, 0.0, 0.0), -12.0, (0.9, 0.5, 0.5), (0.0, 0.0, 0.5))
    return Calibration({'global': model})


class RobotProcess:
    """A robot of :mod:`robot_process`; collects what it tells."""

    def __init__(self, uri: str, robot: str, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / 'robot_process.py'), uri, robot, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={'PYTHONPATH': f'{ROOT}:{ROOT / "test"}:{HERE}', 'OMP_NUM_THREADS': '1'},
        )
        self.events: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, enough: Callable[[list[dict[str, Any]]], Any]) -> Any:
        """Wait until what was told is enough; returns what ``enough`` does."""
        with self._arrived:
            done = self._arrived.wait_for(
                lambda: enough(self.events) or self._process.poll() is not None, PATIENCE_S)
            assert done and enough(self.events), self.events[-5:]
            return enough(self.events)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return what was told of a kind."""
        with self._arrived:
            return [e for e in self.events if e['event'] == event]

    def drive(self, first: int, count: int, lap: int = 0) -> None:
        """Drive past some spots; returns when they are in the robot's own map."""
        before = len(self.of('added'))
        self._say(f'add {first} {count} {lap}')
        self.wait(lambda events: sum(e['event'] == 'added' for e in events) >= before + count)

    def settle(self) -> None:
        """Wait until everything is pushed and compared."""
        before = len(self.of('settled'))
        self._say('settle')
        self.wait(lambda events: sum(e['event'] == 'settled' for e in events) > before)

    def kill(self) -> None:
        """Kill it, without a chance to tidy up."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """End it properly; returns the exit status."""
        self._say('end')
        return self._process.wait(PATIENCE_S)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f'{line}\n')
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._arrived:
                self.events.append(json.loads(line))
                self._arrived.notify_all()
        with self._arrived:
            self._arrived.notify_all()


@contextmanager
def robot(uri: str, name: str, path: Path) -> Iterator[RobotProcess]:
    """Run a robot that is killed at the end if it still runs."""
    process = RobotProcess(uri, name, path)
    try:
        yield process
    finally:
        process.kill()
