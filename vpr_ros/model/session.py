# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model at run time: ONNX Runtime behind one call, image in, :class:`Description` out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
import contextlib
from typing import Any

import cv2
import numpy as np

from vpr_ros.errors import ImageError, ModelError
from vpr_ros.model.card import ModelCard, NETWORK
from vpr_ros.types import Description, FloatArray, ImageArray, PatchSet

# optional input of models with patches: False leaves their computation out; True if not given
PATCH_SWITCH = 'with_patches'

CPU = 'CPUExecutionProvider'
# user's word -> providers in the order they are asked for
PROVIDERS = {
    'auto': ('CUDAExecutionProvider', 'CPUExecutionProvider'),
    'tensorrt': ('TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider'),
    'cuda': ('CUDAExecutionProvider', 'CPUExecutionProvider'),
    'cpu': ('CPUExecutionProvider',),
}


class Model:
    """One loaded model.

    Attributes:
        card: the model's card.
        provider: the execution provider in use, as ONNX Runtime reports it after loading.
        warning: '' or one sentence on why it is not the one that was asked for.
    """

    def __init__(self, card: ModelCard, *, provider: str = 'auto', threads: int = 0) -> None:
        """Load the model that a card describes.

        Args:
            card: the card; its ``.onnx`` must have the sha256 that it names.
            provider: ``auto``, ``cuda``, ``tensorrt`` or ``cpu``.
            threads: threads of the CPU provider; 0 leaves it to ONNX Runtime.

        Raises:
            ModelError: onnxruntime is missing, the file is not the card's, cannot be loaded, or
                its inputs and outputs are not those of the card.
        """
        if provider not in PROVIDERS:
            raise ModelError(f'provider {provider!r} is not one of {", ".join(PROVIDERS)}')
        if card.kind != NETWORK:
            raise ModelError(
                f'model {card.name!r} is of kind {card.kind!r}, no ONNX network; open it with '
                f'load_model'
            )
        card.check_file()
        ort = onnxruntime_module()
        self.card = card
        asked = [p for p in PROVIDERS[provider] if p in ort.get_available_providers()]
        self._session = self._load(ort, asked, threads)
        self._threads = threads
        self.provider = str(self._session.get_providers()[0])
        self.warning = _provider_warning(provider, asked, self.provider)
        self._check_signature()

    def _load(self, ort: Any, providers: Sequence[str], threads: int) -> Any:
        try:
            return ort.InferenceSession(
                str(self.card.onnx_path), session_options(ort, threads),
                providers=list(providers),
            )
        except Exception as error:  # onnxruntime raises its own unrelated classes
            raise ModelError(
                f'model {self.card.name!r}: onnxruntime cannot load {self.card.onnx_path.name} '
                f'({error}); export it again with opset 17'
            ) from error

    def _check_signature(self) -> None:
        card, inputs = self.card, self._session.get_inputs()
        expected = [1, card.height, card.width, 3]
        if [i.name for i in inputs] != ['image'] or inputs[0].type != 'tensor(uint8)':
            found = ', '.join(f'{i.name}: {i.type}' for i in inputs)
            raise ModelError(
                f"model {card.name!r} takes ({found}), expected one uint8 input 'image'; "
                f'docs/models.md says how other models come in'
            )
        if list(inputs[0].shape) != expected:
            raise ModelError(
                f'model {card.name!r} takes an image of shape {inputs[0].shape}, its card says '
                f'{expected}; correct the card'
            )
        self._outputs = ['global', *(f'patches_{size}' for size in card.patches)]
        optional = [i.name for i in self._session.get_overridable_initializers()]
        self._has_switch = PATCH_SWITCH in optional
        shapes = {o.name: list(o.shape) for o in self._session.get_outputs()}
        wanted = {'global': [1, card.global_dim]}
        for size, spec in card.patches.items():
            wanted[f'patches_{size}'] = [spec.grid[0] * spec.grid[1], spec.dim]
        for name, shape in wanted.items():
            if shapes.get(name) != shape:
                raise ModelError(
                    f'model {card.name!r}: output {name!r} has shape {shapes.get(name)}, its card '
                    f'says {shape}; correct the card'
                )

    def prepare(self, image: ImageArray) -> ImageArray:
        """Resize an RGB image as the card says.

        Args:
            image: uint8 (H, W, 3) RGB, any size.

        Returns:
            uint8 (height, width, 3) RGB, contiguous.

        Raises:
            ImageError: the array is not such an image.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ImageError(
                f'an image of shape {image.shape} and dtype {image.dtype} was given, expected '
                f'uint8 (height, width, 3) RGB; convert it with vpr_ros.images.to_rgb'
            )
        return resize(image, self.card.height, self.card.width, self.card.interpolation)

    def describe(
        self, image: ImageArray, *, patches: bool | Collection[int] = True
    ) -> Description:
        """Describe one image.

        Args:
            image: uint8 (H, W, 3) RGB, any size.
            patches: also compute the patch descriptors, where the model has them: of all sizes,
                or of those that are given here.

        Returns:
            The global descriptor float32 (D,), L2-normalised, and the patches by size.

        Raises:
            ImageError: the array is not an RGB image.
            ModelError: the model failed or put out values that are not finite.
        """
        if isinstance(patches, bool):
            patches = self.card.patches.keys() if patches else ()
        wanted = [size for size in self.card.patches if size in patches]
        outputs = ['global', *(f'patches_{size}' for size in wanted)]
        feed = {'image': self.prepare(image)[np.newaxis]}
        if self._has_switch:  # a run time computes all outputs, wanted or not
            feed[PATCH_SWITCH] = np.array(bool(wanted))
        result = dict(zip(outputs, self._run(outputs, feed), strict=True))
        descriptor: FloatArray = result['global'][0].astype(np.float32, copy=False)
        if not np.isfinite(descriptor).all():
            raise ModelError(
                f'model {self.card.name!r} put out values that are not finite; check it with '
                f'`vpr model check`'
            )
        sets = {
            size: PatchSet(result[f'patches_{size}'], self.card.patches[size].centers_px,
                           self.card.patches[size].grid)
            for size in wanted
        }
        return Description(descriptor, sets)

    def _run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """Run the network; when its GPU fails, on the CPU from now on, with a warning."""
        try:
            return list(self._session.run(outputs, feed))
        except Exception as error:  # onnxruntime raises its own unrelated classes
            failed, why = self.provider, error
        if failed != CPU:
            self.card.check_file()
            session = self._load(onnxruntime_module(), [CPU], self._threads)
            with contextlib.suppress(Exception):
                result = list(session.run(outputs, feed))
                self._session, self.provider = session, CPU
                self.warning = (f'{failed} failed while it was in use, the model runs on {CPU} '
                                f'until it is loaded again ({first_line(why)})')
                return result
        raise ModelError(f'model {self.card.name!r} failed on {failed}: {why}') from why


def resize(image: ImageArray, height: int, width: int, interpolation: str) -> ImageArray:
    """Resize an image by the rule that cards name.

    ``area`` averages when both axes shrink (or stay) and interpolates linearly otherwise;
    ``linear`` always interpolates.
    """
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    flag = cv2.INTER_AREA if interpolation == 'area' and shrinks else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(image, (width, height), interpolation=flag))


def session_options(ort: Any, threads: int) -> Any:
    """Return the options that every network is run with."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a missing CUDA is said in our own words, see warning
    # spinning pools starve the other processes of a robot (docs/performance.md)
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return options


def onnxruntime_module() -> Any:
    """Import onnxruntime.

    Raises:
        ModelError: neither of its two builds is installed.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - cpu and gpu builds exclude each other, see extras
    except ImportError as error:
        raise ModelError(
            'onnxruntime is not installed; install one of `pip install "vpr_ros[cpu]"` and '
            '`pip install "vpr_ros[gpu]"`'
        ) from error
    return onnxruntime


def first_line(error: Exception) -> str:
    """Return what an error of onnxruntime says, in one line of moderate length."""
    return str(error).strip().split('\n', 1)[0][:200]


def _provider_warning(asked_for: str, asked: Sequence[str], got: str) -> str:
    """One sentence when the provider is not the best of those that were asked for, else ''."""
    wanted = PROVIDERS[asked_for][0]
    if got == wanted or asked_for == 'cpu' or (asked_for == 'auto' and wanted not in asked):
        return ''
    if wanted not in asked:
        why = 'this build of onnxruntime does not have it (install onnxruntime-gpu)'
    else:
        why = 'it could not be started (no GPU, or its CUDA and cuDNN libraries are missing)'
    return f'{wanted} was asked for, but the model runs on {got}: {why}'
