# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading weights: every container, damaged and hostile files, and fitting them to a network."""

from __future__ import annotations

import argparse
from collections import OrderedDict
import json
import pickle
import struct

import numpy as np
import pytest
import torch

from training.architectures.files import read_content, read_weights
from training.architectures.inert import Inert
from training.architectures.registry import make_architecture
from vpr_ros.errors import ModelError


def write_safetensors(path, tensors):
    """Write the format from its definition."""
    kinds = {torch.float32: 'F32', torch.float16: 'F16', torch.int64: 'I64'}
    header: dict[str, dict] = {'__metadata__': {'format': 'pt'}}
    data = b''
    for name, value in tensors.items():
        raw = value.contiguous().numpy().tobytes()
        header[name] = {'dtype': kinds[value.dtype], 'shape': list(value.shape),
                        'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


STATE = {'a.weight': torch.arange(6.0).reshape(2, 3), 'b': torch.tensor([3])}


def write(path, state, how):
    if how == 'npz':
        np.savez(path, **{name: value.numpy() for name, value in state.items()})
    elif how == 'safetensors':
        write_safetensors(path, state)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=how == 'pth')
    return path


def same(found, expected):
    return set(found) == set(expected) and all(torch.equal(found[n], expected[n]) for n in found)


@pytest.mark.parametrize('how', ['npz', 'safetensors', 'pth', 'tar'])
def test_every_container_gives_the_same(tmp_path, how):
    assert same(read_weights(write(tmp_path / f'w.{how}', STATE, how)), STATE)


def test_half_precision_becomes_float32(tmp_path):
    path = write(tmp_path / 'w.safetensors', {'a': torch.tensor([1.5]).half()}, 'safetensors')
    assert read_weights(path)['a'].dtype == torch.float32


@pytest.mark.parametrize('new', [True, False])
def test_training_checkpoints_hold_more_than_tensors(tmp_path, new):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1, momentum=0.9)
    content = {
        'epoch': 3, 'recalls': {1: np.float64(0.5), 5: np.float32(0.7)},
        'array': np.arange(3.0), 'args': argparse.Namespace(lr=0.1, seed=np.int64(4)),
        'optimizer': optimizer.state_dict(), 'parallel': True,
        'state_dict': OrderedDict((f'module.{name}', value) for name, value in STATE.items()),
    }
    path = tmp_path / 'checkpoint.pth.tar'
    torch.save(content, path, _use_new_zipfile_serialization=new)
    assert same(read_weights(path), STATE)
    read = read_content(path)
    assert read['epoch'] == 3 and isinstance(read['recalls'][1], Inert)
    assert read['args'].state['lr'] == 0.1


class Harm:
    """Would make a file when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        import os
        return os.system, (self.command,)


@pytest.mark.parametrize('new', [True, False])
def test_nothing_in_a_file_is_run(tmp_path, new):
    path, mark = tmp_path / 'harm.pth', tmp_path / 'mark'
    torch.save({'state_dict': STATE, 'x': Harm(f'touch {mark}')}, path,
               _use_new_zipfile_serialization=new)
    with pytest.raises(ModelError, match='which no checkpoint needs'):
        read_weights(path)
    assert not mark.exists()


def test_foreign_functions_are_only_remembered(tmp_path):
    path = tmp_path / 'foreign.pth'
    mark = tmp_path / 'mark'

    class Foreign:

        def __reduce__(self):
            from pathlib import Path
            return Path.touch, (mark,)

    try:
        torch.save({'state_dict': STATE, 'x': Foreign()}, path)
    except (pickle.PicklingError, AttributeError):  # how methods are pickled differs by version
        pytest.skip('this Python cannot write such a file')
    try:
        assert same(read_weights(path), STATE)
    except ModelError as error:  # looked up through getattr, which is refused
        assert 'which no checkpoint needs' in str(error)
    assert not mark.exists()


@pytest.mark.parametrize('how', ['npz', 'safetensors', 'pth', 'tar'])
def test_damaged_and_missing_files_are_named(tmp_path, how):
    path = write(tmp_path / f'w.{how}', STATE, how)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b'', b'<html>not found</html>'):
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=f'w.{how}'):
            read_weights(path)
    path.unlink()
    with pytest.raises(ModelError, match=r'there is no file .* check the path'):
        read_weights(path)


def test_a_file_without_tensors_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ModelError, match='holds no tensors by name'):
        read_weights(tmp_path / 'list.pth')
    np.savez(tmp_path / 'object.npz', a=np.array([None, {}], object))
    with pytest.raises(ModelError, match='cannot be read as plain arrays'):
        read_weights(tmp_path / 'object.npz')


def public(network):
    """Make a state dict as the public release of a network has it, layers behind included."""
    torch.manual_seed(1)
    state = {name: torch.rand_like(value) if value.is_floating_point() else value
             for name, value in network.state_dict().items()}
    for prefix in network.cropped:
        state[f'{prefix}weight' if prefix.endswith('.') else prefix] = torch.rand(2, 2)
    return state


@pytest.mark.parametrize('name', ['squeezenet1_1', 'resnet18conv4', 'mobilenetv3conv4'])
def test_public_weights_are_taken_up_to_the_crop(tmp_path, name):
    state = public(make_architecture(name))
    path = tmp_path / 'w.pth'
    torch.save({n: v for n, v in state.items() if not n.endswith('num_batches_tracked')}, path)
    loaded = make_architecture(name, weights=path, train_from='none')
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, state[key])
    assert not any(p.requires_grad for p in loaded.parameters())


def test_weights_of_another_network_are_refused(tmp_path):
    network = make_architecture('squeezenet1_1')
    state = public(network)
    for change, sentence in (
        ({'features.3.squeeze.bias': None}, "they lack 'features.3.squeeze.bias'"),
        ({'layer9.weight': torch.zeros(1)}, "they hold 'layer9.weight' besides"),
        ({'features.0.weight': torch.zeros(1)}, r'features.0.weight has the shape \(1,\), exp'),
    ):
        changed = {name: value for name, value in {**state, **change}.items()
                   if value is not None}
        torch.save(changed, tmp_path / 'w.pth')
        with pytest.raises(ModelError, match=sentence):
            make_architecture('squeezenet1_1', weights=tmp_path / 'w.pth')
