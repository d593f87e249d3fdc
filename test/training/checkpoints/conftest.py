# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imported checkpoints, as the robot sees them."""

import pytest


@pytest.fixture
def on_the_robot(tmp_path):
    """Import a checkpoint by the command, and describe an image with what the robot loads."""
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
