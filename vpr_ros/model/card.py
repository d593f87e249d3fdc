# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: the JSON beside an ``.onnx`` that says what it takes, gives and has seen.

The card is the only place where preprocessing is written down, so that no user can set it wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.errors import ModelError
from vpr_ros.paths import share_dir
from vpr_ros.types import FloatArray

FORMAT = 1
MAX_CARD_BYTES = 4 * 1024 * 1024
INTERPOLATIONS = ('area', 'linear')
NETWORK = 'onnx'
COMPARISONS = ('rootsift_vlad', 'hog', 'thumbnail', 'bag_of_words')  # see vpr_ros.baselines
_REQUIRED = ('format', 'name', 'sha256', 'input', 'global_dim', 'licence')
_OPTIONAL = (
    'patches', 'initialised_from', 'training_data', 'training', 'results', 'calibration',
    'description', 'kind', 'rerank',
)


@dataclass(frozen=True)
class PatchSpec:
    """The patch descriptors of one size that a model puts out as ``patches_<size>``.

    Attributes:
        size: side of the square patch in feature cells.
        dim: length d of each descriptor.
        grid: (rows, columns); the output has rows * columns descriptors, row-major.
        stride: distance of neighbouring patches in feature cells.
        centers_px: float32 (rows * columns, 2), x and y in the model's input image.
    """

    size: int
    dim: int
    grid: tuple[int, int]
    stride: int
    centers_px: FloatArray


@dataclass(frozen=True)
class RerankTuning:
    """How the re-ranking weighs its evidence with a model, found by a grid search.

    Attributes:
        weights: patch size -> weight of its spatial score, not negative (equation 5).
        similarity_weight: how much of the global similarity is added to the fused score.
    """

    weights: Mapping[int, float]
    similarity_weight: float


@dataclass(frozen=True)
class ModelCard:
    """What a model takes and gives, and where it comes from.

    Attributes:
        name: the name users select it by.
        sha256: of the ``.onnx`` file, lower-case hexadecimal.
        height, width: size in pixels to which images are resized, aspect not kept.
        interpolation: ``area`` (area when shrinking, else linear) or ``linear``.
        global_dim: length D of the global descriptor.
        patches: patch size -> :class:`PatchSpec`; empty without patch outputs.
        licence: SPDX expression or a sentence.
        calibration: coefficients of the shipped probability, or None.
        path: the card's file.
        raw: the card as read, for showing and for storing in maps.
        kind: ``onnx``, or one of :data:`COMPARISONS`, hand-made descriptors whose parameters lie
            in ``NAME.npz`` instead of ``NAME.onnx``.
        rerank: what ``vpr tune-rerank`` found for this model, or None.
    """

    name: str
    sha256: str
    height: int
    width: int
    interpolation: str
    global_dim: int
    patches: Mapping[int, PatchSpec]
    licence: str
    calibration: Mapping[str, Any] | None = None
    path: Path = Path()
    raw: Mapping[str, Any] = field(default_factory=dict)
    kind: str = NETWORK
    rerank: RerankTuning | None = None

    @property
    def onnx_path(self) -> Path:
        """The ``.onnx`` file that belongs to the card of a network."""
        return self.path.with_suffix('.onnx')

    @property
    def file_path(self) -> Path:
        """The file that belongs to this card and has its sha256: ``.onnx`` or ``.npz``."""
        return self.onnx_path if self.kind == NETWORK else self.path.with_suffix('.npz')

    def check_file(self) -> None:
        """Compare the model's file with the card.

        Raises:
            ModelError: the file is missing or its sha256 is another.
        """
        if not self.file_path.is_file():
            raise ModelError(
                f'model {self.name!r}: {self.file_path} is missing; put it beside its card'
            )
        digest = hashlib.sha256(self.file_path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise ModelError(
                f'model {self.name!r}: {self.file_path.name} has sha256 {digest[:12]}..., its '
                f'card says {self.sha256[:12]}...; take both from one release, or '
                f'write the card again (docs/models.md)'
            )


def load_card(path: Path | str) -> ModelCard:
    """Read and check a model card.

    Raises:
        ModelError: the file is missing, no JSON, or a field is missing, unknown or wrong.
    """
    path = Path(path)
    if path.suffix in ('.onnx', '.npz'):
        path = path.with_suffix('.json')
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise ModelError(f'model card {path}: larger than {MAX_CARD_BYTES} bytes')
        raw = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ModelError(
            f'model card {path} cannot be read ({error.strerror}); every model is a pair '
            f'NAME.onnx + NAME.json'
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f'model card {path} is no valid JSON ({error})') from error
    try:
        return _parse(raw, path)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ModelError(f'model card {path}: {error}') from error


def _parse(raw: Any, path: Path) -> ModelCard:
    if not isinstance(raw, dict):
        raise ValueError('expected one JSON object')
    for name in _REQUIRED:
        if name not in raw:
            raise ValueError(f'the field {name!r} is missing')
    unknown = sorted(set(raw) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        known = ', '.join(_REQUIRED + _OPTIONAL)
        raise ValueError(f'unknown field {unknown[0]!r}; known: {known}')
    if raw['format'] != FORMAT:
        raise ValueError(f'format {raw["format"]!r} found, this version reads {FORMAT}')
    size = raw['input']
    height, width = int(size['height']), int(size['width'])
    interpolation = size.get('interpolation', 'area')
    if size.get('color', 'rgb') != 'rgb':
        raise ValueError("input.color must be 'rgb'; conversion belongs into the graph")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f'input.interpolation {interpolation!r} is not one of {INTERPOLATIONS}')
    if not (16 <= height <= 8192 and 16 <= width <= 8192):
        raise ValueError(f'input size {width}x{height} is outside 16..8192')
    sha256 = str(raw['sha256'])
    if len(sha256) != 64 or set(sha256) - set('0123456789abcdef'):
        raise ValueError('sha256 must be 64 lower-case hexadecimal digits')
    dim = int(raw['global_dim'])
    if not 1 <= dim <= 65536:
        raise ValueError(f'global_dim {dim} is outside 1..65536')
    patches = {int(k): _parse_patches(int(k), v) for k, v in (raw.get('patches') or {}).items()}
    kind = raw.get('kind', NETWORK)
    if kind not in (NETWORK, *COMPARISONS):
        raise ValueError(f'kind {kind!r} is not one of {", ".join((NETWORK, *COMPARISONS))}')
    calibration = raw.get('calibration')
    if calibration is not None and not isinstance(calibration, dict):
        raise ValueError('calibration must be an object or null')
    tuning = raw.get('rerank')
    return ModelCard(
        name=str(raw['name']), sha256=sha256, height=height, width=width,
        interpolation=interpolation, global_dim=dim, patches=patches,
        licence=str(raw['licence']), calibration=calibration, path=path, raw=raw, kind=kind,
        rerank=None if tuning is None else _parse_tuning(tuning, patches),
    )


def _parse_tuning(raw: Any, patches: Mapping[int, PatchSpec]) -> RerankTuning:
    weights = {int(size): float(weight) for size, weight in raw['weights'].items()}
    similarity_weight = float(raw['similarity_weight'])
    values = (*weights.values(), similarity_weight)
    if not all(0 <= value <= 1000 for value in values) or sum(weights.values()) <= 0:
        raise ValueError(f'rerank: weights {weights} and similarity_weight {similarity_weight:g}; '
                         f'expected numbers from 0 to 1000, not all weights 0')
    unknown = sorted(set(weights) - set(patches))
    if unknown:
        raise ValueError(f'rerank.weights names patch size {unknown[0]}; the card has '
                         f'{sorted(patches) or "no patches"}')
    return RerankTuning(weights, similarity_weight)


def _parse_patches(size: int, raw: Mapping[str, Any]) -> PatchSpec:
    rows, columns = (int(n) for n in raw['grid'])
    centers = np.asarray(raw['centers_px'], np.float32)
    if centers.shape != (rows * columns, 2) or not np.isfinite(centers).all():
        raise ValueError(
            f'patches.{size}.centers_px has shape {centers.shape}, expected '
            f'({rows * columns}, 2) for the grid {rows}x{columns}'
        )
    return PatchSpec(size, int(raw['dim']), (rows, columns), int(raw.get('stride', 1)), centers)


def list_cards(folder: Path | None = None) -> list[ModelCard]:
    """Return the readable cards of a folder (default: the bundled models), by name."""
    folder = share_dir('models') if folder is None else folder
    return [load_card(path) for path in sorted(folder.glob('*.json'))]


def find_card(name: str) -> ModelCard:
    """Return the card of a bundled model by name, or of a file by path.

    Raises:
        ModelError: there is no such model; the sentence lists those that there are.
    """
    if name.endswith(('.onnx', '.npz', '.json')) or '/' in name:
        return load_card(name)
    path = share_dir('models') / f'{name}.json'
    if not path.is_file():
        known = ', '.join(card.name for card in list_cards()) or 'none'
        raise ModelError(
            f'no model named {name!r}; bundled: {known}; or give the path of an .onnx that has '
            f'its card beside it'
        )
    return load_card(path)
