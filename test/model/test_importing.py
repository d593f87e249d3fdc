# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foreign models become the package's own and answer alike; those that cannot are refused."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path
import sys

from foreign_models import descriptor_by_definition, DIM, foreign_model, HEIGHT, OPEN, WIDTH
from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import onnx
from onnx import helper, TensorProto
import pytest

from vpr_ros.errors import ConfigError, ModelError, VprError
from vpr_ros.model import load_card, load_model
from vpr_ros.model.importing import import_model, Preprocessing, stated_preprocessing
from vpr_ros.model.importing.probing import probe_images, unit_rows

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocessed_by_definition(image, mean=MEAN, std=STD, scale=1.0, color='rgb'):
    seen = np.zeros(image.shape)
    for channel in range(3):
        source = {'rgb': channel, 'bgr': 2 - channel}[color]
        seen[..., channel] = (image[..., source] / 255 * scale - mean[channel]) / std[channel]
    return seen


def expected(image, **stated):
    found = descriptor_by_definition(preprocessed_by_definition(image, **stated))
    return found / np.linalg.norm(found)


def described(path: Path, image):
    return load_model(str(path), provider='cpu', threads=1).describe(image).global_descriptor


def imported(folder: Path, path: Path, **options):
    return import_model(path, folder / 'models', **{'licence': 'MIT', **options})


IMAGE = place_image(3, height=96, width=144)[:HEIGHT, :WIDTH]


@pytest.mark.parametrize('graph', [
    {},  # as torch exports it by default
    {'shape': OPEN, 'options': {'height': HEIGHT, 'width': WIDTH}},
    {'shape': ('batch', 3, HEIGHT, WIDTH)},
    {'shape': (1, HEIGHT, WIDTH, 3)},
    {'shape': ('n', 'h', 'w', 3), 'options': {'height': HEIGHT, 'width': WIDTH}},
    {'dtype': 'float16', 'tolerance': 1e-2},
    {'end': [helper.make_node('Identity', ['pooled'], ['descriptor'])]},  # (1, D, 1, 1)
    {'end': [helper.make_node('Squeeze', ['pooled', 'axes'], ['descriptor'])]},  # (D)
    {'input_name': 'image', 'outputs': ['global'],  # our names for other values
     'end': [helper.make_node('Flatten', ['pooled'], ['global'])]},
    {'end': [helper.make_node('Flatten', ['pooled'], ['vpr_output']),
             helper.make_node('Relu', ['vpr_output'], ['global']),
             helper.make_node('Relu', ['global'], ['descriptor'])]},
    {'external': True},
    {'opset': 7, 'ir_version': 3},
    {'opset': 7, 'ir_version': 3, 'dtype': 'float16', 'tolerance': 1e-2},
    {'opset': 11, 'ir_version': 6}, {'opset': 18}, {'opset': 21, 'ir_version': 10},
], ids=str)
def test_an_imported_model_answers_as_the_definition(tmp_path: Path, graph: dict) -> None:
    graph = dict(graph)
    options, tolerance = graph.pop('options', {}), graph.pop('tolerance', 1e-5)
    path = foreign_model(tmp_path, **graph)
    if 'axes' in str(graph.get('end')):
        add_axes(path)
    before = onnx.load(str(path), load_external_data=False)
    result = imported(tmp_path, path, **options)
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE), expected(IMAGE),
                               atol=tolerance)
    assert (result.normalised, result.images) == (True, 4)
    assert result.cosine > 0.9999
    made = onnx.load(str(result.card.onnx_path))
    onnx.checker.check_model(made)
    assert (made.ir_version, made.opset_import) == (before.ir_version, before.opset_import)
    assert sorted(p.name for p in (tmp_path / 'models').iterdir()) == [
        'foreign.json', 'foreign.onnx']


def add_axes(path: Path) -> None:
    model = onnx.load(str(path))
    model.graph.initializer.append(helper.make_tensor('axes', TensorProto.INT64, [3], [0, 2, 3]))
    onnx.save(model, str(path))


def test_a_normalised_output_is_left_alone(tmp_path: Path) -> None:
    path = foreign_model(tmp_path, end=[
        helper.make_node('Flatten', ['pooled'], ['flat']),
        helper.make_node('LpNormalization', ['flat'], ['descriptor'], axis=1, p=2)])
    result = imported(tmp_path, path)
    assert not result.normalised
    kinds = [node.op_type for node in onnx.load(str(result.card.onnx_path)).graph.node]
    assert 'Sqrt' not in kinds
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE), expected(IMAGE), atol=1e-5)


def test_pixels_need_no_preprocessing(tmp_path: Path) -> None:
    """A graph whose preprocessing is inside already needs no more than names and a card."""
    path = foreign_model(tmp_path, dtype='uint8', shape=(1, HEIGHT, WIDTH, 3))
    found = descriptor_by_definition(IMAGE[..., ::-1])
    result = imported(tmp_path, path, color='bgr')
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE),
                               found / np.linalg.norm(found), atol=1e-5)
    with pytest.raises(ConfigError, match='takes the pixels themselves'):
        imported(tmp_path, path, scale=255, name='other')


def test_the_card_says_where_it_comes_from(tmp_path: Path) -> None:
    card = imported(tmp_path, foreign_model(tmp_path), name='mine', interpolation='linear',
                    description='A test.', color='bgr').card
    assert card == load_card(tmp_path / 'models' / 'mine.onnx')
    card.check_file()
    assert (card.name, card.height, card.width, card.global_dim) == ('mine', HEIGHT, WIDTH, DIM)
    assert (card.interpolation, card.licence, card.patches) == ('linear', 'MIT', {})
    assert card.raw['description'] == 'A test.'
    (origin,) = card.raw['initialised_from']
    assert origin['preprocessing'] == {'scale': 1.0, 'mean': [0.406, 0.456, 0.485],
                                       'std': [0.225, 0.224, 0.229], 'color': 'bgr'}
    assert 'foreign.onnx' in origin['what']


@pytest.mark.parametrize(('given_', 'stated'), [
    ({}, {}),
    ({'color': 'bgr'}, {'mean': MEAN[::-1], 'std': STD[::-1]}),
    ({'scale': 255}, {'mean': (0, 0, 0), 'std': (1, 1, 1)}),
    ({'scale': 255, 'mean': (103.94, 116.78, 123.68), 'std': (1, 1, 1), 'color': 'bgr'}, {}),
    ({'mean': (0.5, 0.5, 0.5), 'std': (0.5, 0.5, 0.5)}, {}),
])
def test_what_is_not_stated_is_filled_in(tmp_path: Path, given_: dict, stated: dict) -> None:
    result = imported(tmp_path, foreign_model(tmp_path), **given_)
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE),
                               expected(IMAGE, **given_, **stated), atol=1e-5)


numbers = st.floats(-300, 300, width=32)
deviations = st.floats(1 / 1024, 300, width=32)


@settings(max_examples=60, deadline=None)
@given(mean=st.tuples(numbers, numbers, numbers),
       std=st.tuples(deviations, deviations, deviations),
       scale=st.sampled_from([None, 1.0, 2.0, 255.0]), color=st.sampled_from(['rgb', 'bgr']))
def test_preprocessing_is_as_defined(mean, std, scale, color) -> None:
    stated = stated_preprocessing(mean, std, scale, color)
    image = place_image(1, height=12, width=16)
    oracle = preprocessed_by_definition(image, mean, std, scale or 1.0, color)
    np.testing.assert_allclose(stated.apply(image), oracle, rtol=1e-5, atol=1e-5)
    ordered = image[..., ::-1] if color == 'bgr' else image
    in_graph = (ordered.astype(np.float32) - stated.offset) * stated.factor
    largest = np.abs(np.asarray(mean) / std).max() + 255 / min(std)
    np.testing.assert_allclose(in_graph, oracle, atol=1e-6 * largest)


@settings(max_examples=8, deadline=None)
@given(mean=st.tuples(*[st.floats(0, 1, width=32)] * 3),
       std=st.tuples(*[st.floats(0.125, 1, width=32)] * 3), color=st.sampled_from(['rgb', 'bgr']))
def test_any_mean_and_std_come_into_the_graph(tmp_path_factory, mean, std, color) -> None:
    folder = tmp_path_factory.mktemp('any')
    result = imported(folder, foreign_model(folder), mean=mean, std=std, color=color)
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE),
                               expected(IMAGE, mean=mean, std=std, color=color), atol=1e-5)


@pytest.mark.parametrize(('options', 'sentence'), [
    ({'mean': (1, 1, 1)}, '--mean was given without --std; give both, --std 1 1 1 for none'),
    ({'std': (1, 1, 1)}, '--std was given without --mean; give both, --mean 0 0 0 for none'),
    ({'mean': (0, 0), 'std': (1, 1, 1)}, '--mean has 2 numbers, expected three'),
    ({'mean': (0, 0, 0), 'std': (1, 0, 1)}, 'those of --std above 0'),
    ({'mean': (0, float('nan'), 0), 'std': (1, 1, 1)}, 'expected finite numbers'),
    ({'mean': (0, 0, 0), 'std': (1, 1e-300, 1)}, 'cannot be computed with'),
    ({'scale': 0.0}, '--scale 0 was given, expected a number above 0'),
    ({'scale': float('inf')}, '--scale inf was given'),
    ({'color': 'yuv'}, "color 'yuv' is not one of rgb, bgr"),
    ({'interpolation': 'cubic'}, "interpolation 'cubic' is not one of area, linear"),
    ({'licence': ' '}, 'the licence is empty; say what the authors'),
    ({'name': '../x'}, "the name '../x' is no name of a model"),
    ({'height': HEIGHT + 1}, '--height 33 was given, but foreign.onnx takes images of height 32'),
    ({'width': 7}, '--width 7 was given, but foreign.onnx takes images of width 48 alone'),
    ({'output': 'nothing'}, "has no output 'nothing'; there are: descriptor; and within the "
     'graph, before descriptor: pooled, positive, features'),
])
def test_arguments_that_make_no_sense(tmp_path: Path, options: dict, sentence: str) -> None:
    check_refused(tmp_path, foreign_model(tmp_path), sentence, **options)


def check_refused(folder: Path, path: Path, sentence: str, **options) -> None:
    with pytest.raises(VprError) as refused:
        imported(folder, path, **options)
    assert sentence in str(refused.value)
    assert '\n' not in str(refused.value)
    assert not (folder / 'models').exists()


def node(kind: str, inputs: list[str], **attributes):
    return helper.make_node(kind, inputs, ['descriptor'], **attributes)


@pytest.mark.parametrize(('graph', 'sentence'), [
    ({'shape': OPEN}, 'leaves the height of its images open; say to which size'),
    ({'shape': (1, 3, HEIGHT, 'w')}, 'leaves the width of its images open'),
    ({'shape': (1, 3, 8, 8)}, 'height 8 is outside 16..8192'),
    ({'shape': (4, 3, HEIGHT, WIDTH)}, 'a batch of 4; export it with a batch of 1'),
    ({'shape': (3, 3, HEIGHT)}, 'has shape (3, 3, 32), expected (1, 3, H, W)'),
    ({'shape': (1, 1, HEIGHT, WIDTH)}, 'which is no image of three channels'),
    ({'dtype': 'float64'}, "input 'input' is DOUBLE, expected FLOAT, FLOAT16 or UINT8"),
    ({'opset': 6}, 'has opset 6, expected 7 or later'),
    ({'outputs': ['positive', 'pooled'], 'end': [node('Identity', ['pooled'])]},
     'has 2 outputs; say which is the descriptor with --output, one of: positive, pooled'),
    ({'outputs': ['features']}, "output 'features' is float32 (1, 16, 8, 12), expected one"),
    ({'end': [node('Shape', ['pooled'])], 'output_type': TensorProto.INT64},
     "output 'descriptor' is int64 (4,), expected one descriptor of float32"),
    ({'end': [node('Frobnicate', ['pooled'], domain='made.up')]},
     'export it without custom operators (made.up::Frobnicate)'),
    ({'end': [node('Frobnicate', ['pooled'])]}, 'onnxruntime cannot load foreign.onnx'),
    ({'end': [helper.make_node('Neg', ['pooled'], ['negative']),
              helper.make_node('Sub', ['negative', 'bias'], ['below']),
              helper.make_node('Log', ['negative'], ['descriptor'])]}, 'not finite; check mean'),
    ({'end': [helper.make_node('Sub', ['pooled', 'pooled'], ['none']),
              helper.make_node('Cos', ['none'], ['descriptor'])]}, 'describes all images alike'),
    ({'outputs': ['bias']}, 'describes all images alike'),
    ({'end': [helper.make_node('RandomNormalLike', ['pooled'], ['noise']),
              node('Add', ['pooled', 'noise'])]}, 'describes one image in two ways'),
    ({'end': [helper.make_node('Constant', [], ['shape'], value_ints=[1, 2, 8]),
              node('Reshape', ['pooled', 'shape'])]}, 'is float32 (1, 2, 8), expected one'),
], ids=lambda value: str(value)[:60])
def test_graphs_that_cannot_come_in(tmp_path: Path, graph: dict, sentence: str) -> None:
    check_refused(tmp_path, foreign_model(tmp_path, **graph), sentence)


def test_a_size_that_the_graph_cannot_take(tmp_path: Path) -> None:
    path = foreign_model(tmp_path, shape=OPEN, end=[
        helper.make_node('Flatten', ['positive'], ['flat']),
        helper.make_node('Constant', [], ['shape'], value_ints=[1, 2048]),
        node('Reshape', ['flat', 'shape'])])
    check_refused(tmp_path, path, 'cannot run foreign.onnx on an image of 40x20', height=20,
                  width=40)
    check_refused(tmp_path, path, '; give the size that it was exported with, or', height=20,
                  width=40)
    assert imported(tmp_path, path, height=32, width=64).card.global_dim == 2048


def test_one_of_several_outputs(tmp_path: Path) -> None:
    """The others go, with what only they need; loops and branches keep what they read."""
    path = foreign_model(tmp_path, outputs=['positive', 'descriptor', 'huge'], end=[
        helper.make_node('Flatten', ['pooled'], ['descriptor']),
        helper.make_node('Tile', ['pooled', 'many'], ['huge'])])
    model = onnx.load(str(path))
    model.graph.initializer.append(
        helper.make_tensor('many', TensorProto.INT64, [4], [1, 1, 9, 9]))
    onnx.save(model, str(path))
    made = onnx.load(str(imported(tmp_path, path, output='descriptor').card.onnx_path))
    assert [o.name for o in made.graph.output] == ['global']
    assert 'Tile' not in {n.op_type for n in made.graph.node}
    assert {w.name for w in made.graph.initializer} == {'kernel', 'bias'}


def test_a_value_within_the_graph(tmp_path: Path) -> None:
    """What a classifier pools is a descriptor; its probabilities are a poor one."""
    path = foreign_model(tmp_path, end=[
        helper.make_node('Flatten', ['pooled'], ['flat']),
        helper.make_node('Softmax', ['flat'], ['descriptor'])])
    probabilities = imported(tmp_path, path)
    assert probabilities.probabilities
    assert probabilities.foreign.before[:2] == ['flat', 'pooled']
    assert probabilities.card.raw['initialised_from'][0]['output'] == 'descriptor'
    result = imported(tmp_path, path, output='pooled', name='pooled')
    assert not result.probabilities
    np.testing.assert_allclose(described(result.card.onnx_path, IMAGE), expected(IMAGE), atol=1e-5)
    kinds = {node.op_type for node in onnx.load(str(result.card.onnx_path)).graph.node}
    assert 'Softmax' not in kinds


def test_branches_read_renamed_values(tmp_path: Path) -> None:
    branches = {
        f'{name}_branch': helper.make_graph(
            [helper.make_node(kind, ['global'], [f'out_{name}'], axis=1)], name, [],
            [helper.make_tensor_value_info(f'out_{name}', TensorProto.FLOAT, None)])
        for name, kind in (('then', 'Flatten'), ('else', 'Softmax'))}
    path = foreign_model(tmp_path, end=[
        helper.make_node('Identity', ['pooled'], ['global']),
        helper.make_node('Constant', [], ['yes'], value=helper.make_tensor(
            '', TensorProto.BOOL, [], [True])),
        helper.make_node('If', ['yes'], ['descriptor'], **branches)])
    found = described(imported(tmp_path, path).card.onnx_path, IMAGE)
    np.testing.assert_allclose(found, expected(IMAGE), atol=1e-5)


def break_two_inputs(path: Path) -> None:
    model = onnx.load(str(path))
    model.graph.input.append(helper.make_tensor_value_info('mask', TensorProto.FLOAT, [1]))
    onnx.save(model, str(path))


@pytest.mark.parametrize(('break_it', 'sentence'), [
    (lambda path: path.unlink(), 'is missing; name the .onnx file'),
    (lambda path: path.write_bytes(b'\x80\x02}q\x00.'), 'is no ONNX model'),
    (lambda path: path.write_bytes(b''), 'is no ONNX model (it holds no graph)'),
    (break_two_inputs, 'has 2 inputs (input, mask), expected one image'),
    (lambda path: path.with_name('foreign.onnx.data').unlink(),
     "keeps its weights in 'foreign.onnx.data', which is not beside it"),
], ids=['missing', 'pickle', 'empty', 'two inputs', 'no weights'])
def test_files_that_cannot_be_read(
    tmp_path: Path, break_it: Callable[[Path], object], sentence: str,
) -> None:
    path = foreign_model(tmp_path, external='weights' in sentence)
    break_it(path)
    check_refused(tmp_path, path, sentence)


def test_a_checkpoint_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / 'resnet50_2048.pth'
    path.write_bytes(b'')
    check_refused(tmp_path, path, 'is a checkpoint, no ONNX graph; export it')


def test_weights_that_one_file_cannot_hold(tmp_path: Path) -> None:
    path = foreign_model(tmp_path, external=True)
    model = onnx.load(str(path), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == 'length':
            entry.value = str(2**31)
    path.write_bytes(model.SerializeToString())
    check_refused(tmp_path, path, 'has 2.1 GB with its weights')


@pytest.mark.parametrize('location', ['../foreign.onnx.data', '{folder}/foreign.onnx.data'])
def test_weights_outside_the_folder_are_not_read(tmp_path: Path, location: str) -> None:
    (tmp_path / 'inner').mkdir()
    path = foreign_model(tmp_path / 'inner', external=True)
    path.with_name('foreign.onnx.data').rename(tmp_path / 'foreign.onnx.data')
    model = onnx.load(str(path), load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == 'location':
                entry.value = location.format(folder=tmp_path)
    path.write_bytes(model.SerializeToString())
    check_refused(tmp_path, path, 'the weights of foreign.onnx cannot be taken in (')


def test_weights_that_are_a_link(tmp_path: Path) -> None:
    (tmp_path / 'blobs').mkdir()
    path = foreign_model(tmp_path, external=True)
    data = path.with_name('foreign.onnx.data')
    data.rename(tmp_path / 'blobs' / 'a1b2')
    data.symlink_to(tmp_path / 'blobs' / 'a1b2')
    check_refused(tmp_path, path, 'copy both files into one folder')


def test_what_is_there_stays_unless_asked(tmp_path: Path) -> None:
    path, out = foreign_model(tmp_path), tmp_path / 'models' / 'mine.onnx'
    import_model(path, out, licence='MIT')
    before = {file.name: file.read_bytes() for file in out.parent.iterdir()}
    with pytest.raises(ConfigError, match=r'mine.onnx exists; choose another --out or --name, or'):
        import_model(path, out, licence='BSD', scale=255)
    bad = foreign_model(tmp_path, name='bad', outputs=['features'])
    with pytest.raises(ModelError):
        import_model(bad, out, licence='BSD', overwrite=True)
    assert {file.name: file.read_bytes() for file in out.parent.iterdir()} == before
    assert import_model(path, out, licence='BSD', overwrite=True).card.licence == 'BSD'
    with pytest.raises(ConfigError, match='is the foreign model itself'):
        import_model(path, path, licence='MIT', overwrite=True)
    for name in ('new.json', 'there.txt'):
        (tmp_path / 'there.txt').touch()
        with pytest.raises(ConfigError, match=f'{name} is neither a folder nor an .onnx file'):
            import_model(path, tmp_path / name, licence='MIT')
    (tmp_path / 'else.json').mkdir()
    with pytest.raises(ConfigError, match=r'else.json is a folder; choose another --out'):
        import_model(path, tmp_path / 'else.onnx', licence='MIT', overwrite=True)


def test_nothing_is_left_when_the_answers_disagree(tmp_path: Path, monkeypatch) -> None:
    """The comparison is the last word: here the graph is given another offset on purpose."""
    other = np.array([99, 0, 0], np.float32)
    monkeypatch.setattr(Preprocessing, 'offset', property(lambda _: other))
    with pytest.raises(ModelError, match='disagrees with the foreign graph: cosine 0'):
        imported(tmp_path, foreign_model(tmp_path))
    assert list((tmp_path / 'models').iterdir()) == []


def test_without_onnx_one_sentence_names_the_extra(tmp_path: Path, monkeypatch) -> None:
    path = foreign_model(tmp_path)
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(ConfigError, match=r'run `pip install "vpr_ros\[onnx\]"`'):
        imported(tmp_path, path)


def test_the_probe_images_are_not_alike() -> None:
    images = probe_images(40, 60)
    assert {(image.shape, image.dtype.name) for image in images} == {((40, 60, 3), 'uint8')}
    flat = unit_rows(np.stack([image.reshape(-1) for image in images]).astype(np.float32))
    assert np.triu(flat @ flat.T, 1).max() < 0.95
    assert all((a == b).all() for a, b in zip(images, probe_images(40, 60), strict=True))


def test_a_card_is_valid_json(tmp_path: Path) -> None:
    card = imported(tmp_path, foreign_model(tmp_path)).card
    assert json.loads(card.path.read_text())['calibration'] is None
