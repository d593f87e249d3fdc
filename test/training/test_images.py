# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An image that cannot be read stops the run with its name."""

from __future__ import annotations

import cv2
from helpers import place_image
import numpy as np
import pytest

from training.images import batches, read_rgb
from vpr_ros.errors import ImageError


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.ppm', '.bmp'])
def test_reading(tmp_path, suffix):
    image, path = place_image(1), tmp_path / f'a{suffix}'
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    difference = np.abs(read_rgb(path).astype(int) - image)
    assert difference.mean() < (12 if suffix == '.jpg' else 1e-9)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.ppm'])
@pytest.mark.parametrize('damage', ['missing', 'empty', 'cut off', 'no image'])
def test_what_cannot_be_read(tmp_path, suffix, damage):
    good, bad = tmp_path / 'good.png', tmp_path / f'bad{suffix}'
    for path in (good, bad):
        cv2.imwrite(str(path), place_image(1))
    content = bad.read_bytes()
    if damage == 'missing':
        bad.unlink()
    elif damage == 'cut off':
        bad.write_bytes(content[: len(content) // 2])
    else:
        bad.write_bytes(b'' if damage == 'empty' else b'not an image at all' * 9)
    if (suffix, damage) == ('.ppm', 'cut off'):
        bad.write_bytes(content[:8])
    with pytest.raises(ImageError, match=rf'bad\{suffix} cannot be read \(.+\); remove it') as e:
        list(batches([good, bad], 48, 64))
    assert '\n' not in str(e.value) and str(e.value).count('bad.') == 1
