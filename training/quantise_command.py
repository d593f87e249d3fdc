# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The int8 part of an export: what it gains and what it loses, measured and written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any

import numpy as np
from torch import nn

from training.data import EvaluationSet
from training.evaluate import evaluate, onnx_describer, Recalls
from training.quantise import export_int8
from training.sample_images import sample_images
from vpr_ros.errors import ModelError
from vpr_ros.types import ImageArray
from vpr_ros.whole_files import replacing

TIMED_RUNS = 20
JUDGED_AT = '1'


@dataclass(frozen=True)
class Int8Options:
    """How to make the convolutions int8.

    Attributes:
        calibration: folder of images to take ranges from.
        images: of them, at most.
        max_loss: of recall@1 that is let pass, as a fraction of all queries.
    """

    calibration: Path
    images: int = 64
    max_loss: float = 0.02


def replace_by_int8(network: nn.Module, path: Path, dataset: EvaluationSet, *, height: int,
                    width: int, storage: str, options: Int8Options) -> dict[str, Any]:
    """Put an int8 file in the place of a checked float file, if it recognises as well.

    Args:
        network: that the file was exported from.
        path: of the float file.
        dataset: to measure recall on.
        height: of the model's input.
        width: of the model's input.
        storage: of the weights that stay float.
        options: see there.

    Returns:
        For the card: what was calibrated on, recall before and after, both times.

    Raises:
        ConfigError: too few calibration images.
        ModelError: recall@1 fell by more than allowed; neither file is left.
    """
    images = sample_images(options.calibration, options.images, height, width)
    float_path = path.with_name(f'{path.stem}.float.onnx')
    path.rename(float_path)
    try:
        with replacing(path) as draft:
            count = export_int8(network, height, width, draft, images, storage)
            before = evaluate(onnx_describer(float_path), dataset, height, width)['raw']
            after = evaluate(onnx_describer(draft), dataset, height, width)['raw']
            _check_loss(path, dataset.name, before, after, options.max_loss)
            float_ms, int8_ms = _median_ms((float_path, draft), images[0])
            mean_cosine = _mean_cosine(float_path, draft, images)
    finally:
        float_path.unlink()
    return {
        'convolutions': count,
        'calibration_images': f'{len(images)} of {options.calibration.name}',
        'recall_on': dataset.name, 'recall_before': before, 'recall_after': after,
        'loss_at_1': round(before[JUDGED_AT] - after[JUDGED_AT], 4),
        'mean_cosine_to_float': round(mean_cosine, 4),
        'ms_before': round(float_ms, 2), 'ms_after': round(int8_ms, 2),
        'speed_ratio': round(float_ms / int8_ms, 2),
    }


def describe_int8(found: dict[str, Any]) -> str:
    """Write what :func:`replace_by_int8` returned in a line or two."""
    def shown(recalls: Recalls) -> str:
        return '/'.join(f'{value:.3f}' for value in recalls.values())

    return (f'  int8: {found["convolutions"]} convolutions, ranges from '
            f'{found["calibration_images"]}; recall@{"/".join(found["recall_before"])} on '
            f'{found["recall_on"]} {shown(found["recall_before"])} before, '
            f'{shown(found["recall_after"])} after\n'
            f'  int8: {found["ms_before"]} ms before, {found["ms_after"]} ms after on one thread '
            f'here: {found["speed_ratio"]} times as fast')


def _check_loss(path: Path, name: str, before: Recalls, after: Recalls, allowed: float) -> None:
    loss = before[JUDGED_AT] - after[JUDGED_AT]
    if loss > allowed:
        raise ModelError(
            f'{path.name} as int8 loses {loss:.3f} of recall@{JUDGED_AT} on {name} '
            f'({before[JUDGED_AT]:.3f} -> {after[JUDGED_AT]:.3f}), allowed are {allowed:g}; '
            f'calibrate on more images like those of the robot, allow more with '
            f'--max-recall-loss, or leave int8 out'
        )


def _median_ms(paths: tuple[Path, ...], image: ImageArray) -> list[float]:
    """Of each file; they take turns, so that other work on the machine slows all alike."""
    describers = [onnx_describer(path) for path in paths]
    times: list[list[float]] = [[] for _ in paths]
    for _ in range(TIMED_RUNS):
        for describe, found in zip(describers, times, strict=True):
            start = time.perf_counter()
            describe(image[None])
            found.append((time.perf_counter() - start) * 1000)
    return [float(np.median(found)) for found in times]


def _mean_cosine(first: Path, second: Path, images: list[ImageArray]) -> float:
    stacked = np.stack(images)
    return float((onnx_describer(first)(stacked) * onnx_describer(second)(stacked)).sum(1).mean())
