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

import numpy as np

from vpr_ros.bench.onnx_graph import OnnxGraph
from vpr_ros.types import FloatArray

SIZES = (2, 5, 8)
GROUP_BYTES = 5 * 2**20  # projected residuals held at once, as in the export
ROWS = 5  # of the grid, compared at once with those below that a patch can reach, as in the export
EPSILON = 1e-12
LEAST = 3e-7  # of a cluster's norm in a patch, relative to its assignment: below it is rounding


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
    """Descriptors of each size, float32 (n, d), by the steps of the published code.

    Every step makes an array of its own, as a tensor library does; the projection is one matrix
    product, where published code calls a convolution, which is slower.
    """
    x = head.features[0]
    x = x / np.maximum(np.linalg.norm(x, axis=0), EPSILON)
    channels, height, width = x.shape
    clusters = len(head.centroids)
    flat = x.reshape(channels, -1)
    logits = head.weight @ flat + head.bias[:, None]
    soft = np.exp(logits - logits.max(0))
    soft = soft / soft.sum(0)
    volume = np.zeros((clusters, channels, height * width), np.float32)
    for cluster in range(clusters):
        residual = flat - head.centroids[cluster, :, None]
        volume[cluster] = residual * soft[cluster]
    summed = volume.reshape(-1, height, width).cumsum(2).cumsum(1)
    integral = np.pad(summed, ((0, 0), (1, 0), (1, 0)))
    found = []
    for size in head.sizes:
        region = (integral[:, size:, size:] - integral[:, :-size, size:]
                  - integral[:, size:, :-size] + integral[:, :-size, :-size]) / size**2
        vlad = region.reshape(clusters, channels, -1)
        vlad = vlad / np.maximum(np.linalg.norm(vlad, axis=1, keepdims=True), EPSILON)
        vlad = vlad.reshape(clusters * channels, -1)
        vlad = vlad / np.maximum(np.linalg.norm(vlad, axis=0), EPSILON)
        described = np.ascontiguousarray(vlad.T) @ head.projection.T + head.offset
        found.append(described / np.linalg.norm(described, axis=1, keepdims=True))
    return found


def graph(head: PatchHead) -> bytes:
    """Write the projected form as an ONNX model: ``features`` to one output for each size.

    Raises:
        ImportError: the package onnx is not installed.
    """
    (_, channels, height, width), clusters = head.features.shape, len(head.centroids)
    dim, made = len(head.offset), OnnxGraph()
    op, shape, constant = made.op, made.shape, made.constant
    flat = op('Reshape', 'features', shape(channels, height * width))
    places = op('LpNormalization', op('Transpose', flat, perm=[1, 0]), axis=1, p=2)
    logits = op('MatMul', places, constant(np.ascontiguousarray(head.weight.T)))
    soft = op('Softmax', op('Add', logits, constant(head.bias)), axis=1)
    norms = {size: _norms(made, head, places, soft, size) for size in head.sizes}
    per_cluster = np.ascontiguousarray(
        head.projection.reshape(dim, clusters, channels).transpose(1, 2, 0))  # (K, D, d)
    step = max(1, GROUP_BYTES // (4 * dim * height * width))
    totals = dict.fromkeys(head.sizes, '')
    for low in range(0, clusters, step):
        chosen = slice(low, min(low + step, clusters))
        count = chosen.stop - low
        offsets = head.centroids[chosen, None] @ per_cluster[chosen]  # (k, 1, d)
        own = op('Slice', soft, shape(low), shape(chosen.stop), shape(1))
        apart = op('Sub', op('MatMul', places, constant(per_cluster[chosen])), constant(offsets))
        weight = op('Reshape', op('Transpose', own, perm=[1, 0]), shape(count, height * width, 1))
        projected = op('Mul', apart, weight)
        lines = op('Transpose', op('Reshape', projected, shape(count, height, width, dim)),
                   perm=[1, 0, 2, 3])
        lines = op('Reshape', lines, shape(height, count * width * dim))
        for size in head.sizes:
            rows, columns = height - size + 1, width - size + 1
            down = op('MatMul', constant(band(rows, height, size)), lines)
            of_group = op('Slice', norms[size][0], shape(low), shape(chosen.stop), shape(1))
            shares = op('Mul', op('Reshape', of_group, shape(rows, columns, count, 1)),
                        constant(band(columns, width, size)[:, None]))
            share = op('MatMul', op('Reshape', shares, shape(rows, columns, count * width)),
                       op('Reshape', down, shape(rows, count * width, dim)))
            totals[size] = op('Add', totals[size], share) if totals[size] else share
    for size in head.sizes:
        patches = (height - size + 1) * (width - size + 1)
        sums = op('Reshape', totals[size], shape(patches, dim))
        described = op('Add', op('Div', sums, norms[size][1]), constant(head.offset))
        made.put_out('LpNormalization', described, f'patches_{size}', [patches, dim],
                     axis=1, p=2)
    return made.serialized('features', head.features.shape)


def band(windows: int, extent: int, size: int) -> FloatArray:
    """Which cells each window of a line takes in: float32 (windows, extent), 0 or 1."""
    apart = np.arange(extent) - np.arange(windows)[:, None]
    return ((apart >= 0) & (apart < size)).astype(np.float32)


def pair_band(windows: int, extent: int, size: int) -> FloatArray:
    """Which rows, with one 0 to size - 1 below, a window takes in: (windows, extent * size)."""
    first, window = np.arange(extent)[:, None], np.arange(windows)[:, None, None]
    inside = (first >= window) & (first + np.arange(size) < window + size)
    return inside.reshape(windows, -1).astype(np.float32)


def _norms(made: OnnxGraph, head: PatchHead, places: str, soft: str, size: int) -> tuple[str, str]:
    """1 / |V_k(P)| (P, K) and the norm of the whole vector (P, 1), from distances of features.

    ``places`` are the features (HW, D), ``soft`` their assignment (HW, K).
    """
    op, shape, constant = made.op, made.shape, made.constant
    (_, _, height, width), clusters = head.features.shape, len(head.centroids)
    rows, columns = height - size + 1, width - size + 1
    patches, cells, own = rows * columns, size * size, np.arange(size)
    span, line = ROWS - 1 + max(head.sizes), np.arange(height)[:, None]
    apart = made.once('apart', lambda: _apart(made, places, (height, width), span))
    # each row with those that are 0 to size - 1 below it, by pairs of columns in each window
    near = op('Gather', apart, constant((line * span + line % ROWS + own).ravel()))
    window = np.arange(columns)[:, None]
    pairs = (window + own)[:, :, None] * width + (window + own)[:, None]
    near = op('Gather', op('Transpose', near, perm=[1, 0]), constant(pairs.ravel()))
    near = op('Reshape', op('Transpose', near, perm=[1, 0]),
              shape(height, size, columns, size, size))
    taken = op('Gather', soft, constant(line[..., None] * width + window + own))  # (H, C, p, K)
    below = op('Gather', taken, constant(np.minimum(line + own, height - 1)))
    products = op('Mul', op('MatMul', near, below), op('Unsqueeze', taken, shape(1)))
    by_rows = op('Reshape', op('ReduceSum', products, shape(3), keepdims=0),
                 shape(height * size, columns * clusters))
    spread = op('Reshape', op('MatMul', constant(pair_band(rows, height, size)), by_rows),
                shape(patches, clusters))
    maps = made.once('maps', lambda: op('Reshape', op('Transpose', op(
        'Concat', soft, op('Mul', soft, _from_centroids(made, places, head.centroids)), axis=1),
        perm=[1, 0]), shape(1, 2 * clusters, height, width)))
    means = op('AveragePool', maps, kernel_shape=[size, size])
    sums = op('Transpose', op('Mul', op('Reshape', means, shape(2 * clusters, patches)),
                              constant(np.float32(cells))), perm=[1, 0])
    assigned = op('Slice', sums, shape(0), shape(clusters), shape(1))
    whole = op('Mul', assigned, op('Slice', sums, shape(clusters), shape(2 * clusters), shape(1)))
    square = op('Sub', whole, spread)
    norms = op('Max', op('Sqrt', op('Max', square, constant(np.float32(0)))),
               op('Mul', assigned, constant(np.float32(LEAST))))
    divisors = op('Max', norms, constant(np.float32(EPSILON)))
    ones = op('Div', norms, divisors)
    length = op('Sqrt', op('ReduceSum', op('Mul', ones, ones), shape(1)))
    return op('Reciprocal', divisors), op('Max', length, constant(np.float32(EPSILON)))


def _apart(made: OnnxGraph, places: str, grid: tuple[int, int], span: int) -> str:
    """Squared distances of features, pairs of rows by pairs of columns: (rows * span, W * W).

    A row is paired with ``span`` rows from the first of its block of ROWS on, and with itself at
    half, since there each pair of cells comes twice.
    """
    op, shape, constant, (height, width) = made.op, made.shape, made.constant, grid
    blocks, size = -(-height // ROWS), ROWS * width
    top = ROWS * np.arange(blocks)[:, None]

    def cells(rows: np.ndarray) -> str:
        inside = np.minimum(rows, height - 1)[..., None] * width + np.arange(width)
        return constant(inside.reshape(blocks, -1))

    own, below = cells(top + np.arange(ROWS)), cells(top + np.arange(span))
    products = op('MatMul', op('Gather', places, own),
                  op('Transpose', op('Gather', places, below), perm=[0, 2, 1]))
    block, cell = np.divmod(np.arange(height * width), size)
    squares = op('Gather', op('Reshape', products, shape(-1)),  # so that |x_i - x_i| is 0
                 constant((block * size + cell) * span * width + cell))
    sums = op('Add', op('Reshape', op('Gather', squares, own), shape(blocks, -1, 1)),
              op('Reshape', op('Gather', squares, below), shape(blocks, 1, -1)))
    apart = op('Sub', sums, op('Mul', products, constant(np.float32(2))))
    apart = op('Transpose', op('Reshape', apart, shape(blocks, ROWS, width, span, width)),
               perm=[0, 1, 3, 2, 4])
    counted = np.where(np.eye(ROWS, span), np.float32(0.5), np.float32(1))
    apart = op('Mul', apart, constant(counted[..., None, None]))
    return op('Reshape', apart, shape(blocks * ROWS * span, width * width))


def _from_centroids(made: OnnxGraph, places: str, centroids: FloatArray) -> str:
    """Squared distances of features and centroids, (HW, K): small ones need float64."""
    op, constant, exact = made.op, made.constant, centroids.astype(np.float64)
    x = op('Cast', places, to=made.float64)
    products = op('MatMul', x, constant(np.ascontiguousarray(-2.0 * exact.T)))
    squares = op('Add', op('ReduceSum', op('Mul', x, x), made.shape(1)),
                 constant((exact ** 2).sum(1)))
    apart = op('Cast', op('Add', squares, products), to=made.float32)
    return op('Max', apart, constant(np.float32(0)))
