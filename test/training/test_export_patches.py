# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported file with patch outputs: checked, switched off at no cost, told of by its card."""

from __future__ import annotations

import csv
import hashlib
import json

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from training import checkpoint
from training import export as exporting
from training.card import update_card, write_card
from training.cli import main
from training.export import check_patches, export, rounded, to_onnx
from training.export_command import patch_sizes
from training.model import Architecture, PlaceNetwork
from training.patch_network import add_patches, fit_patch_projection
from training.storage import quantise_rows
from vpr_ros.errors import ModelError
from vpr_ros.model.card import load_card
from vpr_ros.model.session import Model, PATCH_SWITCH

HEIGHT, WIDTH, SIZES, DIM = 96, 128, {2: 1, 3: 2}, 12


def images(seed, count=3):
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 12, 16, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 1), 8, 2)


def patched(seed=0):
    torch.manual_seed(seed)
    made = PlaceNetwork(Architecture(reduced=32, clusters=4, dim=8)).eval()
    weight, bias, _ = fit_patch_projection(made, lambda: iter([images(1), images(2)]), dim=DIM,
                                           sizes=SIZES, per_image=8)
    return add_patches(made, weight, bias, height=HEIGHT, width=WIDTH, sizes=SIZES)


@pytest.fixture(scope='module')
def network():
    return patched()


@pytest.fixture(scope='module')
def exported(network, tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'tiny.onnx'
    return path, export(network, HEIGHT, WIDTH, path, list(images(3)))


def test_every_output_agrees_with_torch(exported):
    _, parities = exported
    assert list(parities) == ['global', 'patches_2', 'patches_3']
    for parity in parities.values():
        assert parity.cosine > 0.99999
        assert parity.difference < 1e-5
        # untrained features are nearly alike, so rounding is a larger share of what is left
        assert 0.95 < parity.cosine_float32 <= 1.0001


def test_the_global_output_is_that_of_the_file_without_patches(network, exported, tmp_path):
    path = tmp_path / 'plain.onnx'
    export(network.network, HEIGHT, WIDTH, path, list(images(3)))
    feed = {'image': images(4, 1)}
    plain, both = (onnxruntime.InferenceSession(str(p)).run(['global'], feed)[0]
                   for p in (path, exported[0]))
    np.testing.assert_allclose(both, plain, atol=1e-6)


def test_the_projection_is_stored_as_int8_by_row(network, exported):
    model = onnx.load(str(exported[0]))
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    codes = [a for a in stored.values() if a.dtype == np.int8 and a.ndim == 3]
    scales = [a for name, a in stored.items() if name.endswith('.scale') and a.ndim == 3]
    expected, scale = quantise_rows(network.patches.get_buffer('weight').numpy())
    # the graph multiplies by the other side: turned round, the scales still belong to the rows
    np.testing.assert_array_equal(np.concatenate(codes).swapaxes(1, 2), expected)
    np.testing.assert_allclose(np.concatenate(scales).swapaxes(1, 2), scale, rtol=1e-6)


def test_patches_are_computed_only_when_wanted(exported):
    graph = onnx.load(str(exported[0])).graph
    choice = graph.node[-1]
    assert (choice.op_type, list(choice.input)) == ('If', [PATCH_SWITCH])
    # outside the branch nothing is there for the patches alone, but the restoring of weights
    wanted = {'global'}
    for node in reversed(graph.node[:-1]):
        needed = not wanted.isdisjoint(node.output)
        assert needed or node.name.endswith(('.restore', '.cast')), node.name
        if needed:
            wanted |= set(node.input)
    session = onnxruntime.InferenceSession(str(exported[0]))
    assert [i.name for i in session.get_inputs()] == ['image']
    feed = {'image': images(5, 1)}
    described, *patches = session.run(None, feed | {PATCH_SWITCH: np.array(False)})
    np.testing.assert_array_equal(described, session.run(['global'], feed)[0])
    assert not any(rows.any() for rows in patches)
    assert all(rows.any() for rows in session.run(None, feed)[1:])


def test_the_robot_gets_unit_rows_and_their_centres(network, exported):
    path, _ = exported
    write_card(path, name='tiny', height=HEIGHT, width=WIDTH, dim=8, initialised_from=[],
               training_data=[], training={}, results={},
               patches=network.card_entries(HEIGHT, WIDTH))
    model = Model(load_card(path), provider='cpu', threads=1)
    image = images(6, 1)[0]
    found = model.describe(image)
    with torch.no_grad():
        described, *expected = rounded(network)(torch.from_numpy(image[None]))
    np.testing.assert_allclose(found.global_descriptor, described[0].numpy(), atol=1e-5)
    for size, rows in zip(SIZES, expected, strict=True):
        patches = found.patches[size]
        np.testing.assert_allclose(patches.descriptors, rows.numpy(), atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(patches.descriptors, axis=1), 1, atol=1e-5)
        assert len(patches.centers_px) == len(rows)
    alone = model.describe(image, patches=False)
    assert not alone.patches
    np.testing.assert_array_equal(alone.global_descriptor, found.global_descriptor)


def test_other_patches_are_refused_and_the_file_removed(network, exported, tmp_path, monkeypatch):
    other = patched()
    other.patches.get_buffer('weight').neg_()
    with pytest.raises(ModelError, match='output patches_2 disagrees with torch'):
        check_patches(other, exported[0], list(images(3)))
    monkeypatch.setattr(exporting, 'to_onnx', lambda _, *where: to_onnx(other, *where))
    path = tmp_path / 'wrong.onnx'
    with pytest.raises(ModelError, match='output patches_2 disagrees'):
        export(network, HEIGHT, WIDTH, path, list(images(3)))
    assert not path.exists()


def test_an_updated_card_keeps_what_it_says(exported, network, tmp_path):
    path = tmp_path / 'tiny.onnx'
    path.write_bytes(exported[0].read_bytes())
    write_card(path, name='tiny', height=HEIGHT, width=WIDTH, dim=8, initialised_from=[],
               training_data=[{'name': 'some', 'licence': 'MIT'}], training={'steps': 3},
               results={'corridor': 0.5})
    card_path = path.with_suffix('.json')
    raw = json.loads(card_path.read_text()) | {'calibration': {'bias': 1.0}, 'sha256': '0' * 64}
    card_path.write_text(json.dumps(raw))
    entries = network.card_entries(HEIGHT, WIDTH)
    card = update_card(path, patches=entries, training={'patches': {'images': 6}},
                       results={'export': {}})
    assert card.raw == raw | {
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(), 'patches': entries,
        'training': {'steps': 3, 'patches': {'images': 6}},
        'results': {'corridor': 0.5, 'export': {}},
    }
    assert '[23.0, 23.0]' in card_path.read_text()  # one line a centre


def test_sizes_with_strides():
    assert patch_sizes('2,5:2,8') == {2: 1, 5: 2, 8: 1}
    with pytest.raises(ValueError, match='invalid literal'):
        patch_sizes('2,five')


@pytest.fixture
def command(network, tmp_path):
    """Checkpoint, recipe and images on disk; returns the export command's arguments."""
    checkpoint.save(tmp_path / 'net.pt', checkpoint.network_state(network.network))
    drive = tmp_path / 'drive'
    for folder in (drive, drive / 'database', drive / 'queries'):
        folder.mkdir()
    rows = [['file', 'environment', 'space', 'x', 'y', 'heading']]
    for number, image in enumerate(images(7, 6)):
        cv2.imwrite(str(drive / 'queries' / f'{number}.png'), image)
        rows.append([f'queries/{number}.png', 'world', 'map', str(number), '0', '0'])
    with (drive / 'frames.csv').open('w', newline='') as file:
        csv.writer(file).writerows(rows)
    truth = ['query,correct_database', *(f'{number}.png,' for number in range(6))]
    (drive / 'ground_truth.csv').write_text('\n'.join(truth) + '\n')
    recipe = tmp_path / 'recipe.yaml'
    recipe.write_text(f'sources: [{{kind: posed, path: {drive}}}]\n')
    return ['export', '--model', str(tmp_path / 'net.pt'), '--recipe', str(recipe),
            '--out', str(tmp_path / 'out.onnx'), '--height', str(HEIGHT), '--width', str(WIDTH),
            '--check-images', str(drive), '--patch-dim', str(DIM)]


def test_one_command_adds_patches_to_what_is_there(command, tmp_path, capsys):
    assert main(command) == 0
    card_path = tmp_path / 'out.json'
    before = json.loads(card_path.read_text())
    assert before['patches'] == {}
    card_path.write_text(json.dumps(before | {'calibration': {'bias': 1.0}}))
    assert main([*command, '--patches', '2,3', '--update-card']) == 0
    assert 'patches_3: Parity' in capsys.readouterr().out
    card = load_card(card_path)
    card.check_file()
    assert card.calibration == {'bias': 1.0}
    assert {size: spec.dim for size, spec in card.patches.items()} == {2: DIM, 3: DIM}
    assert '6 images of the training data (posed)' in card.raw['training']['patches']['fitted_on']
    assert card.raw['training_data'] == before['training_data']


def test_a_card_of_other_weights_is_not_updated(command, tmp_path, capsys):
    assert main(command) == 0
    torch.manual_seed(9)
    other = PlaceNetwork(Architecture(reduced=32, clusters=4, dim=8))
    checkpoint.save(tmp_path / 'net.pt', checkpoint.network_state(other))
    before = (tmp_path / 'out.onnx').read_bytes()
    assert main([*command, '--update-card']) == 1
    assert 'disagrees with torch' in capsys.readouterr().err
    assert (tmp_path / 'out.onnx').read_bytes() == before
