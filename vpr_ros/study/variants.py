# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same model at another resolution or in another precision, written as a model of its own.

A variant gives the global descriptor alone: the card's patch positions hold for the original.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import hashlib
import json
import logging
from pathlib import Path
import shutil
from typing import Any

import numpy as np

from vpr_ros.errors import ModelError
from vpr_ros.model import load_card, load_model, Model, ModelCard
from vpr_ros.model.card import NETWORK
from vpr_ros.model.session import resize
from vpr_ros.study.onnx_graph import load_graph, only_global, onnx_module
from vpr_ros.types import ImageArray
from vpr_ros.whole_files import replacing, write_whole

PRECISIONS = ('card', 'float16', 'int8')
CALIBRATION_IMAGES = 64


def make_variant(
    card: ModelCard, folder: Path, *, size: tuple[int, int] | None, precision: str,
    images: Sequence[ImageArray] = (),
) -> Path:
    """Write a variant, unless it is there already, and return its card.

    Args:
        card: of the original.
        folder: for the variants.
        size: (width, height) of the input, or None for the card's.
        precision: one of :data:`PRECISIONS`; ``float16`` computes in half precision, ``int8``
            quantises weights and activations of convolutions and matrix products.
        images: uint8 (H, W, 3) RGB, what the range of activations is learned from for ``int8``.

    Raises:
        ConfigError: the package onnx is missing.
        ModelError: the graph does not allow it; the sentence says why.
    """
    width, height = size or (card.width, card.height)
    if (width, height) == (card.width, card.height) and precision == 'card':
        return card.path
    name = f'{card.name}_{card.sha256[:8]}_{width}x{height}_{precision}'
    path = folder / f'{name}.json'
    if path.is_file():
        try:
            load_card(path).check_file()
            return path
        except ModelError:
            path.unlink()  # left by a run that was interrupted
    folder.mkdir(parents=True, exist_ok=True)
    if card.kind != NETWORK:
        return _hand_made(card, path, width, height, precision)
    with replacing(path.with_suffix('.onnx')) as draft:
        _write_network(card, draft, width, height, precision, images)
        dim = _output_dim(draft, card)
    return _write_card(card, path, width, height, dim)


def _write_network(
    card: ModelCard, out: Path, width: int, height: int, precision: str,
    images: Sequence[ImageArray],
) -> None:
    onnx = onnx_module()
    model = only_global(load_graph(card.onnx_path))
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[1].dim_value, dims[2].dim_value = height, width
    del model.graph.value_info[:]
    if precision == 'float16':
        from onnxruntime.transformers.float16 import (  # noqa: PLC0415
            convert_float_to_float16,
        )

        model = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    onnx.save(model, str(out))
    if precision == 'int8':
        _quantise(out, [resize(image, height, width, card.interpolation)
                        for image in images[:CALIBRATION_IMAGES]])


def _quantise(path: Path, images: Sequence[ImageArray]) -> None:
    from onnxruntime import quantization  # noqa: PLC0415 - it needs onnx

    if not images:
        raise ModelError('int8 needs images to learn the range of the activations from')

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]

        def __init__(self) -> None:
            self._rows: Iterator[ImageArray] = iter(images)

        def get_next(self) -> dict[str, Any] | None:
            image = next(self._rows, None)
            return None if image is None else {'image': image[np.newaxis]}

    quantised = path.with_suffix('.int8')
    logging.disable(logging.WARNING)  # it advises, on the root logger, what was done on export
    try:
        quantization.quantize_static(
            str(path), str(quantised), Reader(), per_channel=True,
            op_types_to_quantize=['Conv', 'MatMul', 'Gemm'],
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            extra_options={'WeightSymmetric': True},
        )
    finally:
        logging.disable(logging.NOTSET)
    quantised.replace(path)


def _output_dim(path: Path, card: ModelCard) -> int:
    """Run the variant once: whether it runs at all, and how long its descriptor is."""
    import onnxruntime  # noqa: PLC0415

    onnxruntime.set_default_logger_severity(3)  # it warns of half precision, which was asked for
    try:
        session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
        shape = [int(n) for n in session.get_inputs()[0].shape]
        found = session.run(['global'], {'image': np.full(shape, 90, np.uint8)})[0]
    except Exception as error:  # onnxruntime raises its own unrelated classes
        raise ModelError(
            f'model {card.name!r} does not run so changed ({str(error).splitlines()[0]}); export '
            f'it at that resolution or precision and name the file instead'
        ) from error
    return int(found.shape[1])


def _hand_made(card: ModelCard, path: Path, width: int, height: int, precision: str) -> Path:
    if precision != 'card':
        raise ModelError(f'model {card.name!r} is of kind {card.kind!r} and has no other '
                         f'precision than its own; leave precision out for it')
    dim = card.global_dim
    if card.kind == 'thumbnail':
        dim = width * height
    elif card.kind == 'hog':
        with np.load(card.file_path, allow_pickle=False) as stored:
            cell, bins = int(stored['cell']), int(stored['bins'])
        dim = (height // cell - 1) * (width // cell - 1) * 4 * bins
    shutil.copyfile(card.file_path, path.with_suffix('.npz'))
    return _write_card(card, path, width, height, dim)


def _write_card(card: ModelCard, path: Path, width: int, height: int, dim: int) -> Path:
    """Write the variant's card, as the last file, so that a card always has its file."""
    file = path.with_suffix('.onnx' if card.kind == NETWORK else '.npz')
    raw = dict(card.raw) | {
        'name': path.stem, 'sha256': hashlib.sha256(file.read_bytes()).hexdigest(),
        'input': {**card.raw['input'], 'width': width, 'height': height}, 'global_dim': dim,
        'patches': {}, 'calibration': None, 'results': None,
    }
    raw.pop('rerank', None)  # it weighs patch sizes that the variant has not
    write_whole(path, json.dumps(raw, indent=2) + '\n')
    return path


def open_variant(path: Path, *, threads: int = 1) -> Model:
    """Open a model on the CPU with so many threads."""
    return load_model(str(path), provider='cpu', threads=threads)
