# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Both forms of patch descriptors that the benchmark times are those that they are named after."""

import json

import numpy as np
import pytest

from vpr_ros.bench import patch_head, patches
from vpr_ros.bench.patch_head import by_definition, made_up

pytest.importorskip('onnx')

SMALL = {'clusters': 5, 'channels': 12, 'dim': 6, 'grid': (11, 13), 'sharpness': 8.0}


def patch_by_patch(head, size):
    """Section 3.2 for each patch in turn, float64."""
    x = head.features[0].astype(float)
    height, width = x.shape[1:]
    found = []
    for top in range(height - size + 1):
        for left in range(width - size + 1):
            vlad = np.zeros((len(head.centroids), len(x)))
            for row in range(top, top + size):
                for column in range(left, left + size):
                    local = x[:, row, column]
                    logits = head.weight.astype(float) @ local + head.bias
                    soft = np.exp(logits - logits.max())
                    vlad += (soft / soft.sum())[:, None] * (local - head.centroids)
            vlad /= np.linalg.norm(vlad, axis=1, keepdims=True)
            described = head.projection @ (vlad.ravel() / np.linalg.norm(vlad)) + head.offset
            found.append(described / np.linalg.norm(described))
    return np.array(found)


@pytest.mark.parametrize('group_bytes', [1, 2 * 2**20])
def test_both_forms_equal_the_sum_over_each_patch(monkeypatch, group_bytes):
    monkeypatch.setattr(patch_head, 'GROUP_BYTES', group_bytes)
    head = made_up(**SMALL)
    for size, ours, peer in zip(head.sizes, patches.projected(head)(), by_definition(head),
                                strict=True):
        expected = patch_by_patch(head, size)
        assert (ours * expected).sum(1).min() > 0.99999
        assert (peer * expected).sum(1).min() > 0.9999  # differences of sums lose some digits


def test_the_row_says_time_equality_and_memory():
    found = patches.patch_row(repeats=1, **SMALL)
    assert found['equal'] and found['ratio'] > 0
    json.dumps(found)


def test_memory_is_that_of_one_run():
    sizes = {'clusters': 16, 'channels': 512, 'dim': 16, 'grid': (16, 20)}
    volume_mb = 4 * 16 * 512 * 16 * 20 / 2**20
    assert patches.peak_mb('definition', sizes) > 3 * volume_mb  # residuals, sums, their integral
    assert patches.peak_mb('projected', sizes) < 3 * volume_mb


def test_a_wrong_descriptor_is_noticed(monkeypatch):
    monkeypatch.setattr(patches, 'by_definition', lambda head: [
        -one for one in by_definition(head)])
    monkeypatch.setattr(patches, 'peak_mb', lambda form, sizes: 1.0)
    assert not patches.patch_row(repeats=1, **SMALL)['equal']
