# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Products of bytes: equal to those of whole numbers, and the same matches as of floats."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from rerank.patch_sets import look, patch_set, scene

from vpr_ros.rerank import pairs
from vpr_ros.rerank.codes import decode, encode, PatchCodes
from vpr_ros.rerank.matching import are_blank_codes, mutual_code_matches, mutual_matches
from vpr_ros.rerank.presets import PRESETS
from vpr_ros.rerank.products import byte_product, ByteProduct, GRAPHS, is_exact
from vpr_ros.rerank.reranker import Candidate, Reranker
from vpr_ros.rerank.scales import stack_codes

GRID = (6, 7)


@pytest.mark.parametrize('kind', sorted(GRAPHS))
def test_the_graph_is_one_node(kind):
    onnx = pytest.importorskip('onnx')
    helper, kinds = onnx.helper, onnx.TensorProto
    bytes_of = {'int8': kinds.INT8, 'uint8': kinds.UINT8}[kind]
    of = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node('MatMulIntegerToFloat', ['a', 'b', 'one', 'scale', 'za', 'zb'], ['y'],
                          domain='com.microsoft')],
        kind,
        [of('a', kinds.UINT8, ['m', 'd']), of('b', bytes_of, ['d', 'n']),
         of('scale', kinds.FLOAT, ['n'])],
        [of('y', kinds.FLOAT, ['m', 'n'])],
        [helper.make_tensor('one', kinds.FLOAT, [], [1.0]),
         helper.make_tensor('za', kinds.UINT8, [], [128]),
         helper.make_tensor('zb', bytes_of, [], [0 if kind == 'int8' else 128])],
    )
    expected = helper.make_model(
        graph, ir_version=8, producer_name='vpr_ros',
        opset_imports=[helper.make_opsetid('', 17), helper.make_opsetid('com.microsoft', 1)])
    assert onnx.load_from_string(base64.b64decode(GRAPHS[kind])) == expected


@pytest.mark.parametrize('kind', sorted(GRAPHS))
@given(seed=st.integers(0, 10**6), m=st.integers(1, 40), n=st.integers(1, 40),
       dim=st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_products_are_those_of_whole_numbers(kind, seed, m, n, dim):
    rng, product = np.random.default_rng(seed), ByteProduct(kind)
    if not is_exact(product):  # this processor adds pairs in 16 bits
        return
    rows, columns = (rng.integers(1, 256, (k, dim)).astype(np.uint8) for k in (m, n))
    scales = rng.uniform(0.1, 1, n).astype(np.float32)
    query = product.prepare(PatchCodes(columns, scales, (1, n), np.zeros((n, 2), np.float32)))
    found = np.empty((m, n), np.float32)
    product.multiply(rows, query, found)
    whole = (rows.astype(np.int64) - 128) @ (columns.astype(np.int64) - 128).T
    np.testing.assert_allclose(found, whole * scales.astype(float), rtol=2e-7)


def test_this_machine_has_an_exact_product():
    assert byte_product() is not None
    assert is_exact(byte_product())


def test_a_product_that_overflows_is_not_taken(monkeypatch):
    def saturated(self, codes, query, out):
        exact(self, codes, query, out)
        np.clip(out, -2**15, 2**15 - 1, out=out)

    exact = ByteProduct.multiply
    monkeypatch.setattr(ByteProduct, 'multiply', saturated)
    byte_product.cache_clear()
    try:
        assert byte_product() is None
    finally:
        byte_product.cache_clear()


def coded_views(seed, count, dim=24):
    """Return a query and candidates, the first of which shows the same scene."""
    world = scene(seed, dim=dim)
    query = look(world, 2, 2, GRID)
    others = [look(world if k == 0 else scene(seed + k, dim=dim), k % 3, 2, GRID, noise=0.4,
                   seed=k) for k in range(count)]
    return query, others


@given(seed=st.integers(0, 10**6), count=st.integers(1, 5), stride=st.integers(1, 3),
       dim=st.sampled_from([0, 12]))
@settings(max_examples=40, deadline=None)
def test_codes_match_as_what_they_decode_to(seed, count, stride, dim):
    query, others = coded_views(seed, count)
    product = byte_product()
    codes, scales = stack_codes([encode(query), *map(encode, others)], stride=stride, dim=dim)
    decoded = (codes.astype(np.float32) - 128) * scales[..., None]
    np.testing.assert_allclose(np.linalg.norm(decoded, axis=2), 1, rtol=1e-5)
    own = PatchCodes(codes[0], scales[0], (1, len(codes[0])), np.zeros((1, 2), np.float32))
    found = mutual_code_matches(product, product.prepare(own), codes, scales)
    expected = mutual_matches(decoded[0], decoded)
    for name in ('query', 'reference', 'candidate'):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_array_equal(found.of(0)[0], found.of(0)[1])  # it matches itself throughout


@pytest.mark.parametrize('name', sorted(PRESETS))
def test_without_byte_products_scores_are_the_same(monkeypatch, name):
    query, others = coded_views(3, 4)
    patches = {size: query for size in (2, 5, 8)}

    def scores():
        offered = [Candidate(k, lambda one=one: {s: encode(one) for s in (2, 5, 8)})
                   for k, one in enumerate(others)]
        return Reranker(name).rerank(
            {size: decode_as_query(query) for size in patches}, offered).ranked

    with_bytes = scores()
    monkeypatch.setattr(pairs, 'byte_product', lambda: None)
    assert scores() == with_bytes


def decode_as_query(query):
    """Return what the 8-bit query stands for, so that both forms start from the same numbers."""
    return decode(encode(query))


def test_blank_codes_are_told_from_others():
    rng = np.random.default_rng(0)
    textured = rng.normal(size=(12, 20, 16))
    wall = np.ones((12, 20, 16))
    odd = wall.copy()
    odd[5, 7] = -1  # one patch of 240 differs, in a place that the sample misses
    sets = [encode(patch_set(one)) for one in (textured, wall, odd)]
    sets.append(PatchCodes(np.full((240, 16), 128, np.uint8), np.full(240, 1e-6, np.float32),
                           (12, 20), sets[0].centers_px))
    assert are_blank_codes(*stack_codes(sets)).tolist() == [False, True, False, True]
