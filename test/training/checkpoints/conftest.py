# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training half is optional: without torch these tests are not collected."""

from importlib.util import find_spec

import pytest

if find_spec('torch') is None:
    collect_ignore_glob = ['test_*.py']
elif find_spec('onnx') is None:
    collect_ignore_glob = ['test_export.py', 'test_hand_over.py']


@pytest.fixture(autouse=True)
def _one_thread():
    """Small tensors are not worth the threads of a machine that others use too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def on_the_robot(tmp_path):
    """Imports a checkpoint by the command, and describes an image with what the robot loads."""
    def describe(checkpoint, image, *options):
        pytest.importorskip('onnx')
        import cv2

        from training.cli import main
        from vpr_ros.model import load_model

        image = image[0].numpy()
        (tmp_path / 'check').mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / 'check' / 'image.png'), image[:, :, ::-1])
        out = tmp_path / 'model.onnx'
        assert main(['import-checkpoint', str(checkpoint), '--out', str(out),
                     '--check-images', str(tmp_path / 'check'), '--storage', 'float32',
                     '--size', f'{image.shape[0]}x{image.shape[1]}', *map(str, options)]) == 0
        return torch_row(load_model(str(out), provider='cpu', threads=1).describe(image))

    def torch_row(description):
        import torch

        return torch.from_numpy(description.global_descriptor)[None]

    return describe
