# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local features from a network: any ONNX of the kind of XFeat, ALIKED or SuperPoint.

Input: one image, float32 (1, 1, H, W) grey or (1, 3, H, W) RGB in [0, 1]. Outputs, by name:
``keypoints`` float32 (n, 2) or (1, n, 2), x and y in pixels of the input; ``descriptors`` float32
(n, d) or (1, n, d), L2-normalised; optional ``scores`` float32 (n,) or (1, n). Where the input has
a fixed size the image is resized to it and the keypoints are scaled back.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from vpr_ros.errors import ModelError
from vpr_ros.types import FloatArray, ImageArray

MOST_DIMENSIONS = 1024


class OnnxFeatures:
    """A detector for :func:`vpr_ros.geometry.features.extract`.

    Attributes:
        kind: name of the features: the file's, and the beginning of its sha256.
    """

    def __init__(self, path: Path | str, *, threads: int = 0) -> None:
        """Load the network.

        Raises:
            ModelError: it cannot be read, or has other inputs and outputs.
        """
        path = Path(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            data = path.read_bytes()
            self._session = onnxruntime.InferenceSession(
                data, options, providers=['CPUExecutionProvider'])
        except OSError as error:
            raise ModelError(f'local_features: {path} cannot be read ({error.strerror}); give the '
                             'path of an .onnx file') from error
        except Exception as error:  # onnxruntime raises its own unrelated classes
            raise ModelError(f'local_features: {path} is no ONNX network that onnxruntime runs '
                             f'({str(error).splitlines()[0][:200]})') from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        names = {output.name for output in outputs}
        shape = inputs[0].shape
        if (len(inputs) != 1 or len(shape) != 4 or shape[1] not in (1, 3)
                or not {'keypoints', 'descriptors'} <= names):
            raise ModelError(
                f'local_features: {path.name} has inputs {[i.shape for i in inputs]} and outputs '
                f'{sorted(names)}, expected one image (1, 1 or 3, H, W) and keypoints, '
                'descriptors; export it so')
        self.kind = f'{path.stem[:7]}:{hashlib.sha256(data).hexdigest()[:8]}'
        self._input, self._channels = inputs[0].name, int(shape[1])
        self._outputs = [name for name in ('keypoints', 'descriptors', 'scores') if name in names]
        fixed = isinstance(shape[2], int) and isinstance(shape[3], int)
        self._size = (int(shape[3]), int(shape[2])) if fixed else None

    def __call__(self, image: ImageArray, most: int) -> tuple[FloatArray, FloatArray]:
        """Detect; see :data:`vpr_ros.geometry.features.Detect`.

        Raises:
            ModelError: what comes out is not what the module says.
        """
        height, width = image.shape[:2]
        taken = image if self._size is None else cv2.resize(
            image, self._size, interpolation=cv2.INTER_AREA)
        if self._channels == 1:
            taken = cv2.cvtColor(taken, cv2.COLOR_RGB2GRAY)[:, :, None]  # type: ignore[assignment]
        tensor = np.ascontiguousarray(taken.transpose(2, 0, 1)[None], np.float32) / 255.0
        found = dict(zip(self._outputs, self._session.run(self._outputs, {self._input: tensor}),
                         strict=True))
        points = np.asarray(found['keypoints'], np.float32).reshape(-1, 2)
        descriptors = np.asarray(found['descriptors'], np.float32)
        descriptors = descriptors.reshape(-1, descriptors.shape[-1])
        if (len(points) != len(descriptors) or descriptors.shape[1] > MOST_DIMENSIONS
                or not np.isfinite(points).all() or not np.isfinite(descriptors).all()):
            raise ModelError(f'local_features: the network gave {points.shape} keypoints and '
                             f'{descriptors.shape} descriptors, expected one finite descriptor '
                             f'of at most {MOST_DIMENSIONS} values each')
        if 'scores' in found and len(points) > most:
            best = np.argsort(-np.asarray(found['scores']).ravel()[: len(points)], kind='stable')
            points, descriptors = points[best], descriptors[best]
        scale = np.array([width / taken.shape[1], height / taken.shape[0]], np.float32)
        return ((points + 0.5) * scale - 0.5)[:most], descriptors[:most]
