# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's own body: what is filled, what stays, and masks that cannot be used."""

from __future__ import annotations

from pathlib import Path

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest

from vpr_ros.cameras.lens import CameraModel
from vpr_ros.cameras.mask import BodyMask, FILLS
from vpr_ros.cameras.preparation import Preparation
from vpr_ros.errors import ConfigError


@pytest.mark.parametrize('fill', FILLS)
@settings(deadline=None, max_examples=30)
@given(image=arrays.arrays(np.uint8, (9, 14, 3)), hidden=arrays.arrays(np.bool_, (9, 14)),
       data=st.data())
def test_the_body_has_no_say_in_the_result_and_the_rest_stays(
    fill: str, image: np.ndarray, hidden: np.ndarray, data: st.DataObject
) -> None:
    hidden[0, 0] = False
    other = image.copy()
    other[hidden] = data.draw(st.integers(0, 255))
    mask, before = BodyMask(hidden, fill=fill), image.copy()
    filled = mask(image)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(filled[~hidden], image[~hidden])
    np.testing.assert_array_equal(filled, mask(other))


def test_the_mean_is_that_of_what_is_seen() -> None:
    image = np.full((4, 6, 3), (10, 20, 30), np.uint8)
    hidden = np.zeros((4, 6), dtype=bool)
    hidden[3], image[3] = True, 255
    assert (BodyMask(hidden, fill='mean')(image)[3] == (10, 20, 30)).all()


def test_a_mask_is_read_from_a_png(tmp_path: Path) -> None:
    picture = np.full((4, 6), 255, np.uint8)
    picture[2:] = 0
    cv2.imwrite(str(tmp_path / 'body.png'), picture)
    mask = BodyMask.load(tmp_path / 'body.png')
    np.testing.assert_array_equal(mask.hidden, picture == 0)
    with pytest.raises(ConfigError, match=r'images are 8x8 px but the mask .*body.png is 6x4'):
        mask(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize(('content', 'words'), [
    (None, 'cannot be read'), (b'', 'is no picture'), (b'not a png', 'is no picture'),
])
def test_a_file_that_is_no_mask_is_refused(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / 'mask.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        BodyMask.load(path)


def test_a_mask_that_hides_everything_is_refused() -> None:
    with pytest.raises(ConfigError, match='hides the whole image'):
        BodyMask(np.ones((3, 3), dtype=bool))


def test_the_preparation_masks_before_it_rectifies() -> None:
    hidden = np.zeros((60, 80), dtype=bool)
    hidden[40:] = True
    image = np.full((60, 80, 3), 50, np.uint8)
    image[40:] = 250
    preparation = Preparation(mask=BodyMask(hidden), rectify=True)
    with pytest.raises(ConfigError, match='no usable camera_info has come'):
        preparation(image)
    k = (60.0, 0.0, 39.5, 0.0, 60.0, 29.5, 0.0, 0.0, 1.0)
    preparation.calibrate(CameraModel(80, 60, 'plumb_bob', (-0.2, 0.0, 0.0, 0.0, 0.0), k))
    assert preparation(image).max() <= 60  # nothing of the body is left, wherever it was moved


def test_a_preparation_keeps_its_maps_until_the_calibration_changes() -> None:
    k = (60.0, 0.0, 39.5, 0.0, 60.0, 29.5, 0.0, 0.0, 1.0)
    preparation = Preparation(rectify=True)
    preparation.calibrate(CameraModel(80, 60, 'plumb_bob', (-0.2, 0.0, 0.0, 0.0, 0.0), k))
    first = preparation._rectifier
    preparation.calibrate(CameraModel(80, 60, 'plumb_bob', (-0.2, 0.0, 0.0, 0.0, 0.0), k))
    assert preparation._rectifier is first
    with pytest.raises(ConfigError, match='not calibrated'):
        preparation.calibrate(CameraModel(80, 60, 'plumb_bob', (), (0.0,) * 9))
    assert not preparation.calibrated
