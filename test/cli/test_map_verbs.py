# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verbs that keep maps: split, prune, repair, export, import, and the picture of coverage."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
from place_map.map_helpers import fill, MODEL
import pytest

from vpr_ros.cli.main import main
from vpr_ros.place_map import check, PlaceMap


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / 'site.vprmap'
    with PlaceMap.create(path, MODEL) as place_map:
        for name, robot in (('monday', 'anna'), ('tuesday', 'berta')):
            place_map.new_session(name, robot=robot)
            fill(place_map, 30)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_split(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / 'tuesday.vprmap'
    status, text, _ = run(capsys, 'map', 'split', site, '--session', 'tuesday', '--out', out)
    assert status == 0
    assert '30 places in 1 session' in text
    status, _, error = run(capsys, 'map', 'split', site, '--session', 'x', '--out', 'y.vprmap')
    assert status == 1
    assert "has no session 'x'; it has 1, 2, monday, tuesday" in error


def test_prune(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / 'report.json'
    words = ['map', 'prune', site, '--per-metre', 0.5, '--places', 20]
    status, text, _ = run(capsys, *words, '--dry-run', '--json', report)
    assert status == 0
    assert '40 of 60 places would go' in text
    assert json.loads(report.read_text())['counts'] == {'too many per metre': 30, 'budget': 10}
    with PlaceMap.open(site, read_only=True) as place_map:
        assert len(place_map) == 60
    status, text, _ = run(capsys, *words)
    assert status == 0
    assert '40 of 60 places are gone' in text
    with PlaceMap.open(site, read_only=True) as place_map:
        assert len(place_map) == 20
    assert check(site) == []
    status, _, error = run(capsys, 'map', 'prune', site)
    assert status == 1
    assert 'give at least one rule' in error


def test_repair(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(site.read_bytes())
    at = data.find(b'jpeg 7')
    data[at] ^= 1
    site.write_bytes(data)
    status, text, _ = run(capsys, 'map', 'check', site)
    assert status == 1
    out = tmp_path / 'saved.vprmap'
    status, text, _ = run(capsys, 'map', 'repair', site, '--out', out)
    assert status == 0
    assert '60 places saved, 0 are lost' in text
    assert '1 of them without thumbnail or patches' in text
    status, _, error = run(capsys, 'map', 'repair', site, '--out', site)
    assert status == 1
    assert 'exists' in error


def test_export_and_import(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text, _ = run(capsys, 'map', 'export', site, '--out', tmp_path / 'plain')
    assert status == 0
    assert '60 places' in text
    out = tmp_path / 'again.vprmap'
    assert run(capsys, 'map', 'import', tmp_path / 'plain', '--out', out)[0] == 0
    with PlaceMap.open(site, read_only=True) as one, PlaceMap.open(out, read_only=True) as two:
        assert one.places() == two.places()
        assert one.sessions() == two.sessions()


@pytest.mark.parametrize('ending', ['png', 'svg'])
def test_picture(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    picture = tmp_path / f'site.{ending}'
    status, text, _ = run(capsys, 'map', 'info', site, '--picture', picture)
    assert status == 0
    assert 'session 1    monday by anna: 30 places in 2.9 s' in text
    if ending == 'png':
        image = cv2.imread(str(picture))
        assert image is not None
        assert len({tuple(colour) for colour in image.reshape(-1, 3)[::7].tolist()}) > 3
    else:
        drawn = picture.read_text()
        assert drawn.count('<polyline') == 2
        assert 'tuesday (berta): 30 places' in drawn
    status, _, error = run(capsys, 'map', 'info', site, '--picture', tmp_path / 'site.gif')
    assert status == 1
    assert 'must end in .png or .svg' in error
