# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map as a folder of plain files, for other programs and for keeping: lossless, without pickle.

================  ================================================================================
map.json          ``format``, ``uuid``, ``model``, ``state``, ``statistics``, ``context``,
                  ``sessions``; ``names``: the frames that the arrays number
places.npz        one row a place: ``place_id``, ``session_id``, ``stamp_ns``, ``travelled_m`` (NaN
                  for unknown), ``pose`` (x y z qx qy qz qw, NaN for unknown), ``frame`` and
                  ``pose_frame`` (numbers into ``names``), ``revisit_of``, ``matches``,
                  ``descriptor`` (float16), ``checksum``; besides ``mean`` and ``context_mean``
thumbnails.npz    ``place_id``, ``end`` (where each JPEG ends in ``data``), ``data``, ``checksum``
patches.npz       ``place_id``, ``size``, ``end``, ``data``, ``checksum``
================  ================================================================================

The checksums are those of the map's own rows (see :mod:`vpr_ros.place_map.schema`), and are
compared when the folder is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
import json
import os
from pathlib import Path
import shutil
from typing import Any

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import schema
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.store import Store

FORMAT = 1
ABOUT, PLACES, THUMBNAILS, PATCHES = 'map.json', 'places.npz', 'thumbnails.npz', 'patches.npz'
Arrays = dict[str, Any]  # name -> array


def export(path: Path | str, folder: Path | str) -> int:
    """Write a map as a folder; it appears under its name when it is complete.

    Thumbnails and patches go through memory, each kind at a time.

    Args:
        path: the map.
        folder: must not exist.

    Returns:
        The number of places.

    Raises:
        MapError: the map is damaged, or the folder exists or cannot be written.
    """
    folder = Path(folder)
    if folder.exists():
        raise MapError(f'{folder} exists; name a new folder')
    partial = folder.with_name(f'.{folder.name}.partial')
    with (
        closing(sqlite.open_file(Path(path), read_only=True)) as connection,
        sqlite.explained(path, 'export it'),
    ):
        connection.execute('BEGIN')
        store = Store(connection, str(path))
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            about, places = _places(store)
            np.savez(partial / PLACES, **places)
            ids = places['place_id'].tolist()
            np.savez(partial / THUMBNAILS, **_thumbnails(store, ids))
            np.savez(partial / PATCHES, **_patches(store, ids))
            text = json.dumps(about, indent=1)
            (partial / ABOUT).write_text(text + '\n', encoding='utf-8')
            os.replace(partial, folder)
        except OSError as error:
            raise MapError(
                f'{folder} cannot be written ({error.strerror}); choose another folder'
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return len(ids)


def _places(store: Store) -> tuple[dict[str, Any], Arrays]:
    model, names = store.model(), {'': 0}
    rows: list[Any] = []
    for batch in store.place_rows(model.dim):
        rows += batch
    statistics, context = store.statistics(model.dim), store.context(model.dim)
    matches, columns = store.matches(), list(zip(*rows, strict=True)) or [()] * 18
    for name in (*columns[3], *columns[12]):
        names.setdefault(name, len(names))
    arrays: Arrays = {
        'place_id': np.array(columns[0], np.int64),
        'session_id': np.array(columns[1], np.int64),
        'stamp_ns': np.array(columns[2], np.int64),
        'frame': np.array([names[name] for name in columns[3]], np.int32),
        'travelled_m': np.array(columns[4], np.float64),
        'pose': np.array(columns[5:12], np.float64).T.reshape(-1, 7),
        'pose_frame': np.array([names[name] for name in columns[12]], np.int32),
        'revisit_of': np.array(columns[schema.REVISIT_OF], np.int64),
        'matches': np.array([matches.get(i, 0) for i in columns[0]], np.int64),
        'descriptor': half_matrix(list(columns[schema.DESCRIPTOR]), model.dim),
        'checksum': np.array(columns[schema.CHECKSUM], np.uint32),
        'mean': statistics.mean,
        'context_mean': context.mean,
    }
    about = {
        'format': FORMAT,
        'uuid': store.uuid(),
        'model': {'name': model.name, 'sha256': model.sha256, 'dim': model.dim,
                  'card': model.card_json},
        'state': vars(store.state()),
        'statistics': {'count': statistics.count, 'revision': statistics.revision,
                       'prior_count': statistics.prior_count},
        'context': {'window': context.window, 'count': context.count},
        'sessions': [{'session_id': i, 'name': row.name, 'robot': row.robot,
                      'closed': row.closed} for i, row in store.sessions().items()],
        'names': list(names),
    }
    return about, arrays


def _thumbnails(store: Store, ids: list[int]) -> Arrays:
    found = [(place_id, 0, data) for place_id in ids if (data := store.thumbnail(place_id))]
    return _joined(found, sizes=False)


def _patches(store: Store, ids: list[int]) -> Arrays:
    return _joined([(place_id, size, codes) for place_id in ids
                    for size, codes in store.patches(place_id).items()], sizes=True)


def _joined(parts: list[tuple[int, int, bytes]], *, sizes: bool) -> Arrays:
    arrays: Arrays = {
        'place_id': np.array([part[0] for part in parts], np.int64),
        'end': np.cumsum([len(part[2]) for part in parts], dtype=np.int64),
        'data': np.frombuffer(b''.join(part[2] for part in parts), np.uint8),
        'checksum': np.array(list(_checksums(parts)), np.uint32),
    }
    return arrays | ({'size': np.array([part[1] for part in parts], np.int64)} if sizes else {})


def _checksums(parts: list[tuple[int, int, bytes]]) -> Iterator[int]:
    for place_id, size, data in parts:
        yield schema.blob_checksum(place_id, size, data)
