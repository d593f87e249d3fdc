# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The long form of the fuzz tests, by command.

It runs so::

    PYTHONPATH=.:test nice -n 19 python test/fuzz/run.py --mutations 1000000

Every case is made from ``target:seed:number``, so that one that fails can be run again alone with
``--target NAME --first NUMBER --mutations 1``. A crash of the process, a case of more than ten
seconds of computing (two minutes of waiting) or a gigabyte of memory, an unexpected error and a
changed descriptor that is taken for sound all end it with 1.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import faulthandler
import json
from pathlib import Path
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from fuzz.targets import TARGETS

HANG_S = 10.0  # of computing: another program's load is no hang
WAIT_S = 120.0
MEMORY_MB = 1024  # more than before the case
CHUNK = 5_000  # cases of one process: a crash is narrowed down to them
# how many of each hundred cases: a map takes ten times as long as a card
SHARES = {'card': 30, 'calibration': 30, 'image': 10, 'message': 5, 'parameters': 4,
          'export': 3, 'hostile_map': 2, 'map': 16}


class HungError(Exception):
    """A case took too long, or too much memory."""


@contextmanager
def watched() -> Iterator[None]:
    """Raise :class:`HungError` when what is inside takes too long, or too much memory."""

    def stop(number: int, _: object) -> None:
        raise HungError(f'computed for more than {HANG_S} s' if number == signal.SIGPROF
                        else f'waited for more than {WAIT_S} s')

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, HANG_S),
              (signal.SIGALRM, signal.ITIMER_REAL, WAIT_S))
    before = [signal.signal(number, stop) for number, _, _ in timers]
    peak_mb = _peak_mb()
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0.0)
            signal.signal(number, handler)
    if (grown_mb := _peak_mb() - peak_mb) > MEMORY_MB:
        raise HungError(f'took {grown_mb:.0f} MB of memory')


def fuzz(
    name: str, seed: int, numbers: range, folder: Path,
    after: Callable[[int], None] = lambda _: None,
) -> Counter[str]:
    """Run cases of one target in this process; returns outcome -> count.

    Raises:
        AssertionError: a case failed; the sentence says how to run it again.
    """
    target = next(kind for kind in TARGETS if kind.name == name)(folder)
    outcomes: Counter[str] = Counter()
    for number in numbers:
        try:
            with watched():
                outcomes[target.run(random.Random(f'{name}:{seed}:{number}'))] += 1
        except Exception as error:
            raise AssertionError(
                f'{name} failed with {error!r}; again: --target {name} --seed {seed} '
                f'--first {number} --mutations 1'
            ) from error
        after(number)
    return outcomes


def main() -> int:
    """Run the cases, each target in processes of its own."""
    parser = argparse.ArgumentParser(description='fuzz everything that reads files')
    parser.add_argument('--mutations', type=int, default=1_000_000)
    parser.add_argument('--target', choices=[kind.name for kind in TARGETS])
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--json', type=Path, help='write the counts')
    parser.add_argument('--worker', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        faulthandler.enable()
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            cases = range(args.first, args.first + args.mutations)
            print(json.dumps(fuzz(args.target, args.seed, cases, Path(folder))))
        return 0
    start_s, totals, failed = time.monotonic(), {}, False
    shares = {args.target: 100} if args.target else SHARES
    for name, share in shares.items():
        total: Counter[str] = Counter()
        end = args.first + args.mutations * share // 100
        for first in range(args.first, end, CHUNK):
            done = _chunk(name, args.seed, first, min(CHUNK, end - first))
            if done is None:
                failed = True
                continue
            total += done
        totals[name] = dict(total)
        print(f'{name}: {total.total()} cases, {dict(total)}', flush=True)
        if args.json:
            _write(args.json, totals, failed)
    count = sum(sum(total.values()) for total in totals.values())
    print(f'{count} cases in {time.monotonic() - start_s:.0f} s, '
          f'{"some failed" if failed else "no crash, no hang, no changed descriptor taken"}')
    return int(failed)


def _chunk(name: str, seed: int, first: int, count: int) -> Counter[str] | None:
    done = subprocess.run(
        [sys.executable, __file__, '--worker', '--target', name, '--seed', str(seed),
         '--first', str(first), '--mutations', str(count)],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        print(f'{name} {first}..{first + count}: exit {done.returncode}\n{done.stderr[-3000:]}',
              flush=True)
        return None
    return Counter(json.loads(done.stdout))


def _write(path: Path, totals: dict[str, Any], failed: bool) -> None:
    path.write_text(json.dumps({'failed': failed, 'cases': totals}, indent=1) + '\n')


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory() -> str | None:
    """Return a folder in memory, where there is one: the files are small and many."""
    shm = Path('/dev/shm')
    free = shutil.disk_usage(shm).free if shm.is_dir() else 0
    return str(shm) if free > 64e6 else None


if __name__ == '__main__':
    sys.exit(main())
