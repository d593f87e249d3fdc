# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A foreign model becomes one of the package's: a graph and its card, checked, whole or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import re
from typing import Any

import numpy as np

from vpr_ros.errors import ConfigError, ModelError
from vpr_ros.model.card import FORMAT, INTERPOLATIONS, load_card, ModelCard
from vpr_ros.model.importing.foreign import Foreign, MOST_BYTES, read_foreign
from vpr_ros.model.importing.preprocessing import Preprocessing, stated_preprocessing
from vpr_ros.model.importing.probing import answers, probe_images, unit_rows
from vpr_ros.model.importing.wrapping import wrap
from vpr_ros.model.onnx_package import onnx_module
from vpr_ros.model.session import Model
from vpr_ros.types import FloatArray
from vpr_ros.whole_files import replacing

MIN_COSINE = 0.9999
UNIT = 1e-4  # a length this near to 1 counts as 1
NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        card: of the model that was written.
        foreign: the graph as it was found.
        normalised: whether the normalisation was added.
        probabilities: whether the answers look like a classifier's.
        cosine: the smallest between the foreign graph's answers and the imported model's.
        images: on how many images they were compared.
    """

    card: ModelCard
    foreign: Foreign
    normalised: bool
    probabilities: bool
    cosine: float
    images: int


def import_model(
    path: Path,
    out: Path,
    *,
    licence: str,
    name: str = '',
    height: int | None = None,
    width: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    scale: float | None = None,
    color: str = 'rgb',
    interpolation: str = 'area',
    output: str = '',
    description: str = '',
    overwrite: bool = False,
) -> Imported:
    """Write ``NAME.onnx`` in the package's form, and its card ``NAME.json``.

    Both are there when their answers agree with the foreign graph's, else neither.

    Args:
        path: of the foreign ``.onnx``.
        out: the ``.onnx`` to write, or a folder for it.
        licence: of the weights, an SPDX expression or a sentence.
        name: of the model; '' takes the stem of ``out`` or, in a folder, of ``path``.
        height, width: of the images in pixels, where the graph leaves them open.
        mean, std, scale, color: what the network wants to see, see :func:`stated_preprocessing`;
            a graph that takes uint8 has all but the color in itself.
        interpolation: by which images are resized, for the card.
        output: name of the descriptor, where the graph has several outputs, or of any value
            within it.
        description: one sentence for the card.
        overwrite: replace a model that is there.

    Raises:
        ConfigError: an argument makes no sense, or the package onnx is missing.
        ModelError: the graph cannot be brought in; one sentence says why.
    """
    if interpolation not in INTERPOLATIONS:
        raise ConfigError(f'interpolation {interpolation!r} is not one of '
                          f'{", ".join(INTERPOLATIONS)}')
    if not licence.strip():
        raise ConfigError('the licence is empty; say what the authors of the weights say, such as '
                          'MIT, or that you do not know it')
    stated = stated_preprocessing(mean, std, scale, color)
    out, name = _target(path, out, name, overwrite)
    onnx = onnx_module('Imports of models')
    foreign = read_foreign(onnx, path, height=height, width=width, output=output)
    if foreign.takes_pixels and (mean, std, scale) != (None, None, None):
        raise ConfigError(f'{path.name} takes the pixels themselves (uint8); leave --mean, --std '
                          f'and --scale out')
    images = probe_images(foreign.height, foreign.width)
    rows = answers(foreign, stated, images)
    normalise = bool(np.abs(np.linalg.norm(rows, axis=1) - 1.0).max() > UNIT)
    made = _serialized(
        path, wrap(onnx, foreign, stated, rows.shape[1], normalise=normalise))
    card = _card(foreign, stated, name, rows.shape[1], made, licence, interpolation, description)
    out.parent.mkdir(parents=True, exist_ok=True)
    # the card last: a model without its card is refused, and so is one with another's
    with replacing(out.with_suffix('.json')) as card_draft, replacing(out) as draft:
        draft.write_bytes(made)
        card_draft.write_text(json.dumps(card, indent=2) + '\n', encoding='utf-8')
        cosine = _compare(Model(load_card(card_draft), provider='cpu'), images, unit_rows(rows))
    return Imported(load_card(out), foreign, normalise, _are_probabilities(rows), cosine,
                    len(images))


def _are_probabilities(rows: FloatArray) -> bool:
    """Whether each row is what a softmax puts out."""
    return bool((rows >= 0).all() and np.abs(rows.sum(axis=1) - 1.0).max() < 0.01)


def _target(path: Path, out: Path, name: str, overwrite: bool) -> tuple[Path, str]:
    """Return the file to write and the name of the model."""
    if out.suffix == '.json' or (out.exists() and out.suffix != '.onnx' and not out.is_dir()):
        raise ConfigError(f'--out {out} is neither a folder nor an .onnx file; name one of these, '
                          f'the card is put beside it')
    if out.suffix != '.onnx' or out.is_dir():
        out = out / f'{name or path.stem}.onnx'
    name = name or out.stem
    if not NAME.fullmatch(name):
        raise ConfigError(f'the name {name!r} is no name of a model; give one of letters, digits, '
                          f'dots, dashes and underscores with --name')
    card = out.with_suffix('.json')
    if path.exists() and out.exists() and out.samefile(path):
        raise ConfigError(f'{out} is the foreign model itself; choose another --out')
    for file in (out, card):
        if file.is_dir():
            raise ConfigError(f'{file} is a folder; choose another --out')
        if file.exists() and not overwrite:
            raise ConfigError(f'{file} exists; choose another --out or --name, or add --overwrite')
    return out, name


def _serialized(path: Path, model: Any) -> bytes:
    try:
        made = bytes(model.SerializeToString())
    except Exception as error:  # protobuf raises classes of its own
        raise ModelError(f'{path.name} cannot be written as one file ({error}); export it in '
                         f'float16') from error
    if len(made) > MOST_BYTES:
        raise ModelError(f'{path.name} would have {len(made) / 1e9:.1f} GB, and one .onnx file '
                         f'holds less than 2.1 GB; export it in float16')
    return made


def _card(
    foreign: Foreign, preprocessing: Preprocessing, name: str, dim: int, made: bytes,
    licence: str, interpolation: str, description: str,
) -> dict[str, Any]:
    origin: dict[str, Any] = {
        'what': f'{foreign.path.name}, brought in by vpr model import',
        'sha256': hashlib.sha256(foreign.path.read_bytes()).hexdigest(),
        'licence': licence,
        'input': f'{foreign.input_name}: {foreign.dtype}, '
                 f'{"(1, 3, H, W)" if foreign.channels_first else "(1, H, W, 3)"}',
        'output': foreign.output_name,
    }
    origin['preprocessing'] = ({'color': preprocessing.color} if foreign.takes_pixels
                               else preprocessing.as_json())
    card: dict[str, Any] = {
        'format': FORMAT, 'name': name, 'sha256': hashlib.sha256(made).hexdigest(),
        'input': {'height': foreign.height, 'width': foreign.width,
                  'interpolation': interpolation, 'color': 'rgb'},
        'global_dim': dim, 'patches': {}, 'licence': licence, 'initialised_from': [origin],
        'calibration': None,
    }
    if description:
        card['description'] = description
    return card


def _compare(model: Model, images: list[Any], expected: FloatArray) -> float:
    """Return the smallest cosine of the imported model to the foreign graph.

    Raises:
        ModelError: they do not agree.
    """
    found = np.stack([model.describe(image).global_descriptor for image in images])
    cosine = float((found.astype(np.float64) * expected).sum(axis=1).min())
    if not cosine > MIN_COSINE:
        raise ModelError(f'{model.card.name!r} disagrees with the foreign graph: cosine '
                         f'{cosine:.6f}, expected more than {MIN_COSINE}; this is a defect of the '
                         f'import, report it with the graph')
    return min(cosine, 1.0)
