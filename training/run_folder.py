# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: what it was made of, and how it went.

``recipe.yaml``, ``run.json`` (commit, seed, versions, command), ``metrics.jsonl`` (one object a
line), ``last.pt`` and ``best.pt``, and event files for TensorBoard where that is installed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from pathlib import Path
import platform
import subprocess
import sys
from typing import Any

import torch
import yaml

from training import checkpoint  # noqa: I100
from training.recipe import Recipe
from training.recipe_file import dump_recipe
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.whole_files import write_whole

PACKAGES = ('torch', 'numpy', 'opencv-python-headless', 'torchvision', 'timm')
# what may change when a run goes on: how long and where it runs, not what a step does
MAY_CHANGE = ('steps', 'patience', 'save_every', 'device', 'workers', 'keep_images')


def versions() -> dict[str, str]:
    """Python and the packages that a run depends on, those that are installed."""
    found = {'python': platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """``git describe`` of the checkout, with ``-dirty`` where files differ; or ``unknown``."""
    try:
        done = subprocess.run(
            ['git', 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], check=False,
            capture_output=True, text=True, cwd=Path(__file__).parent)
    except OSError:  # no git on this machine
        return 'unknown'
    return done.stdout.strip() if done.returncode == 0 else 'unknown'


class RunFolder:
    """Reads and writes a run's files.

    Args:
        path: is made where it is missing.
        writes: whether this process is the one that writes.

    Attributes:
        notes: sentences that the user should see.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path, self.writes = path, writes
        self.notes: list[str] = []
        self._events: Any = None
        if writes:
            path.mkdir(parents=True, exist_ok=True)

    def load_last(self, recipe: Recipe) -> dict[str, Any] | None:
        """Load the checkpoint to go on from, or None at the beginning.

        Raises:
            ConfigError: it is of another recipe.
        """
        last = self.path / 'last.pt'
        if not last.is_file():
            return None
        state = checkpoint.load(last)
        if 'format' in state:  # earlier ones had other keys
            _check_same(yaml.safe_load(state['recipe']), yaml.safe_load(dump_recipe(recipe)),
                        self.path)
        return state

    def begin(self, recipe: Recipe, *, step: int, processes: int, device: str) -> None:
        """Write what the run is made of, and take back lines of steps that a kill has undone."""
        if not self.writes:
            return
        write_whole(self.path / 'recipe.yaml', dump_recipe(recipe))
        entry = {'step': step, 'commit': commit(), 'seed': recipe.seed, 'versions': versions(),
                 'command': [Path(sys.argv[0]).name, *sys.argv[1:]], 'processes': processes,
                 'device': device, 'threads': torch.get_num_threads()}
        started = [] if step == 0 else self._started()
        write_whole(self.path / 'run.json', json.dumps([*started, entry], indent=2) + '\n')
        metrics = self.path / 'metrics.jsonl'
        kept = [line for line in self.lines() if step and line['step'] <= step]
        if metrics.is_file():
            write_whole(metrics, ''.join(json.dumps(line) + '\n' for line in kept))
        self._open_events(step)

    def lines(self) -> list[dict[str, Any]]:
        """Read ``metrics.jsonl``; a last line that a kill has cut is left out.

        Raises:
            DataError: it is no such file.
        """
        path = self.path / 'metrics.jsonl'
        if not path.is_file():
            return []
        found, texts = [], path.read_text(encoding='utf-8').splitlines()
        for number, text in enumerate(texts, 1):
            try:
                found.append(json.loads(text))
            except json.JSONDecodeError as error:
                if number < len(texts):
                    raise DataError(f'{path} line {number} is no JSON object; mend or remove '
                                    f'it') from error
        return found

    def log(self, line: dict[str, Any]) -> None:
        """Add a line to ``metrics.jsonl``, and its numbers to the event file."""
        if not self.writes:
            return
        with (self.path / 'metrics.jsonl').open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')
        if self._events is not None:
            for name, value in line.items():
                if name not in ('step', 'seconds'):
                    tag = f'recall/{name}' if name.isdecimal() else f'training/{name}'
                    self._events.add_scalar(tag, value, line['step'])
            self._events.flush()

    def save(self, name: str, state: dict[str, Any]) -> None:
        """Write a checkpoint, whole or not at all."""
        if self.writes:
            checkpoint.save(self.path / name, state)

    def close(self) -> None:
        """Close the event file."""
        if self._events is not None:
            self._events.close()

    def _started(self) -> list[dict[str, Any]]:
        path = self.path / 'run.json'
        return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else []

    def _open_events(self, step: int) -> None:
        if importlib.util.find_spec('tensorboard') is None:
            self.notes.append('no event files: the package tensorboard is not installed')
            return
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - optional, slow

        self._events = SummaryWriter(  # type: ignore[no-untyped-call]
            str(self.path / 'events'), purge_step=step + 1)


def _check_same(before: dict[str, Any], now: dict[str, Any], folder: Path) -> None:
    for name in sorted({*before, *now} - set(MAY_CHANGE)):
        if before.get(name) != now.get(name):
            raise ConfigError(
                f'{folder} holds a run with {name}: {before.get(name)}, this recipe has '
                f'{now.get(name)}; give another folder, or the recipe.yaml that lies there')
