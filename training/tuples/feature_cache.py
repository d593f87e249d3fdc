# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors of all training images in a file that is mapped, never held in memory.

A row belongs to a *version*: the caller's name for the weights that made it. Filling the same
version again describes only what is missing, so a killed refresh goes on where it stopped; batches
are cut the same way each time, so what is written does not depend on the interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import hashlib
import json
from pathlib import Path
import shutil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Indices
from vpr_ros.types import FloatArray

# Image files -> descriptors float32 (n, D)
Describe = Callable[[Sequence[Path]], FloatArray]
MARK_BYTES = 256 << 20  # a kill loses at most so much
DTYPES = ('float32', 'float16')
READ_BYTES = 32 << 20  # at most so much of the file is copied into memory at a time


class FeatureCache:
    """One descriptor a row, in ``FOLDER/features.DTYPE``.

    Attributes:
        features: np.memmap (rows, dim) of the chosen dtype, or None before the first descriptor.
    """

    def __init__(self, folder: Path, images: Sequence[Path], *, dtype: str = 'float32') -> None:
        """Open a folder; what it holds of other images or another dtype is overwritten later.

        Args:
            folder: of this cache alone.
            images: the image of each row.
            dtype: ``float32``, or ``float16`` for half the disk at 3 digits.

        Raises:
            ConfigError: an unknown dtype.
        """
        if dtype not in DTYPES:
            raise ConfigError(f'feature cache of dtype {dtype!r}; known: {", ".join(DTYPES)}')
        self.folder, self.images, self._dtype = folder, images, dtype
        self.features: np.memmap | None = None
        self._valid: np.memmap | None = None
        self._version: str | None = None
        self._unmarked: list[Indices] = []
        digest = hashlib.sha256('\0'.join(str(path) for path in images).encode()).hexdigest()
        self._identity = {'images': digest, 'rows': len(images), 'dtype': dtype}

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which rows hold a descriptor of the present version, bool (rows,)."""
        if self._valid is None:
            return np.zeros(len(self.images), bool)
        return np.asarray(self._valid) != 0

    def fill(self, rows: Indices, describe: Describe, *, version: str = '', batch: int = 16,
             progress: Callable[[int, int], None] | None = None) -> int:
        """Describe these rows and write them; those of other versions become invalid.

        Args:
            rows: int (n,).
            describe: is given ``batch`` files at a time, the last time fewer.
            version: names the weights; '' describes everything anew.
            batch: images a call.
            progress: called with (rows done, rows in total).

        Returns:
            How many images were described; fewer than n where a killed fill goes on.

        Raises:
            DataError: ``describe`` gave an array of the wrong shape or numbers that are not
                finite, or the disk is full.
        """
        self._begin(version)
        valid, described = self.valid, 0
        try:
            for start in range(0, len(rows), batch):
                part = rows[start:start + batch]
                if not valid[part].all():
                    found = np.asarray(describe([self.images[row] for row in part]))
                    self._check_room(found, len(rows) - start)
                    self._write(part, found)
                    described += len(part)
                if progress is not None:
                    progress(min(start + batch, len(rows)), len(rows))
        finally:
            self._mark()
        return described

    def read(self, rows: Indices) -> Iterator[tuple[Indices, FloatArray]]:
        """Descriptors of rows in slices of at most :data:`READ_BYTES`.

        Yields:
            The rows of the slice, and their descriptors float32 (n, D).

        Raises:
            DataError: a row was not filled.
        """
        if self.features is None or not self.valid[rows].all():
            raise DataError(f'{self.folder} lacks descriptors that are asked for; fill it first')
        step = max(1, READ_BYTES // (4 * self.features.shape[1]))
        for start in range(0, len(rows), step):
            part = rows[start:start + step]
            yield part, np.asarray(self.features[part], np.float32)

    def _begin(self, version: str) -> None:
        """Take over what the folder holds of this version; else mark every row as missing."""
        if version and version == self._version:
            return
        same = version and self._version is None and self._state() == {
            **self._identity, 'version': version, 'dim': self._state().get('dim')}
        if same:
            self._open(int(self._state()['dim']), 'r+')
        elif self._valid is not None:
            self._valid[:] = 0
            self._valid.flush()
        self._version = version
        if self.features is not None:
            self._save_state(self.features.shape[1])

    def _check_room(self, found: FloatArray, rows: int) -> None:
        """Raise before a full disk kills the process: the mapped file grows as it fills."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f'features.{self._dtype}'
        taken = file.stat().st_blocks * 512 if file.exists() else 0
        needed = rows * found.shape[-1] * np.dtype(self._dtype).itemsize - taken
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise DataError(
                f'the feature cache in {self.folder} needs {needed / 1e9:.1f} GB more, the disk '
                f'has {free / 1e9:.1f}; free space, use float16, or partial mining')

    def _write(self, rows: Indices, found: FloatArray) -> None:
        if found.ndim != 2 or len(found) != len(rows):
            raise DataError(f'{len(rows)} images gave descriptors of shape {found.shape}; '
                            f'expected ({len(rows)}, D)')
        if not np.isfinite(found).all():
            raise DataError(f'an image among {self.images[rows[0]]} ... {self.images[rows[-1]]} '
                            f'has a descriptor that is not finite; the training has diverged')
        if self.features is None or self.features.shape[1] != found.shape[1]:
            self._open(found.shape[1], 'w+')
            self._save_state(found.shape[1])
        assert self.features is not None and self._valid is not None
        self.features[rows] = found
        self._unmarked.append(rows)
        if sum(map(len, self._unmarked)) * found.nbytes / len(rows) >= MARK_BYTES:
            self._mark()

    def _mark(self) -> None:
        """Mark what was written as valid, after it has reached the disk."""
        if self._unmarked and self.features is not None and self._valid is not None:
            self.features.flush()
            self._valid[np.concatenate(self._unmarked)] = 1
            self._valid.flush()
        self._unmarked = []

    def _open(self, dim: int, mode: Literal['r+', 'w+']) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if mode == 'w+':
                (self.folder / 'state.json').unlink(missing_ok=True)
            self.features = np.memmap(self.folder / f'features.{self._dtype}',
                                      np.dtype(self._dtype), mode, shape=(len(self.images), dim))
            self._valid = np.memmap(self.folder / 'valid.uint8', np.uint8, mode,
                                    shape=(len(self.images),))
        except (OSError, ValueError) as error:
            raise DataError(f'the feature cache in {self.folder} cannot be opened ({error}); '
                            f'remove the folder or free space') from error

    def _state(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.folder / 'state.json').read_text('utf-8')))
        except (OSError, ValueError):
            return {}

    def _save_state(self, dim: int) -> None:
        state = {**self._identity, 'version': self._version, 'dim': dim}
        temporary = self.folder / 'state.json.part'
        temporary.write_text(json.dumps(state), 'utf-8')
        temporary.replace(self.folder / 'state.json')
