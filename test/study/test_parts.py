# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a study beside slow loops: front, plots, indexes, PCA, GFLOPs, cells, variants."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from helpers import place_image, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError, DataError, ModelError
from vpr_ros.model import load_card, load_model
from vpr_ros.study.cells import CellStore
from vpr_ros.study.config import load_config
from vpr_ros.study.indexes import available, build, check_kind, size_bytes
from vpr_ros.study.pareto import pareto_front
from vpr_ros.study.plot import Axis, lines, scatter
from vpr_ros.study.projection import principal, project
from vpr_ros.study.scaling import CHUNK, chunks, measure_scaling, queries_of
from vpr_ros.study.variants import make_variant

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20)


@given(PAIRS)
def test_the_front_holds_what_nothing_dominates(points):
    expected = {
        i for i, (cost, gain) in enumerate(points)
        if not any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g in points)
    }
    assert set(pareto_front(points)) == expected


@settings(max_examples=50, deadline=None)
@given(PAIRS, st.booleans())
def test_plots_are_well_formed_and_lie_inside(points, logarithmic):
    named = [(f'<{i}>', float(c), float(g)) for i, (c, g) in enumerate(points)]
    tree = ElementTree.fromstring(scatter(named, x='ms', y='R@1', logarithmic=logarithmic))
    circles = tree.findall('circle')
    assert len(circles) == len(points)
    assert all(0 <= float(c.attrib['cx']) <= 520 for c in circles)
    ElementTree.fromstring(lines({'a': [(1, 2), (10, 3)], 'b': [(1, 1)]}, x='places', y='ms'))


def test_names_do_not_cover_each_other_and_equal_points_share_one():
    points = [('first', 1.0, 10.0), ('second', 1.0, 10.0), ('third', 1.05, 10.4),
              ('far', 100.0, 50.0)]
    tree = ElementTree.fromstring(scatter(points, x='ms', y='R@1'))
    texts = {t.text: (float(t.attrib['x']), float(t.attrib['y'])) for t in tree.findall('text')}
    assert 'first and 1 more' in texts and 'second' not in texts and 'far' in texts
    assert abs(texts['first and 1 more'][1] - texts['third'][1]) >= 14


def test_axes_have_round_ticks():
    assert Axis([30, 38], (0, 100), logarithmic=True).ticks() == [30, 32, 34, 36, 38]
    assert Axis([0, 10], (0, 100), logarithmic=False).ticks() == [0, 2, 4, 6, 8, 10]
    assert Axis([1, 1e6], (0, 100), logarithmic=True).ticks() == [10.0**e for e in range(7)]


def unit_rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize('kind', available())
@pytest.mark.parametrize('places', [30, 700])
def test_every_index_finds_a_place_by_its_own_descriptor(kind: str, places: int):
    rows = unit_rows(places, 32)
    index = build(kind, rows)
    assert index.ntotal == places
    _, found = index.search(rows[:20], 20)
    ranks = [20 if i not in row else row.tolist().index(i) for i, row in enumerate(found)]
    assert np.mean(np.asarray(ranks) < 20) >= 0.9
    if kind in ('exact', 'ivf', 'hnsw', 'sq8'):
        assert np.mean(np.asarray(ranks) == 0) >= 0.9
    if kind in ('sq8', 'pq', 'rabitq') and places == 700:
        assert size_bytes(index) < size_bytes(build('exact', rows))


def test_an_unknown_index_is_named():
    with pytest.raises(ConfigError, match="'lsh' is unknown; use exact"):
        check_kind('lsh')


@pytest.mark.parametrize('shape', [(40, 12), (12, 40)])
def test_pca_is_that_of_the_singular_values(shape):
    rows = unit_rows(*shape)
    mean, directions = principal(rows, 5)
    _, _, vt = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs((directions * vt[:5]).sum(axis=1)), 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(project(rows, mean, directions), axis=1), 1,
                               atol=1e-5)
    with pytest.raises(DataError, match='at most'):
        principal(rows, 13 if shape[1] == 12 else 12)


def test_the_synthetic_map_is_the_same_in_any_part():
    rows = np.concatenate(list(chunks(CHUNK + 10, 4)))
    assert rows.shape == (CHUNK + 10, 4)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    queries, places = queries_of(CHUNK + 10, 4, 7)
    assert (queries * rows[places]).sum(axis=1).min() > 0.3


def test_scaling_measures_what_it_says():
    ticks = iter(range(10_000))
    answer = measure_scaling({'index': 'exact', 'places': 500, 'dimension': 32, 'queries': 10,
                              'neighbours': 5}, clock=lambda: float(next(ticks)))
    assert answer['matching_ms'] == {'p50': 1000.0, 'p99': 1000.0}  # one tick a search
    assert answer['found'] == 1.0
    assert answer['ram_mb'] == pytest.approx(500 * 32 * 4 / 1e6, rel=0.01)


def convolutions(folder: Path) -> Path:
    """Write a network of a strided convolution, a mean and a matrix product, and its card."""
    onnx = pytest.importorskip('onnx')
    from helpers import write_card
    from onnx import helper, numpy_helper, TensorProto

    rng = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(rng.normal(size=(6, 3, 3, 3)).astype(np.float32), 'kernel'),
        numpy_helper.from_array(rng.normal(size=(6, 5)).astype(np.float32), 'matrix')]
    nodes = [
        helper.make_node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
        helper.make_node('Transpose', ['float'], ['nchw'], perm=[0, 3, 1, 2]),
        helper.make_node('Conv', ['nchw', 'kernel'], ['conv'], strides=[2, 2],
                         pads=[1, 1, 1, 1]),
        helper.make_node('GlobalAveragePool', ['conv'], ['mean']),
        helper.make_node('Flatten', ['mean'], ['flat']),
        helper.make_node('MatMul', ['flat', 'matrix'], ['small']),
        helper.make_node('LpNormalization', ['small'], ['global'], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes, 'net', [helper.make_tensor_value_info('image', TensorProto.UINT8, [1, 32, 48, 3])],
        [helper.make_tensor_value_info('global', TensorProto.FLOAT, [1, 5])], weights)
    path = folder / 'net.onnx'
    path.write_bytes(helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9).SerializeToString())
    onnx.checker.check_model(onnx.load(str(path)))
    write_card(path, height=32, width=48, global_dim=5)
    return path


def test_gflops_count_two_operations_a_product(tmp_path):
    path = convolutions(tmp_path)
    from vpr_ros.study.flops import gflops

    expected = 2 * (16 * 24 * 6) * (3 * 3 * 3) + 2 * 5 * 6
    assert gflops(path) == pytest.approx(expected / 1e9)


@pytest.mark.parametrize(('size', 'precision', 'least'), [
    ((96, 64), 'card', -1.0), (None, 'float16', 0.99), (None, 'int8', 0.9)])
def test_a_variant_is_a_model_of_its_own(tmp_path, size, precision, least):
    card = load_card(convolutions(tmp_path))
    images = [place_image(i) for i in range(4)]
    made = make_variant(card, tmp_path / 'variants', size=size, precision=precision,
                        images=images)
    model, original = load_model(str(made)), load_model(str(card.path))
    assert (model.card.width, model.card.height) == (size or (48, 32))
    product = model.describe(images[0]).global_descriptor @ original.describe(
        images[0]).global_descriptor
    assert least <= product <= 1.001
    before = made.stat().st_mtime_ns
    assert make_variant(card, tmp_path / 'variants', size=size, precision=precision) == made
    assert made.stat().st_mtime_ns == before


@pytest.mark.parametrize('name', ['default', 'small'])
def test_bundled_models_have_variants(tmp_path, name):
    from vpr_ros.model import find_card

    card = find_card(name)
    assert card.patches
    made = load_model(str(make_variant(card, tmp_path, size=(160, 128), precision='card')))
    description = made.describe(place_image(1))
    assert description.global_descriptor.shape == (card.global_dim,)
    assert not description.patches


def test_a_hand_made_model_has_no_other_precision(tmp_path):
    from vpr_ros.model import find_card

    with pytest.raises(ModelError, match='no other precision'):
        make_variant(find_card('hog'), tmp_path, size=None, precision='int8')
    made = make_variant(find_card('hog'), tmp_path, size=(160, 120), precision='card')
    assert load_model(str(made)).card.global_dim == 3 * 2 * 36


def test_cells_are_found_again_and_damaged_ones_are_not(tmp_path):
    store, question = CellStore(tmp_path), {'study': 'grid', 'index': 'exact'}
    assert store.read(question) is None
    store.write(question, {'recall': 0.5})
    assert store.read(question) == {'recall': 0.5}
    assert store.read({**question, 'index': 'pq'}) is None
    assert [p.suffix for p in tmp_path.iterdir()] == ['.json']
    store.path(question).write_text('{"format": 1, "ans')
    assert store.read(question) is None
    store.path(question).write_text(json.dumps({'format': 99}))
    assert store.read(question) is None


@pytest.mark.parametrize(('text', 'sentence'), [
    ('', 'nothing to measure'),
    ('gird: {}', "unknown key 'gird' in the study"),
    ('grid: {index: [lsh]}', "index kind 'lsh' is unknown"),
    ('grid: {}', 'need datasets'),
    ('datasets: {a: b}\ngrid: {resolution: big}', 'expected card or WIDTHxHEIGHT'),
    ('datasets: {a: b}\ngrid: {precision: int4}', "precision 'int4' is not one of"),
    ('datasets: {a: b}\ngrid: {dimension: true}', 'expected a whole number'),
    ('scaling: {places: 1.5}', 'expected a whole number'),
    ('processes: 0\nscaling: {}', 'processes is 0'),
    ('[1, 2', 'is no valid YAML'),
])
def test_a_wrong_configuration_is_said(tmp_path, text, sentence):
    path = tmp_path / 'study.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load_config(path)


def test_the_grid_is_every_combination(tmp_path):
    path = tmp_path / 'study.yaml'
    path.write_text('datasets: {a: here, b: there}\ngrid: {model: [x, y], index: [exact, pq]}\n'
                    'scaling: {places: [100, 1000], index: [exact, hnsw], '
                    'most_places: {hnsw: 100}}')
    config = load_config(path)
    assert len(config.grid_cells()) == 2 * 2 * 2
    assert [(c['index'], c['places']) for c in config.scaling_cells()] == [
        ('exact', 100), ('exact', 1000), ('hnsw', 100)]
    assert config.datasets['a'] == tmp_path / 'here'


def test_several_grids_join_and_may_keep_to_some_datasets(tmp_path):
    path = tmp_path / 'study.yaml'
    path.write_text('datasets: {a: here, b: there}\ngrid:\n'
                    '- {model: [x, y]}\n'
                    '- {model: x, index: [exact, pq], dataset: b}\n')
    cells = load_config(path).grid_cells()
    assert [(c['dataset'], c['model'], c['index']) for c in cells] == [
        ('a', 'x', 'exact'), ('a', 'y', 'exact'),
        ('b', 'x', 'exact'), ('b', 'y', 'exact'), ('b', 'x', 'pq')]
    path.write_text('datasets: {a: here}\ngrid: [{dataset: c}]')
    with pytest.raises(ConfigError, match=r"grid\.dataset 'c' is not one of the datasets a"):
        load_config(path)


def test_a_model_without_a_convolution_costs_nothing(tmp_path):
    path = tiny_model(tmp_path)
    from vpr_ros.study.flops import gflops

    assert gflops(path) == 0.0
