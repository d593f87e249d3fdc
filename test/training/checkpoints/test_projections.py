# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pickles looked into without running them, and principal components beside a checkpoint."""

from __future__ import annotations

from collections import OrderedDict
from importlib.util import find_spec
import pickle
import sys
import types

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch
from torch.nn import functional

from training.checkpoints.importer import import_checkpoint
from training.checkpoints.pickled import as_array, read_pickle, Record
from training.checkpoints.projections import read_projection
from vpr_ros.errors import ConfigError, ModelError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
    | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=PLAIN, protocol=st.integers(3, 5))
def test_plain_values_come_back(tmp_path_factory, value, protocol):
    path = tmp_path_factory.mktemp('pickles') / 'value.pkl'
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_pickle(path) == value


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('pickles') / 'bytes.pkl'
    path.write_bytes(b'\x80\x04' + data)
    try:
        read_pickle(path)
    except ModelError as error:
        assert 'cannot be read as a pickle' in str(error)


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
@pytest.mark.parametrize('array', [
    np.arange(6, dtype=np.float32).reshape(2, 3), np.asfortranarray(np.eye(3) * 2.5),
    np.array([1, 2], '>i4'), np.array(True), np.float64(1.5), np.int64(-3), np.zeros((0, 4)),
], ids=str)
def test_arrays_and_numbers_come_back(tmp_path, array, protocol):
    path = tmp_path / 'array.pkl'
    path.write_bytes(pickle.dumps(array, protocol))
    found = as_array(read_pickle(path))
    np.testing.assert_array_equal(found, array)
    assert found.shape == np.shape(array)


class Harm:
    """Would make a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        import os
        return os.system, (f'touch {self.mark}',)


def test_nothing_is_called(tmp_path):
    path, mark = tmp_path / 'harm.pkl', tmp_path / 'mark'
    path.write_bytes(pickle.dumps([Harm(mark), OrderedDict(a=1)]))
    first, second = read_pickle(path)
    assert isinstance(first, Record) and first.name.endswith('.system')
    assert second.name == 'collections.OrderedDict' and second.items == [('a', 1)]
    assert not mark.exists()
    with pytest.raises(ModelError, match='expected a PCA of scikit-learn, found list'):
        read_projection(path)


@pytest.fixture
def pca_class(monkeypatch):
    """Make a class with the name and attributes of scikit-learn's, which may be missing."""
    modules = [types.ModuleType(name) for name in ('sklearn', 'sklearn.decomposition',
                                                   'sklearn.decomposition._pca')]
    for module in modules:
        monkeypatch.setitem(sys.modules, module.__name__, module)
    kind = type('PCA', (), {'__module__': 'sklearn.decomposition._pca'})
    modules[-1].PCA = kind  # type: ignore[attr-defined]
    return kind


def fitted(pca_class, rng, whiten, inputs=768, dim=4):
    pca = pca_class()
    pca.__dict__ = {
        'n_components': dim, 'whiten': whiten, 'svd_solver': 'auto', '_sklearn_version': '1.0.2',
        'mean_': rng.normal(size=inputs, scale=0.01), 'n_samples_': 90,
        'components_': np.linalg.qr(rng.normal(size=(inputs, dim)))[0].T,
        'explained_variance_': rng.uniform(0.1, 2, dim), 'noise_variance_': np.float64(0.1),
    }
    return pca


@pytest.mark.parametrize('protocol', [2, 4, 5])
@pytest.mark.parametrize('whiten', [False, True])
def test_swarm_slams_pickled_pca(tmp_path, pca_class, whiten, protocol):
    rng = np.random.default_rng(0)
    pca = fitted(pca_class, rng, whiten)
    path = tmp_path / 'netvlad_pca.pkl'
    path.write_bytes(pickle.dumps(pca, protocol))
    weight, bias = read_projection(path)
    x = rng.normal(size=768)
    expected = pca.components_ @ (x - pca.mean_)
    if whiten:
        expected /= np.sqrt(pca.explained_variance_)
    np.testing.assert_allclose(weight.double() @ torch.from_numpy(x) + bias, expected, rtol=1e-4,
                               atol=1e-5)


def checkpoint(path):
    """pytorch-NetVlad on AlexNet with three clusters."""
    torch.manual_seed(0)
    state = {}
    for index, shape in {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3),
                         8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}.items():
        state[f'encoder.{index}.weight'] = torch.randn(shape) * 0.05
        state[f'encoder.{index}.bias'] = torch.randn(shape[0]) * 0.1
    state['pool.conv.weight'], state['pool.centroids'] = torch.randn(3, 256, 1, 1), \
        torch.randn(3, 256) * 0.05
    torch.save({'epoch': 1, 'best_score': 0.5, 'state_dict': state}, path)


def test_swarm_slams_netvlad_with_its_pca(tmp_path, pca_class):
    rng = np.random.default_rng(0)
    pca = fitted(pca_class, rng, False)
    checkpoint(tmp_path / 'netvlad.pth.tar')
    (tmp_path / 'netvlad_pca.pkl').write_bytes(pickle.dumps(pca))
    path, size = tmp_path / 'netvlad.pth.tar', (376, 400)
    whole = import_checkpoint(path, swarm_slam=True, size=size)
    shorter = import_checkpoint(path, swarm_slam=True, size=size,
                                pca=tmp_path / 'netvlad_pca.pkl')
    assert (whole.dim, shorter.dim, shorter.origin) == (768, 4, 'Swarm-SLAM')
    image = torch.from_numpy(rng.integers(0, 256, (1, 376, 400, 3), np.uint8))
    vlad = whole.network(image).detach().numpy()[0]
    expected = functional.normalize(torch.from_numpy(pca.components_ @ (vlad - pca.mean_)), dim=0)
    np.testing.assert_allclose(shorter.network(image)[0].detach(), expected, rtol=1e-3, atol=1e-5)


def test_arrays_as_npz_and_what_is_wrong_with_them(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / 'pca.npz'
    components, mean, variance = rng.normal(size=(2, 5)), rng.normal(size=5), np.array([4.0, 9.0])
    np.savez(path, components=components, mean=mean, variance=variance)
    weight, bias = read_projection(path)
    np.testing.assert_allclose(weight, components / [[2], [3]], rtol=1e-6)
    np.testing.assert_allclose(bias, -components @ mean / [2, 3], rtol=1e-5)
    np.savez(path, components=components)
    with pytest.raises(ModelError, match='expected the arrays components and mean'):
        read_projection(path)
    np.savez(path, components=components, mean=mean[:3])
    with pytest.raises(ModelError, match='and a mean of 3'):
        read_projection(path)
    with pytest.raises(ModelError, match='there is no file'):
        read_projection(tmp_path / 'none.npz')
    np.savez(path, components=components, mean=mean)
    checkpoint(tmp_path / 'w.pth')
    with pytest.raises(ModelError, match='projects vectors of 5 to 2'):
        import_checkpoint(tmp_path / 'w.pth', pca=path)
    held = torch.load(tmp_path / 'w.pth', weights_only=True)['state_dict']
    held.update({'WPCA.0.weight': torch.zeros(2, 768, 1, 1), 'WPCA.0.bias': torch.zeros(2)})
    torch.save(held, tmp_path / 'w.pth')
    with pytest.raises(ConfigError, match='brings its own projection to 2 numbers'):
        import_checkpoint(tmp_path / 'w.pth', pca=path)


def test_openibls_hdf5_needs_its_reader(tmp_path):
    path = tmp_path / 'pca_params.h5'
    path.write_bytes(b'')
    if find_spec('h5py') is None:
        with pytest.raises(ModelError, match='pip install h5py'):
            read_projection(path)
        return
    import h5py
    rng = np.random.default_rng(0)
    basis, values, mean = rng.normal(size=(6, 2)), np.array([4.0, 16.0, 1.0]), rng.normal(size=6)
    with h5py.File(path, 'w') as file:
        file['U'], file['lams'], file['mu'] = basis, values, mean[:, None]
    weight, bias = read_projection(path)
    np.testing.assert_allclose(weight, basis.T / [[2], [4]], rtol=1e-6)
    np.testing.assert_allclose(bias, -(basis.T / [[2], [4]]) @ mean, rtol=1e-5)
