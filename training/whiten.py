# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Principal components: the reduction of local features and the projection of descriptors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import DataError

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class PrincipalComponents:
    """A fitted basis.

    Attributes:
        mean: float64 (D,).
        basis: float64 (dim, D), orthonormal rows, largest variance first.
        variance: float64 (dim,), along each row, descending.
        kept: share of the whole variance that the basis keeps, in [0, 1].
    """

    mean: Float64Array
    basis: Float64Array
    variance: Float64Array
    kept: float

    def affine(self, power: float = 0.0) -> tuple[Float64Array, Float64Array]:
        """Return weight (dim, D) and bias (dim,) of y = U (x - mean) / sqrt(variance)^power.

        ``power`` 0 rotates only, 1 whitens fully; in between the spectrum is flattened partly,
        which keeps noise directions small when there are few samples.
        """
        scale = (self.variance + 1e-9) ** (-power / 2)
        weight = self.basis * scale[:, None]
        return weight, -weight @ self.mean


def within(samples: NDArray[np.floating], groups: NDArray[np.integer]
           ) -> tuple[Float64Array, Float64Array]:
    """Centre each group on its own mean: what is left varies inside groups.

    Args:
        samples: (n, D).
        groups: int (n,), 0 to G - 1, none empty.

    Returns:
        (n, D) centred samples, and (D,) the mean of the groups' means.
    """
    x = np.asarray(samples, np.float64)
    means = np.stack([x[groups == group].mean(0) for group in range(int(groups.max()) + 1)])
    return x - means[groups], means.mean(0)


def fit(samples: NDArray[np.floating], dim: int, *, centre: bool = True) -> PrincipalComponents:
    """Fit principal components.

    Where there are fewer samples than dimensions the decomposition is that of the Gram matrix
    (n x n), so memory stays at n x D.

    Args:
        samples: (n, D).
        dim: components to keep, at most min(n - 1, D) when centred.
        centre: subtract the mean; without, the basis keeps cosines as well as it can.

    Raises:
        DataError: fewer samples than components.
    """
    x = np.asarray(samples, np.float64)
    count, size = x.shape
    limit = min(count - int(centre), size)
    if dim > limit:
        raise DataError(f'{dim} components asked from {count} samples of {size} dimensions; at '
                        f'most {limit} can be found: give more images or a smaller dimension')
    mean = x.mean(0) if centre else np.zeros(size)
    x = x - mean
    if count < size:
        values, vectors = np.linalg.eigh(x @ x.T)
        order = np.argsort(values)[::-1][:dim]
        basis = (x.T @ vectors[:, order]).T
        basis /= np.maximum(np.linalg.norm(basis, axis=1, keepdims=True), 1e-12)
    else:
        values, vectors = np.linalg.eigh(x.T @ x)
        order = np.argsort(values)[::-1][:dim]
        basis = vectors[:, order].T
    values = np.maximum(values, 0)
    kept = float(values[order].sum() / max(values.sum(), 1e-12))
    return PrincipalComponents(mean, basis, values[order] / max(count - 1, 1), kept)
