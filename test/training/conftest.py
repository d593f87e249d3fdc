# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training half is optional: without torch and onnx its tests are not collected."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

_MISSING = not (find_spec('torch') and find_spec('onnx'))
collect_ignore_glob = ['test_*.py', '*/test_*.py'] if _MISSING else []


@pytest.fixture(scope='session')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drives past the same eight places, as a posed folder; each place has its own pattern."""
    root = tmp_path_factory.mktemp('pictures')
    rng = np.random.default_rng(0)
    rows = ['file,environment,space,x,y,heading,drive']
    for place in range(8):
        pattern = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (128, 96))
        for drive in range(2):
            seen = np.clip(pattern + rng.normal(0, 12, pattern.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / f'{place}_{drive}.png'), seen)
            rows.append(f'{place}_{drive}.png,world,street,{5 * place},0,0.1,{drive}')
    (root / 'frames.csv').write_text('\n'.join(rows) + '\n')
    return root


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors are not worth the threads of a machine that others use too.

    And sums in one order: the same weights to the bit need the same number of threads.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
