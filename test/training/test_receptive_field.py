# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Receptive fields against what single pixels really reach."""

from __future__ import annotations

from helpers import shared
import numpy as np
import pytest
import torch
from torch import nn

from training.architectures.squeezenet import SqueezeNet
from training.receptive_field import (
    feature_centers_px,
    patch_centers_px,
    receptive_fields,
    Window,
    windows_of,
)
from vpr_ros.errors import ConfigError


def reached(network, length, axis, channels=1):
    """First and last pixel that each feature sees, found by putting one pixel to NaN at a time."""
    first, last = None, None
    other = 40 if channels == 3 else 24
    for pixel in range(length):
        shape = (1, channels, length, other) if axis == 0 else (1, channels, other, length)
        image = torch.ones(shape)
        image.select(2 + axis, pixel).fill_(torch.nan)
        with torch.no_grad():
            touched = network(image).isnan().any(1)[0].any(1 - axis).numpy()
        if first is None:
            first = np.full(len(touched), -1)
            last = first.copy()
        first[touched & (first < 0)] = pixel
        last[touched] = pixel
    return first, last


NETWORKS = {
    'convolutions': nn.Sequential(nn.Conv2d(1, 2, 3, 2), nn.ReLU(), nn.Conv2d(2, 2, 5, 1, 2)),
    'dilated': nn.Sequential(nn.Conv2d(1, 2, 3, 1, 2, dilation=2), nn.MaxPool2d(2)),
    'ceil': nn.Sequential(nn.Conv2d(1, 2, 4, 3, 1), nn.MaxPool2d(3, 2, ceil_mode=True)),
    'padded pool': nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, 2)),
    'not square': nn.Sequential(nn.Conv2d(1, 2, (5, 3), (3, 1), (0, 1)), nn.MaxPool2d((1, 2))),
}


@pytest.mark.parametrize('axis', [0, 1])
@pytest.mark.parametrize('length', [24, 37])
@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_fields_are_those_that_single_pixels_reach(name, length, axis):
    network = NETWORKS[name]
    first, last = reached(network, length, axis)
    fields = receptive_fields(windows_of(network), length, length)[axis]
    assert fields.count == len(first)
    for center, low, high in zip(fields.centers(), first, last, strict=True):
        half = (fields.extent - 1) / 2
        assert low == max(0, center - half)
        assert high == min(last.max(), center + half)  # windows that do not fit are left out


@pytest.mark.parametrize('ceil_mode', [False, True])
def test_squeezenet(ceil_mode):
    network = SqueezeNet(ceil_mode=ceil_mode).eval()
    first, last = reached(network, 110, 1, channels=3)
    fields = receptive_fields(windows_of(network), 40, 110)[1]
    assert fields.count == len(first)
    half = (fields.extent - 1) / 2
    for center, low, high in zip(fields.centers(), first, last, strict=True):
        assert low == max(0, center - half)
        assert high == min(last.max(), center + half)


@pytest.mark.shared
@pytest.mark.parametrize('size', [2, 5, 8])
def test_vgg16_gives_the_authors_keypoints(size):
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    convolution, pool = Window((3, 3), (1, 1), (1, 1)), Window((2, 2), (2, 2), (0, 0))
    windows = [convolution] * 2 + [pool] + [convolution] * 2 + [pool] + (
        [convolution] * 3 + [pool]) * 2 + [convolution] * 3
    for image, name in (((192, 256), f'keypoints_p{size}'),
                        ((480, 640), f'keypoints_480x640_p{size}')):
        rows, columns = receptive_fields(windows, *image)
        assert rows.extent == 196  # as they have it in their code
        centers = patch_centers_px((rows.centers(), columns.centers()), size)
        np.testing.assert_array_equal(centers.numpy().astype(int).T, golden[name])


def test_strided_patches_keep_their_centres():
    centers = feature_centers_px(SqueezeNet(), 240, 320)
    rows, columns = len(centers[0]), len(centers[1])
    for size in (2, 5):
        dense = patch_centers_px(centers, size).reshape(rows - size + 1, columns - size + 1, 2)
        for stride in (2, 3):
            strided = patch_centers_px(centers, size, stride)
            expected = dense[::stride, ::stride].reshape(-1, 2)
            torch.testing.assert_close(strided, expected)


def test_an_unknown_layer_is_refused():
    with pytest.raises(ConfigError, match=r'of LSTM is not known; give it a method windows\(\)'):
        windows_of(nn.Sequential(nn.Conv2d(1, 1, 3), nn.LSTM(3, 3)))
