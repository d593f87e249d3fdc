# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A build that was killed goes on: the same map, and no image of a finished frame seen twice."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from building.build_helpers import content, image_folder, SETTINGS
from helpers import place_image, ROOT, tiny_model
import numpy as np
import pytest

from vpr_ros.bags import BagWriter
from vpr_ros.building import build_map
from vpr_ros.building.build import WORKERS
from vpr_ros.errors import MapError
from vpr_ros.in_order import AHEAD_PER_WORKER
from vpr_ros.model import load_model
from vpr_ros.place_map import check, PlaceMap
from vpr_ros.types import Place, Pose

IN_FLIGHT = AHEAD_PER_WORKER * WORKERS  # described ahead and lost by a kill, at most
ROUTE = [*range(25), *range(12)]  # the second lap shows places of the first


def drive(path: Path, start_s: int) -> Path:
    with BagWriter(path, storage='mcap') as bag:
        for step, place in enumerate(ROUTE):
            stamp_ns = (start_s + step) * 1_000_000_000
            bag.odometry('/odom', stamp_ns, 'odom', 'base', Pose((2.0 * step, 0.0, 0.0)))
            bag.image('/camera/image', stamp_ns, 'camera', place_image(place), encoding='rgb8')
    return path


def build(tally: Path, model: Path, sources: list[Path], out: Path, *, stop_at: int = 0,
          where: str = '') -> None:
    """Build in another process; with ``stop_at`` it is killed there."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name('slow_build.py')), str(model),
         ','.join(map(str, sources)), str(out), str(tally), str(stop_at), where],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert process.stdout is not None
    with process:
        if stop_at:
            assert process.stdout.readline() == 'here\n'
            process.kill()
        process.communicate()
    assert process.returncode == (-9 if stop_at else 0)


@pytest.mark.parametrize('where', ['describing', 'added'])
def test_a_killed_build_goes_on_where_it_was(tmp_path: Path, where: str) -> None:
    model = tiny_model(tmp_path)
    sources = [drive(tmp_path / 'one', 50), drive(tmp_path / 'two', 500)]
    build(tmp_path / 'all', model, sources, tmp_path / 'undisturbed.vprmap')
    expected_sessions, expected = content(tmp_path / 'undisturbed.vprmap')
    assert any(place.revisit_of for place, _ in expected) and len(expected) == 2 * len(ROUTE)

    out, tally = tmp_path / 'killed.vprmap', tmp_path / 'tally'
    kills = (9, 14, 17, 12)  # in both drives
    for stop_at in kills:
        build(tally, model, sources, out, stop_at=stop_at, where=where)
        assert not out.exists() and not check(tmp_path / '.killed.vprmap.partial')
    build(tally, model, sources, out)

    sessions, places = content(out)
    assert sessions == expected_sessions
    assert [place for place, _ in places] == [place for place, _ in expected]
    for (_, ours), (_, theirs) in zip(places, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    total, described = len((tmp_path / 'all').read_bytes()), len(tally.read_bytes())
    assert total == 2 * len(ROUTE)
    assert total <= described <= total + len(kills) * IN_FLIGHT
    assert not list(tmp_path.glob('.*'))


def test_another_job_begins_anew(tmp_path: Path) -> None:
    model_path = tiny_model(tmp_path)
    folder = image_folder(tmp_path / 'pictures', range(20))
    out = tmp_path / 'm.vprmap'
    build(tmp_path / 'tally', model_path, [folder], out, stop_at=12, where='describing')
    partial = out.with_name(f'.{out.name}.partial')
    assert partial.exists()
    seen: list[int] = []
    build_map([folder], out, load_model(str(model_path), provider='cpu'), SETTINGS,
              progress=lambda done, total, stage: seen.append(done))
    assert seen[0] == 0 and not partial.exists()
    with PlaceMap.open(out, read_only=True) as built:
        assert built.context.window == SETTINGS.context_keyframes


@pytest.mark.parametrize('fresh', [True, False])
def test_what_an_interrupt_leaves_can_go_on_or_begin_anew(tmp_path: Path, fresh: bool) -> None:
    folder = image_folder(tmp_path / 'pictures', range(20))
    model = load_model(str(tiny_model(tmp_path)), provider='cpu')
    out, seen = tmp_path / 'm.vprmap', []

    def interrupt(done: int, total: int, stage: str) -> None:
        if done == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_map([folder], out, model, SETTINGS, progress=interrupt)
    assert (tmp_path / '.m.vprmap.progress').exists() and not out.exists()
    build_map([folder], out, model, SETTINGS, fresh=fresh,
              progress=lambda done, total, stage: seen.append(done))
    assert seen == [*range(0 if fresh else 11, 21)]
    assert content(out)[0] == [('pictures', 20)]
    assert not list(tmp_path.glob('.*'))


def test_a_damaged_progress_file_begins_anew(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / 'pictures', range(12))
    model_path = tiny_model(tmp_path)
    out = tmp_path / 'm.vprmap'
    build(tmp_path / 'tally', model_path, [folder], out, stop_at=9, where='describing')
    notes = tmp_path / '.m.vprmap.progress'
    for path in tmp_path.glob('.m.vprmap.progress*'):
        path.unlink()
    notes.write_bytes(b'not a database' * 300)
    build_map([folder], out, load_model(str(model_path), provider='cpu'), SETTINGS)
    assert content(out)[0] == [('pictures', 12)]
    assert not list(tmp_path.glob('.*'))


def test_two_builds_of_one_map_do_not_meet(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / 'pictures', range(12))
    model = load_model(str(tiny_model(tmp_path)), provider='cpu')
    out, refusals = tmp_path / 'm.vprmap', []

    def again(done: int, total: int, stage: str) -> None:
        if done == 6:
            with pytest.raises(MapError, match='open for writing'):
                build_map([folder], out, model, SETTINGS)
            refusals.append(done)

    build_map([folder], out, model, SETTINGS, progress=again)
    assert refusals == [6] and content(out)[0] == [('pictures', 12)]


class Broken(BaseException):
    """Stands for the end of the process."""


def test_a_build_of_several_cameras_goes_on_in_the_middle_of_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every camera has a context of its own, and a kill may leave one place of two."""
    model = load_model(str(tiny_model(tmp_path)), provider='cpu')
    settings = SETTINGS.replace(cameras=['front:0', 'rear:180'], context_keyframes=5,
                                recent_distance_m=6.0, min_probability=0.0)
    bag = tmp_path / 'rig'
    with BagWriter(bag) as writer:
        for step, place in enumerate([*range(14), *range(6)]):
            # a pause, after which contexts are filled anew
            stamp_ns = (50 + step + (100 if step > 10 else 0)) * 1_000_000_000
            writer.odometry('/odom', stamp_ns, 'odom', 'base', Pose((2.0 * step, 0.0, 0.0)))
            for name, number in (('front', place), ('rear', 100 + place)):
                if (step, name) != (7, 'rear'):  # one moment is incomplete
                    writer.image(f'/{name}/image', stamp_ns, name, place_image(number))
    build_map([bag], tmp_path / 'undisturbed.vprmap', model, settings)
    expected_sessions, expected = content(tmp_path / 'undisturbed.vprmap')
    assert len(expected) == 2 * 20 - 1 and any(place.revisit_of for place, _ in expected)

    out, original = tmp_path / 'broken.vprmap', PlaceMap.add
    for most in (7, 9, 4, 12):  # places until the end, odd and even
        added = 0

        def add(self: PlaceMap, *args: Any, most: int = most, **kwargs: Any) -> Place:
            nonlocal added
            place, added = original(self, *args, **kwargs), added + 1
            if added == most:
                raise Broken
            return place

        monkeypatch.setattr(PlaceMap, 'add', add)
        with pytest.raises(Broken):
            build_map([bag], out, model, settings)
        assert not out.exists() and (tmp_path / '.broken.vprmap.partial').exists()
    monkeypatch.setattr(PlaceMap, 'add', original)
    build_map([bag], out, model, settings)
    sessions, places = content(out)
    assert sessions == expected_sessions
    assert [place for place, _ in places] == [place for place, _ in expected]
    np.testing.assert_array_equal([d for _, d in places], [d for _, d in expected])
