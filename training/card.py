# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the model card that travels with an exported file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import hashlib
import json
from pathlib import Path
import re
from typing import Any

from vpr_ros.model.card import FORMAT, load_card, ModelCard

_WHOLE_LINE = re.compile(r'\[[\s\d.,eE+-]+\]')  # lists of numbers, as those of patch centres
IMAGENET_SQUEEZENET = {
    'what': 'convolutions: SqueezeNet 1.1 trained on ImageNet (converted from Caffe)',
    'licence': 'MIT',
    'source': 'microsoft/Windows-Machine-Learning SharedContent/models/SqueezeNet_fp16.onnx',
}


def write_card(onnx_path: Path, *, name: str, height: int, width: int, dim: int,
               initialised_from: Sequence[Mapping[str, str]],
               training_data: Sequence[Mapping[str, str]], training: Mapping[str, Any],
               results: Mapping[str, Any], patches: Mapping[str, Any] | None = None,
               interpolation: str = 'area', licence: str = 'Apache-2.0', description: str = ''
               ) -> ModelCard:
    """Write ``NAME.json`` beside the ``.onnx`` and read it back as the robot will.

    Args:
        onnx_path: the exported file.
        name: by which users select the model.
        height: of the input in pixels.
        width: of the input in pixels.
        dim: length of the global descriptor.
        initialised_from: what the weights began from, with licence and source.
        training_data: what they were trained on, with licence and source.
        training: command, commit, steps, loss, minutes.
        results: measured figures with the command that printed them.
        patches: entries of the patch outputs, see ``PatchNetwork.card_entries``.
        interpolation: of the input's resizing, ``area`` or ``linear``.
        licence: of the weights.
        description: one sentence.
    """
    card: dict[str, Any] = {
        'format': FORMAT,
        'name': name,
        'sha256': _sha256(onnx_path),
        'input': {'height': height, 'width': width, 'interpolation': interpolation,
                  'color': 'rgb'},
        'global_dim': dim,
        'patches': dict(patches or {}),
        'licence': licence,
        'initialised_from': list(initialised_from),
        'training_data': list(training_data),
        'training': dict(training),
        'results': dict(results),
        'calibration': None,
    }
    if description:
        card['description'] = description
    return _write(card, onnx_path)


def update_card(onnx_path: Path, *, patches: Mapping[str, Any], training: Mapping[str, Any],
                results: Mapping[str, Any]) -> ModelCard:
    """Fit the card beside an ``.onnx`` to a file that was exported anew from the same weights.

    The sha256 and the patch outputs are the file's; all else stays, the calibration too.

    Args:
        onnx_path: the exported file.
        patches: entries of the patch outputs, see ``PatchNetwork.card_entries``.
        training: entries that are added to the card's, or replace them.
        results: as ``training``, for the results.

    Raises:
        ModelError: there is no card, or it is not valid.
    """
    card = dict(load_card(onnx_path).raw)
    card |= {'sha256': _sha256(onnx_path), 'patches': dict(patches)}
    for key, added in (('training', training), ('results', results)):
        card[key] = {**card.get(key, {}), **added}
    return _write(card, onnx_path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(card: Mapping[str, Any], onnx_path: Path) -> ModelCard:
    path = onnx_path.with_suffix('.json')
    path.write_text(_WHOLE_LINE.sub(_in_one_line, json.dumps(card, indent=2)) + '\n', 'utf-8')
    return load_card(path)


def _in_one_line(found: re.Match[str]) -> str:
    return re.sub(r'\s+', ' ', found[0]).replace('[ ', '[').replace(' ]', ']')
