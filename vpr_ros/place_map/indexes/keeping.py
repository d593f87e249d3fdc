# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an index to the files beside its map and back.

The mean that the index was made around is kept with it: the map may have another one by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.indexes.faiss_kinds import FaissRows
from vpr_ros.place_map.indexes.index import DescriptorIndex
from vpr_ros.place_map.indexes.kinds import GPU, KINDS
from vpr_ros.place_map.indexes.sign_bits import SignBits
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.whole_files import replacing


def keep(
    map_path: Path, key: Mapping[str, Any], index: DescriptorIndex, *,
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]],
) -> bool:
    """Write an index and what else is wanted beside a map.

    Args:
        map_path: the map.
        key: identifies the map.
        index: the one in use.
        facts, arrays: what :func:`kept` gives back.

    Returns:
        False when nothing was written: the folder cannot be, or the disk is full.
    """
    numbers = {name: getattr(index.statistics, name)
               for name in ('count', 'revision', 'prior_count')}
    kind = 'flat' if index.kind == GPU else index.kind  # what lies on the card is copied from it
    about: dict[str, Any] = {**facts, 'kind': kind, 'statistics': numbers}
    arrays = {**arrays, 'mean': index.statistics.mean}
    if index.slots is not None:
        arrays['slots'] = index.slots
    try:
        if isinstance(index.rows, SignBits):
            with suppress(OSError):
                files.faiss_path(map_path).unlink(missing_ok=True)
            files.save(map_path, key, about, {**arrays, 'codes': index.rows.codes})
            return True
        path = files.faiss_path(map_path)
        with replacing(path) as draft:
            index.rows.save(draft)
            about['faiss'] = files.checksum_of(draft)
            os.chmod(draft, 0o644)
        files.save(map_path, key, about, arrays)
    except (OSError, RuntimeError):  # FAISS reports a full disk as the latter
        return False
    return True


def kept(
    map_path: Path, key: Mapping[str, Any], dim: int, *, mapped: bool
) -> tuple[DescriptorIndex, files.Kept] | None:
    """Return the index that was kept for a map, around the mean of then; None to make it anew.

    Args:
        map_path: the map.
        key: identifies the map.
        dim: length D of its descriptors.
        mapped: nothing will be added soon: FAISS's file is mapped, not read.
    """
    found = files.load(map_path, key)
    if found is None or found.facts.get('kind') not in KINDS:
        return None
    kind, mean = found.facts['kind'], found.arrays.get('mean')
    if mean is None or mean.shape != (dim,) or mean.dtype != np.float64:
        return None
    statistics = Statistics(np.array(mean), **found.facts['statistics'])
    slots = found.arrays.get('slots')
    if kind == 'binary':
        codes = found.arrays.get('codes')
        if codes is None or codes.shape[1:] != ((dim + 7) // 8,):
            return None
        return DescriptorIndex(kind, statistics, dim, SignBits(dim, codes), slots), found
    path = files.faiss_path(map_path)
    try:
        if not files.trusted(path) or files.checksum_of(path) != found.facts.get('faiss'):
            return None
        rows = FaissRows.load(kind, dim, path, mapped=mapped)
    except (OSError, ValueError, RuntimeError):
        return None
    if rows.index.d != dim:
        return None
    return DescriptorIndex(kind, statistics, dim, rows, slots), found
