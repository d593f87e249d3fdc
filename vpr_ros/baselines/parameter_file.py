# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ``.npz`` of a comparison model: what was learned or chosen, and nothing that can run."""

from __future__ import annotations

from collections.abc import Mapping
import hashlib
import io
import json
from pathlib import Path
from typing import Any
import zipfile

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ModelError
from vpr_ros.model.card import FORMAT, ModelCard

Arrays = Mapping[str, NDArray[Any]]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # in the archive, so that the same arrays give the same bytes


def read_arrays(card: ModelCard, shapes: Mapping[str, tuple[str, tuple[int | None, ...]]]) -> dict[
    str, NDArray[Any]
]:
    """Read and check the arrays of a model.

    Args:
        card: its card; the file must have the card's sha256.
        shapes: name -> (dtype, shape), None in a shape for any length above 0.

    Raises:
        ModelError: the file is missing, another one, damaged, or lacks an array.
    """
    card.check_file()
    try:
        with np.load(card.file_path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in shapes}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f'model {card.name!r}: {card.file_path.name} cannot be read ({error}); train it again '
            f'with `vpr model vocabulary`'
        ) from error
    for name, (dtype, shape) in shapes.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            found == wanted or (wanted is None and found > 0)
            for found, wanted in zip(array.shape, shape, strict=True))
        finite = array.dtype.kind != 'f' or np.isfinite(array).all()
        if array.dtype != np.dtype(dtype) or not fits or not finite:
            raise ModelError(
                f'model {card.name!r}: the array {name!r} is {array.dtype} {array.shape}, '
                f'expected finite {dtype} {shape}; train it again with `vpr model vocabulary`'
            )
    return arrays


def write_model(path: Path, card: Mapping[str, Any], arrays: Arrays) -> Path:
    """Write ``NAME.npz`` and its card ``NAME.json``; the same arrays give the same bytes.

    Args:
        path: the card's file; its stem is the model's name.
        card: the fields apart from format, name and sha256.
        arrays: what :func:`read_arrays` reads.

    Returns:
        The card's file.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asarray(array, order='C'), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f'{name}.npy', _EPOCH), stream.getvalue(),
                             compress_type=zipfile.ZIP_DEFLATED)
    path = path.with_suffix('.json')
    path.with_suffix('.npz').write_bytes(data.getvalue())
    digest = hashlib.sha256(data.getvalue()).hexdigest()
    full = {'format': FORMAT, 'name': path.stem, 'sha256': digest, **card}
    path.write_text(json.dumps(full, indent=2) + '\n', encoding='utf-8')
    return path
