# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The animation of a replay: as many pictures as keyframes are shown, in every form."""

from __future__ import annotations

from pathlib import Path

import cv2
from evaluation.scenes import two_laps
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.report import animation
from vpr_ros.evaluation.report.animation import animation_pictures, write_animation
from vpr_ros.settings import Settings

needs_animation = pytest.mark.skipif(
    not hasattr(cv2, 'imwriteanimation'), reason='needs OpenCV 4.11 or newer')


@pytest.fixture(scope='module')
def result(model) -> ReplayResult:
    settings = Settings(recent_distance_m=10.0, min_probability=0.5)
    return replay(two_laps(), open_recognizer(settings, model=model), None, bag='two_laps')


def test_pictures_show_the_match_where_it_was_accepted(result: ReplayResult) -> None:
    pictures = animation_pictures(result)
    shown = [v for v in result.verdicts if v.recognition.place_id or v.recognition.accepted]
    first = next(n for n, v in enumerate(shown) if v.recognition.accepted)
    quiet = min(first, animation.MOST_PICTURES // 4)  # before anything can be recognised
    assert quiet < first and len(pictures) == quiet + len(shown) - first
    assert len({picture.shape for picture in pictures}) == 1
    green = [bool((picture == animation.GREEN).all(-1).any()) for picture in pictures]
    # what was accepted stays on the route, so green is there from the first one on
    assert green == [number >= quiet for number in range(len(pictures))]


@needs_animation
@pytest.mark.parametrize('suffix', animation.SUFFIXES)
def test_every_form_is_read_back(result: ReplayResult, tmp_path: Path, suffix: str) -> None:
    path = write_animation(result, tmp_path / 'new' / f'drive{suffix}')
    read, found = cv2.imreadanimation(str(path))
    assert read and len(found.frames) == len(animation_pictures(result))
    assert np.asarray(found.durations)[0] == pytest.approx(animation.PICTURE_MS, abs=10)
    assert suffix != '.webp' or path.stat().st_size < 1_500_000  # the scenes are noise


def test_what_cannot_be_written_is_one_sentence(
    result: ReplayResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r'end its name with \.webp'):
        write_animation(result, tmp_path / 'drive.mp4')
    (tmp_path / 'file').write_text('no folder')
    if hasattr(cv2, 'imwriteanimation'):
        with pytest.raises(DataError, match='cannot be written'):
            write_animation(result, tmp_path / 'file' / 'drive.webp')
        monkeypatch.delattr(cv2, 'imwriteanimation')
    with pytest.raises(ConfigError, match=r'OpenCV 4\.11 or newer'):
        write_animation(result, tmp_path / 'drive.webp')
