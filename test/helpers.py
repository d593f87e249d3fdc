# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fakes that tests share, in one place."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
# A ROS domain of our own, so that tests that run at the same time, or a robot, are not disturbed.
# Fast DDS allows 0 to 232; the first hundred are what people use.
ROS_DOMAIN = 101 + os.getpid() % 115


def shared(*parts: str) -> Path:
    """Return a path in ``../shared``; skip the calling test when it is not there."""
    path = ROOT.parent.joinpath('shared', *parts)
    if not path.exists():
        pytest.skip(f'needs {Path("shared", *parts)}, which lies beside the checkout')
    return path


def tiny_model(folder: Path, *, name: str = 'tiny', height: int = 48, width: int = 64,
               cell: int = 8, card: dict | None = None) -> Path:
    """Write a real ONNX model that runs in a millisecond, with its card; returns the .onnx.

    It describes an image by the mean colour of each ``cell`` x ``cell`` block, centred on grey
    and L2-normalised: enough to tell rendered places apart under equal light.
    """
    onnx = pytest.importorskip('onnx')
    from onnx import helper, TensorProto

    rows, columns = height // cell, width // cell
    dim = 3 * rows * columns
    nodes = [
        helper.make_node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
        helper.make_node('Transpose', ['float'], ['nchw'], perm=[0, 3, 1, 2]),
        helper.make_node('AveragePool', ['nchw'], ['blocks'], kernel_shape=[cell, cell],
                         strides=[cell, cell]),
        helper.make_node('Flatten', ['blocks'], ['flat'], axis=1),
        helper.make_node('Sub', ['flat', 'grey'], ['centred']),
        helper.make_node('LpNormalization', ['centred'], ['global'], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info('image', TensorProto.UINT8, [1, height, width, 3])],
        [helper.make_tensor_value_info('global', TensorProto.FLOAT, [1, dim])],
        [helper.make_tensor('grey', TensorProto.FLOAT, [1], [127.3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    onnx.checker.check_model(model)
    path = folder / f'{name}.onnx'
    path.write_bytes(model.SerializeToString())
    write_card(path, height=height, width=width, global_dim=dim, **(card or {}))
    return path


def write_card(path: Path, *, height: int, width: int, global_dim: int, **fields) -> Path:
    """Write the card of an ``.onnx`` file as it is now."""
    card = {
        'format': 1, 'name': path.stem,
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'input': {'height': height, 'width': width, 'interpolation': 'area', 'color': 'rgb'},
        'global_dim': global_dim, 'patches': {}, 'licence': 'Apache-2.0', **fields,
    }
    path.with_suffix('.json').write_text(json.dumps(card))
    return path.with_suffix('.json')


def place_image(number: int, *, height: int = 96, width: int = 128) -> np.ndarray:
    """Draw place ``number``: coloured blocks, the same each time; uint8 (H, W, 3)."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(0, 256, (6, 8, 3), np.uint8)
    return np.kron(blocks, np.ones((height // 6, width // 8, 1), np.uint8))
