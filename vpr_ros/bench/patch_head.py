# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patch descriptors in two forms, on made-up features: projected in a graph, and by definition.

The graph is what ``python -m training export`` puts behind a backbone (training/patches.py; a test
compares the two), here without a backbone and with weights made up, so that it can be timed alone.
The definition is the published form: the residuals of all clusters as one volume, its integral
image, and for each patch size the differences of four corners, normalised and projected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

SIZES = (2, 5, 8)
GROUP_BYTES = 2 * 2**20  # residuals and projected residuals held at once, as in the export
EPSILON = 1e-12


@dataclass(frozen=True)
class PatchHead:
    """Features and weights.

    Attributes:
        features: float32 (1, D, H, W), columns of unit length.
        weight, bias: (K, D), (K,): of the soft assignment.
        centroids: (K, D).
        projection, offset: (d, K * D), (d,).
    """

    features: FloatArray
    weight: FloatArray
    bias: FloatArray
    centroids: FloatArray
    projection: FloatArray
    offset: FloatArray
    sizes: tuple[int, ...] = field(default=SIZES)


def made_up(*, seed: int = 0, clusters: int = 64, channels: int = 512, dim: int = 128,
            grid: tuple[int, int] = (30, 40), sharpness: float = 40.0) -> PatchHead:
    """Make up a head of the paper's size (VGG-16, 64 clusters) on the grid of 480x640 images."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> FloatArray:
        return rng.standard_normal(shape).astype(np.float32)

    features, centroids = normal(1, channels, *grid), normal(clusters, channels)
    features += features.mean((2, 3), keepdims=True)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    return PatchHead(features, np.float32(sharpness) * centroids,
                     np.zeros(clusters, np.float32), centroids,
                     normal(dim, clusters * channels) / np.float32(channels), 0.1 * normal(dim))


def by_definition(head: PatchHead) -> list[FloatArray]:
    """Descriptors of each size, float32 (n, d), by equations of section 3.2 as published."""
    x = head.features[0]
    channels, height, width = x.shape
    clusters = len(head.centroids)
    logits = head.weight @ x.reshape(channels, -1) + head.bias[:, None]
    soft = np.exp(logits - logits.max(0))
    soft /= soft.sum(0)
    volume = (x[None] - head.centroids[:, :, None, None]) * soft.reshape(-1, 1, height, width)
    integral = np.zeros((clusters, channels, height + 1, width + 1), np.float32)
    np.cumsum(volume, 2, out=volume)
    np.cumsum(volume, 3, out=integral[:, :, 1:, 1:])
    found = []
    for size in head.sizes:
        summed = (integral[:, :, size:, size:] - integral[:, :, :-size, size:]
                  - integral[:, :, size:, :-size] + integral[:, :, :-size, :-size])
        summed /= np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), EPSILON)
        rows = np.ascontiguousarray(summed.reshape(clusters * channels, -1).T)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), EPSILON)
        described = rows @ head.projection.T + head.offset
        found.append(described / np.linalg.norm(described, axis=1, keepdims=True))
    return found


def graph(head: PatchHead) -> bytes:
    """Write the projected form as an ONNX model: ``features`` to one output for each size.

    Raises:
        ImportError: the package onnx is not installed.
    """
    from onnx import helper, numpy_helper, TensorProto  # noqa: PLC0415 - an optional extra

    (_, channels, height, width), clusters = head.features.shape, len(head.centroids)
    dim = len(head.offset)
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(value: NDArray) -> str:
        constants.append(numpy_helper.from_array(value, f'c{len(constants)}'))
        return str(constants[-1].name)

    def op(kind: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [f'n{len(nodes)}'], **attributes))
        return str(nodes[-1].output[0])

    def shape(*sides: int) -> str:
        return constant(np.array(sides, np.int64))

    def box(of: str, size: int) -> str:
        down = op('AveragePool', of, kernel_shape=[size, 1])
        mean = op('AveragePool', down, kernel_shape=[1, size])
        return op('Mul', mean, constant(np.float32(size * size)))

    tiny, channel, all_clusters = constant(np.float32(EPSILON)), shape(1), shape(0)
    logits = op('Conv', 'features', constant(head.weight[:, :, None, None]), constant(head.bias))
    soft = op('Reshape', op('Softmax', logits, axis=1), shape(clusters, 1, height, width))
    per_cluster = np.ascontiguousarray(
        head.projection.reshape(dim, clusters, channels).transpose(1, 0, 2))
    step = max(1, GROUP_BYTES // (4 * (channels + dim) * height * width))
    counts = [(height - size + 1) * (width - size + 1) for size in head.sizes]
    total = ''
    for low in range(0, clusters, step):
        chosen = slice(low, min(low + step, clusters))
        count = chosen.stop - low
        of_group = op('Slice', soft, shape(low), shape(chosen.stop), all_clusters)
        apart = op('Sub', 'features', constant(head.centroids[chosen, :, None, None]))
        residuals = op('Mul', apart, of_group)
        flat = op('Reshape', residuals, shape(count, channels, height * width))
        product = op('MatMul', constant(per_cluster[chosen]), flat)
        projected = op('Reshape', product, shape(count, dim, height, width))
        shares = []  # of all sizes in one sum, so that one group is freed before the next
        for size, patches in zip(head.sizes, counts, strict=True):
            norms = op('ReduceL2', box(residuals, size), channel)
            divisors = op('Max', norms, tiny)
            share = op('ReduceSum', op('Div', box(projected, size), divisors), all_clusters,
                       keepdims=0)
            ones = op('Div', norms, divisors)
            unit = op('ReduceSum', op('Mul', ones, ones), all_clusters, keepdims=0)
            both = op('Concat', share, unit, axis=0)
            shares.append(op('Reshape', both, shape(dim + 1, patches)))
        of_all = op('Concat', *shares, axis=1)
        total = op('Add', total, of_all) if total else of_all
    outputs = []
    for size, first, patches in zip(head.sizes, np.cumsum([0, *counts]), counts, strict=False):
        own = op('Slice', total, shape(first), shape(first + patches), channel)
        sums = op('Slice', own, shape(0), shape(dim), all_clusters)
        whole = op('Sqrt', op('Slice', own, shape(dim), shape(dim + 1), all_clusters))
        rows = op('Transpose', op('Div', sums, op('Max', whole, tiny)), perm=[1, 0])
        described = op('Add', rows, constant(head.offset))
        nodes.append(helper.make_node('LpNormalization', [described], [f'patches_{size}'],
                                      axis=1, p=2))
        outputs.append(helper.make_tensor_value_info(
            f'patches_{size}', TensorProto.FLOAT, [patches, dim]))
    made = helper.make_graph(nodes, 'patches', [helper.make_tensor_value_info(
        'features', TensorProto.FLOAT, list(head.features.shape))], outputs, constants)
    return bytes(helper.make_model(
        made, opset_imports=[helper.make_opsetid('', 18)], ir_version=9).SerializeToString())
