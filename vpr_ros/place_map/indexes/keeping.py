# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an index to the files beside its map and back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.indexes.faiss_kinds import FaissRows
from vpr_ros.place_map.indexes.index import DescriptorIndex
from vpr_ros.place_map.indexes.sign_bits import SignBits
from vpr_ros.place_map.statistics import Statistics


def keep(
    map_path: Path, key: Mapping[str, Any], index: DescriptorIndex, *,
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]],
) -> bool:
    """Write an index and what else is wanted beside a map.

    Args:
        map_path: the map.
        key: identifies the state of the map.
        index: without removed rows.
        facts, arrays: what :func:`kept` gives back.

    Returns:
        False when nothing was written: the folder cannot be, the disk is full, or rows are dead.
    """
    if index.dead:
        return False
    about: dict[str, Any] = {**facts, 'kind': index.kind}
    try:
        if isinstance(index.rows, SignBits):
            with suppress(OSError):
                files.faiss_path(map_path).unlink(missing_ok=True)
            files.save(map_path, key, about, {**arrays, 'codes': index.rows.codes})
            return True
        path = files.faiss_path(map_path)
        partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
        try:
            index.rows.save(partial)
            about['faiss'] = files.checksum_of(partial)
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        files.save(map_path, key, about, arrays)
    except (OSError, RuntimeError):  # FAISS reports a full disk as the latter
        return False
    return True


def kept(
    map_path: Path, key: Mapping[str, Any], kind: str, statistics: Statistics, *, mapped: bool
) -> tuple[DescriptorIndex, files.Kept] | None:
    """Return the index kept for this state of a map; None when it has to be made.

    Args:
        map_path: the map.
        key: identifies the state of the map.
        kind: the kind that is wanted now.
        statistics: of the map.
        mapped: nothing will be added soon: FAISS's file is mapped, not read.
    """
    found = files.load(map_path, key)
    if found is None or found.facts.get('kind') != kind:
        return None
    dim = len(statistics.mean)
    if kind == 'binary':
        codes = found.arrays.get('codes')
        if codes is None or codes.shape[1:] != ((dim + 7) // 8,):
            return None
        return DescriptorIndex(kind, statistics, dim, SignBits(dim, codes)), found
    path = files.faiss_path(map_path)
    try:
        if not files.trusted(path) or files.checksum_of(path) != found.facts.get('faiss'):
            return None
        rows = FaissRows.load(kind, dim, path, mapped=mapped)
    except (OSError, ValueError, RuntimeError):
        return None
    if rows.index.d != dim:
        return None
    return DescriptorIndex(kind, statistics, dim, rows), found
