# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Static int8 of a backbone's convolutions, with ranges taken from calibration images.

Weights get one scale an output channel; activations one scale and zero point: the range that a
calibration image reaches, averaged over the images, as the rare extremes of the whole set would
make every step larger. Weights take 7 bits of the 8, so that sums of products fit the 16-bit
registers of processors without VNNI. The graph says so with pairs of QuantizeLinear and
DequantizeLinear (QDQ), which a run time turns into integer kernels. The aggregation stays float32:
its soft assignment multiplies small differences by alpha.

What it costs cannot be bounded beforehand as rounding can, so nothing is checked against torch
here: recall is measured before and after, see :mod:`training.quantise_command`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
import io
import logging
from pathlib import Path
from typing import Any

from torch import nn

from training.export import rounded, to_onnx
from vpr_ros.errors import ConfigError, ModelError
from vpr_ros.types import ImageArray

FEWEST_IMAGES = 8
FLOAT_PARTS = ('/aggregation/', '/patches/', '/projection/', '/network/aggregation/')


def export_int8(network: nn.Module, height: int, width: int, path: Path,
                calibration: Sequence[ImageArray], storage: str = 'compact') -> int:
    """Write a network as ONNX whose convolutions are int8.

    Args:
        network: in evaluation mode, as for :func:`training.export.export`.
        height: of the model's input.
        width: of the model's input.
        path: of the ``.onnx``.
        calibration: images like those of the robot, uint8 (height, width, 3) RGB.
        storage: of the weights that stay float.

    Returns:
        How many convolutions became int8.

    Raises:
        ConfigError: fewer than :data:`FEWEST_IMAGES` images, or a network without convolutions.
        ModelError: the file that came out is not valid.
    """
    if len(calibration) < FEWEST_IMAGES:
        raise ConfigError(
            f'int8 takes the ranges of its activations from calibration images; found '
            f'{len(calibration)}, expected at least {FEWEST_IMAGES} of places like those that the '
            f'robot will see'
        )
    count = 0

    def edit(written: Path) -> None:
        nonlocal count
        count = quantise_convolutions(written, calibration)

    try:
        to_onnx(rounded(network, storage), height, width, path, storage, edit)
    except (ConfigError, ModelError):
        path.unlink(missing_ok=True)
        raise
    return count


def quantise_convolutions(path: Path, calibration: Sequence[ImageArray]) -> int:
    """Make the convolutions of a float32 file int8, in place; returns how many there are.

    Raises:
        ConfigError: it has none outside its aggregation.
    """
    import onnx  # noqa: PLC0415 - only export needs it
    from onnxruntime.quantization import (  # noqa: PLC0415
        CalibrationDataReader,
        QuantFormat,
        quantize_static,
        QuantType,
    )

    names = [node.name for node in onnx.load(str(path)).graph.node if node.op_type == 'Conv'
             and not any(part in f'{node.name}/' for part in FLOAT_PARTS)]
    if not names:
        raise ConfigError('the network has no convolutions outside its aggregation to make int8; '
                          'leave the calibration out')

    class Reader(CalibrationDataReader):
        """Feeds one image after the other."""

        def __init__(self) -> None:
            self._images: Iterator[ImageArray] = iter(calibration)

        def get_next(self) -> dict[str, Any] | None:
            image = next(self._images, None)
            return None if image is None else {'image': image[None]}

    float_path = path.with_suffix('.float32.onnx')
    path.rename(float_path)
    quiet = logging.getLogger()
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # it recommends steps that this export has already done
    try:
        with redirect_stdout(io.StringIO()):
            quantize_static(
                str(float_path), str(path), Reader(), quant_format=QuantFormat.QDQ,
                nodes_to_quantize=names, op_types_to_quantize=['Conv'], per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                reduce_range=True, extra_options={'CalibMovingAverage': True},
            )
    finally:
        quiet.setLevel(level)
        float_path.unlink()
    return len(names)
