# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the model can be loaded, where it runs, and how fast it is."""

from __future__ import annotations

import time

import numpy as np

from vpr_ros.doctor.finding import error, Finding, ok, warning
from vpr_ros.errors import VprError
from vpr_ros.model import Model

SLOW_MS = 200.0  # a recognition that takes longer than this misses most of a camera's frames
RUNS = 5


def check_model(
    name: str, provider: str, threads: int = 0
) -> tuple[list[Finding], Model | None, float]:
    """Load a model, look at its provider and its speed.

    Args:
        name: bundled model, or path of an .onnx with its card.
        provider, threads: as the parameters of these names.

    Returns:
        What was found; the model, None when it cannot be loaded; the milliseconds in which it
        describes one image (median of five; 0 without a model).
    """
    from vpr_ros.model import load_model  # noqa: PLC0415 - the installation may lack onnxruntime

    try:
        model = load_model(name, provider=provider, threads=threads)
        image = np.full((model.card.height, model.card.width, 3), 127, np.uint8)
        image[::2, ::3] = 30
        model.describe(image)
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            model.describe(image)
            times.append((time.perf_counter() - start) * 1000.0)
    except VprError as problem:
        return [error('model', str(problem))], None, 0.0
    milliseconds = float(np.median(times))
    findings = []
    if model.warning:
        findings.append(warning(
            'provider', model.warning,
            'install onnxruntime-gpu with CUDA and cuDNN of its version, or set provider: cpu'))
    text = f'{name} describes an image in {milliseconds:.1f} ms on {model.provider}'
    findings.append(
        warning('model', text, 'use a smaller model, a GPU, or set max_rate_hz')
        if milliseconds > SLOW_MS else ok('model', text))
    return findings, model, milliseconds
