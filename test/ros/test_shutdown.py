# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""However the node ends, the map is intact."""

from __future__ import annotations

import contextlib
from pathlib import Path
import signal
import subprocess
import sys

from helpers import place_image
import pytest
from ros.client import Client, PATIENCE_S

from vpr_ros.place_map import PlaceMap


def drive(client: Client, places: range) -> int:
    """Let the node see some places; returns the id of the last one in the map."""
    return max(client.ask(place_image(place)).query_id for place in places)


@pytest.mark.parametrize('signals', [
    (signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT, signal.SIGTERM),
], ids=['SIGINT', 'SIGTERM', 'SIGINT twice and SIGTERM'])
def test_signals_end_it_cleanly(start, tmp_path: Path, signals) -> None:
    path = tmp_path / 'live.vprmap'
    with start(map_path=str(path)) as client:
        newest = drive(client, range(3))
        assert client.stop(*signals) == 0
        assert 'Traceback' not in client.log()
    assert [p.name for p in tmp_path.iterdir()] == ['live.vprmap']  # no log, no lock is left
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == newest == 3


def test_a_hail_of_signals_changes_nothing(start, tmp_path: Path) -> None:
    """Until the very end of the process, when its own handlers are gone already."""
    path = tmp_path / 'live.vprmap'
    with start(map_path=str(path)) as client:
        drive(client, range(2))
        process, sent = client.process._process, 0
        while process.poll() is None and sent < 20_000:
            process.send_signal(signal.SIGINT)
            sent += 1
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.001)
        assert sent > 3
        assert client.stop() == 0
        assert 'Traceback' not in client.log()
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == 2


def test_after_kill_9_every_answered_place_is_there(start, tmp_path: Path) -> None:
    path = tmp_path / 'live.vprmap'
    with start(map_path=str(path)) as client:
        newest = drive(client, range(6))
        assert client.stop(signal.SIGKILL) == -signal.SIGKILL
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == newest == 6
    with start(map_path=str(path)) as client:  # and a new node goes on with it
        assert drive(client, range(3, 5)) > newest
        assert client.stop() == 0


@pytest.mark.parametrize(('arguments', 'sentence'), [
    (['-p', 'candidate:=9'], "unknown parameter 'candidate'; did you mean 'candidates'?"),
    (['-p', 'candidates:=0'], 'candidates: 0 found, expected 1 to 10000'),
    (['-p', 'max_rate_hz:=5'], 'max_rate_hz: 5 found, expected float such as 0.0'),
    (['-p', 'mode:=flying'], "mode: 'flying' found, expected one of mapping, localization"),
    (['-p', 'model:=/no/such/model.onnx'], 'model card /no/such/model.json cannot be read'),
], ids=['unknown', 'range', 'type', 'choice', 'model'])
def test_a_start_that_cannot_be_is_one_sentence(domain, arguments, sentence) -> None:
    ended = subprocess.run(
        [sys.executable, '-m', 'vpr_ros.ros.place_recognition', '--ros-args', *arguments],
        capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False,
    )
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert 'Traceback' not in ended.stderr
