# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dot products of 8-bit patch descriptors, computed on the bytes.

A map holds patches as bytes, and a processor multiplies bytes several times as fast as floats.
Sums of their products are whole numbers, so nothing is rounded: the result is that of the decoded
descriptors. NumPy has no such product, onnxruntime has; the graph is one node of its operators.

Without the instructions for it (AVX2 alone), the fast kernel for unsigned times signed bytes
adds pairs in 16 bits, which overflow. Whether a kernel is exact is therefore tried once with the
largest values there are; then the exact, slower kernel for unsigned bytes is tried, and where
neither is right :func:`byte_product` is None and descriptors are decoded.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
import onnxruntime

from vpr_ros.rerank.codes import PatchCodes, ZERO_POINT
from vpr_ros.types import FloatArray

ByteArray = NDArray[np.uint8] | NDArray[np.int8]

# y (m, n) = (a (m, d) - 128) (b (d, n) - zero point) * scale (n,), b signed or unsigned bytes;
# test/rerank/test_products.py builds both graphs and compares.
GRAPHS = {
    'int8': (
        'CAgSB3Zwcl9yb3M6ywEKQgoBYQoBYgoDb25lCgVzY2FsZQoCemEKAnpiEgF5IhRNYXRNdWxJbnRlZ2VyVG9G'
        'bG9hdDoNY29tLm1pY3Jvc29mdBIEaW50OCoNEAEiBAAAgD9CA29uZSoKEAIqAoABQgJ6YSoJEAMqAQBCAnpi'
        'WhUKAWESEAoOCAISCgoDEgFtCgMSAWRaFQoBYhIQCg4IAxIKCgMSAWQKAxIBbloUCgVzY2FsZRILCgkIARIF'
        'CgMSAW5iFQoBeRIQCg4IARIKCgMSAW0KAxIBbkIECgAQEUIRCg1jb20ubWljcm9zb2Z0EAE='
    ),
    'uint8': (
        'CAgSB3Zwcl9yb3M6zQEKQgoBYQoBYgoDb25lCgVzY2FsZQoCemEKAnpiEgF5IhRNYXRNdWxJbnRlZ2VyVG9G'
        'bG9hdDoNY29tLm1pY3Jvc29mdBIFdWludDgqDRABIgQAAIA/QgNvbmUqChACKgKAAUICemEqChACKgKAAUIC'
        'emJaFQoBYRIQCg4IAhIKCgMSAW0KAxIBZFoVCgFiEhAKDggCEgoKAxIBZAoDEgFuWhQKBXNjYWxlEgsKCQgB'
        'EgUKAxIBbmIVCgF5EhAKDggBEgoKAxIBbQoDEgFuQgQKABARQhEKDWNvbS5taWNyb3NvZnQQAQ=='
    ),
}


@dataclass(frozen=True)
class QueryCodes:
    """The patches of a query as the product takes them.

    Attributes:
        columns: int8 or uint8 (d, n), a patch a column, contiguous.
        scales: float32 (n,), of the columns.
    """

    columns: ByteArray
    scales: FloatArray


class ByteProduct:
    """One of the graphs, run on the calling thread; any number of threads may call it.

    Args:
        kind: a key of :data:`GRAPHS`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            base64.b64decode(GRAPHS[kind]), options, providers=['CPUExecutionProvider']
        )

    def prepare(self, codes: PatchCodes) -> QueryCodes:
        """Lay out a query's codes."""
        columns: ByteArray = np.ascontiguousarray(codes.codes.T)
        if self.kind == 'int8':
            columns = (columns ^ np.uint8(ZERO_POINT)).view(np.int8)
        return QueryCodes(columns, codes.scales)

    def multiply(self, codes: NDArray[np.uint8], query: QueryCodes, out: FloatArray) -> None:
        """Dot products of decoded patches, but for the scales of ``codes``.

        Args:
            codes: uint8 (m, d), contiguous, zero point 128.
            query: n patches of d dimensions.
            out: float32 (m, n), contiguous, written.
        """
        binding = self._session.io_binding()
        for name, array in (('a', codes), ('b', query.columns), ('scale', query.scales)):
            binding.bind_input(name, 'cpu', 0, array.dtype, array.shape, array.ctypes.data)
        binding.bind_output('y', 'cpu', 0, np.float32, out.shape, out.ctypes.data)
        self._session.run_with_iobinding(binding)


@cache
def byte_product() -> ByteProduct | None:
    """Return the fastest product that is exact on this machine, or None."""
    for kind in GRAPHS:
        try:
            product = ByteProduct(kind)
            if is_exact(product):
                return product
        except Exception:  # an onnxruntime without this operator raises errors of its own
            continue
    return None


def is_exact(product: ByteProduct) -> bool:
    """Whether products of the largest values, in every combination of signs, come out right."""
    rows = np.array([[1, 255] * 64, [255, 255] * 64, [1, 1] * 64, [255, 1] * 64], np.uint8)
    spread = np.arange(4 * 128, dtype=np.int64) * 37 % 255 + 1
    rows = np.concatenate([rows, spread.reshape(4, 128).astype(np.uint8)])
    centers = np.zeros((len(rows), 2), np.float32)
    query = PatchCodes(rows, np.ones(len(rows), np.float32), (1, len(rows)), centers)
    found = np.empty((len(rows), len(rows)), np.float32)
    product.multiply(rows, product.prepare(query), found)
    signed = rows.astype(np.int64) - ZERO_POINT
    return bool((found == signed @ signed.T).all())
