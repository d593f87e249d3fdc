# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Principal components that stand in a file of their own beside a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
import zipfile

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor

from training.checkpoints.pickled import as_array, read_pickle, Record
from vpr_ros.errors import ModelError

Array = NDArray[Any]


def read_projection(path: Path) -> tuple[Tensor, Tensor]:
    """Weight (dim, D) and bias (dim,) of y = W x + b.

    Args:
        path: scikit-learn's PCA as a pickle (``.pkl``, Swarm-SLAM) or its arrays as ``.npz``
            (``components``, ``mean``, and ``variance`` to whiten); OpenIBL's
            ``pca_params_*.h5``, which whitens.

    Raises:
        ModelError: it cannot be read, or lacks something.
    """
    if not path.is_file():
        raise ModelError(f'there is no file {path} to read principal components from; check the '
                         f'path')
    try:
        if path.suffix == '.npz':
            with np.load(path, allow_pickle=False) as stored:
                held = dict(stored)
            return _affine(held['components'], held['mean'], held.get('variance'))
        if path.suffix in ('.h5', '.hdf5'):
            return _openibl(path)
        return _scikit_learn(read_pickle(path))
    except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f'{path} holds no principal components that can be read ({error}); '
                         f'expected the arrays components and mean, and variance to '
                         f'whiten') from error


def _scikit_learn(content: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(content, Record) or not content.name.startswith('sklearn.decomposition'):
        found = content.name if isinstance(content, Record) else type(content).__name__
        raise ValueError(f'expected a PCA of scikit-learn, found {found}')
    held = content.state
    if not isinstance(held, Mapping):
        raise ValueError('a PCA that was never fitted')
    variance = as_array(held['explained_variance_']) if held.get('whiten') else None
    return _affine(as_array(held['components_']), as_array(held['mean_']), variance)


def _openibl(path: Path) -> tuple[Tensor, Tensor]:
    try:
        import h5py  # noqa: PLC0415 - an optional reader
    except ImportError as error:
        raise ModelError(f'{path} is an HDF5 file and h5py is not installed; run '
                         f'`pip install h5py`, or save its arrays as .npz') from error
    with h5py.File(path, 'r') as file:
        basis, values, mean = (np.array(file[name]) for name in ('U', 'lams', 'mu'))
    return _affine(basis.T, mean.reshape(-1), values.reshape(-1)[: basis.shape[1]])


def _affine(components: Array, mean: Array, variance: Array | None) -> tuple[Tensor, Tensor]:
    weight = np.asarray(components, np.float64)
    mean = np.asarray(mean, np.float64).reshape(-1)
    if weight.ndim != 2 or weight.shape[1] != len(mean):
        raise ValueError(f'components of the shape {weight.shape} and a mean of {len(mean)}')
    if variance is not None:
        weight = weight / np.sqrt(np.asarray(variance, np.float64))[:, None]
    bias = -weight @ mean
    return torch.from_numpy(weight).float(), torch.from_numpy(bias).float()
