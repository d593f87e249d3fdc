# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model check``: whether a model does what its card says, and how fast here."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.errors import ModelError
from vpr_ros.model import load_model, Model

RUNS = 20


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model', nargs='?', default='default',
                        help='bundled model by name, or the path of an .onnx or its card')
    parser.add_argument('--provider', default='auto', help='auto, cuda, tensorrt or cpu')
    add_json(parser)


def check(model: Model) -> dict[str, Any]:
    """Compare a loaded model with its card, time it, and say so; for ``--json``.

    Raises:
        ModelError: it is not what its card says.
    """
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (model.card.height, model.card.width, 3), np.uint8)
    descriptions = [model.describe(image) for _ in range(2)]
    first, second = (d.global_descriptor for d in descriptions)
    if abs(float(np.linalg.norm(first)) - 1.0) > 1e-3:
        raise ModelError(
            f'model {model.card.name!r}: its descriptor has length {np.linalg.norm(first):.4f}, '
            f'expected 1; normalise inside the graph'
        )
    if not np.allclose(first, second, atol=1e-5):
        raise ModelError(
            f'model {model.card.name!r} describes one image in two ways; export it in evaluation '
            f'mode, without dropout'
        )
    times_ms = []
    for _ in range(RUNS):
        start = time.perf_counter()
        model.describe(image)
        times_ms.append((time.perf_counter() - start) * 1000.0)
    median_ms = float(np.median(times_ms))
    print(f'{model.card.name}: sha256, inputs, outputs and lengths are those of the card; '
          f'{median_ms:.1f} ms per image on {model.provider}')
    if model.warning:
        print(model.warning)
    return {'format': 1, 'model': model.card.name, 'provider': model.provider,
            'warning': model.warning, 'describe_ms': median_ms}


def _run(args: argparse.Namespace) -> dict[str, Any]:
    return check(load_model(args.model, provider=args.provider))


VERB = Verb(
    ('model', 'check'), 'check a model against its card and time it here',
    'vpr model check default', _arguments, _run,
)
