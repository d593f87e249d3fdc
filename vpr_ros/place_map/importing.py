# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map from the folder that :mod:`vpr_ros.place_map.exporting` wrote, equal to the first one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
import json
import math
from pathlib import Path
import struct
from typing import Any, IO
import zipfile
import zlib

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from vpr_ros.errors import MapError
from vpr_ros.place_map import files, schema
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.context import MapContext, MAX_WINDOW
from vpr_ros.place_map.exporting import ABOUT, Arrays, FORMAT, PATCHES, PLACES, THUMBNAILS
from vpr_ros.place_map.halves import half_bytes
from vpr_ros.place_map.identity import check_model, ModelIdentity
from vpr_ros.place_map.limits import check_facts, check_name, check_parts
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.place_map import PlaceMap
from vpr_ros.place_map.records import MapInfo
from vpr_ros.place_map.statistics import Statistics
from vpr_ros.place_map.store import SessionRow
from vpr_ros.place_map.writing import MapWriter

MAX_JSON_BYTES = 64 * 1024 * 1024
_NO_FOLDER = (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
              OverflowError, RecursionError, NotImplementedError, MemoryError, SyntaxError,
              struct.error, zipfile.BadZipFile, zlib.error)
_PLACE_ARRAYS = {  # name -> kind and number of dimensions
    'place_id': ('i8', 1), 'session_id': ('i8', 1), 'stamp_ns': ('i8', 1), 'frame': ('i4', 1),
    'travelled_m': ('f8', 1), 'pose': ('f8', 2), 'pose_frame': ('i4', 1),
    'revisit_of': ('i8', 1), 'matches': ('i8', 1), 'descriptor': ('f2', 2),
    'checksum': ('u4', 1), 'mean': ('f8', 1), 'context_mean': ('f4', 1),
}
_PART_ARRAYS = {'place_id': ('i8', 1), 'end': ('i8', 1), 'data': ('u1', 1), 'checksum': ('u4', 1)}


def import_map(folder: Path | str, out: Path | str) -> MapInfo:
    """Make a map of an exported folder, with every number as it was.

    Args:
        folder: as :func:`vpr_ros.place_map.exporting.export` writes it.
        out: the new map; it must not exist.

    Raises:
        MapError: a file is missing, damaged or changed, or ``out`` exists or cannot be written.
    """
    folder, out = Path(folder), Path(out)
    with files.new_map(out, overwrite=False, doing='import into it') as connection:
        try:
            about = _json(folder / ABOUT)
            if about['format'] != FORMAT:
                raise ValueError(f'format {about["format"]!r} found, this version reads {FORMAT}')
            writer = _begin(connection, out, about)
            state, statistics = _write(writer, folder, about)
            writer.finish(state, statistics)
        except OSError as error:
            raise MapError(
                f'{error.filename or folder} cannot be read ({error.strerror}); an exported map '
                f'is a folder with {ABOUT}, {PLACES}, {THUMBNAILS} and {PATCHES}'
            ) from error
        except _NO_FOLDER as error:
            what = f'{error} is missing' if isinstance(error, KeyError) else str(error)
            raise MapError(
                f'{folder} is no exported map, or was changed since: {what[:200]}; export again'
            ) from error
    with PlaceMap.open(out, read_only=True) as made:
        return made.info()


def _begin(connection: Any, out: Path, about: dict[str, Any]) -> MapWriter:
    raw = about['model']
    model = ModelIdentity(str(raw['name']), str(raw['sha256']), int(raw['dim']), str(raw['card']))
    check_model(model)
    window = int(about['context']['window'])
    if not 0 <= window <= MAX_WINDOW:
        raise ValueError(f'context of {window} keyframes')
    writer = MapWriter(connection, str(out), model, MapContext.empty(window, model.dim),
                       map_uuid=check_name(str(about['uuid']), 'the uuid'))
    for session in about['sessions']:
        row = SessionRow(check_name(str(session['name']), 'the name of a session'),
                         check_name(str(session['robot']), 'the name of a robot'),
                         bool(session['closed']))
        writer.session(int(session['session_id']), row)
    return writer


def _write(
    writer: MapWriter, folder: Path, about: dict[str, Any]
) -> tuple[State, Statistics]:
    dim = int(about['model']['dim'])
    places = _arrays(folder / PLACES, _PLACE_ARRAYS)
    n = len(places['place_id'])
    shapes = {'pose': (n, 7), 'descriptor': (n, dim), 'mean': (dim,), 'context_mean': (dim,)}
    for name, array in places.items():
        if array.shape != shapes.get(name, (n,)):
            raise ValueError(f'{name} has shape {array.shape}')
    context = about['context']
    writer.store.put_context(
        MapContext(int(context['window']), places['context_mean'], int(context['count'])))
    sessions = {int(session['session_id']) for session in about['sessions']}
    if not set(places['session_id'].tolist()) <= sessions:
        raise ValueError('a place is of a session that is not there')
    thumbnails = _parts(folder / THUMBNAILS, sizes=False)
    patches = _parts(folder / PATCHES, sizes=True)
    thumbnail, patch = next(thumbnails, None), next(patches, None)
    names = [check_name(str(name), 'a frame') for name in about['names']]
    for i, row in enumerate(_rows(places, names)):
        own: dict[int, bytes] = {}
        jpeg = b''
        if thumbnail is not None and thumbnail[0] == row[0]:
            jpeg, thumbnail = thumbnail[2], next(thumbnails, None)
        while patch is not None and patch[0] == row[0]:
            own[patch[1]], patch = patch[2], next(patches, None)
        row[13], row[14] = len(jpeg), sum(map(len, own.values()))
        if schema.place_checksum(row) != places['checksum'][i]:
            raise ValueError(f'place {row[0]} has another checksum')
        check_parts(jpeg, own)
        columns = PlaceColumns()
        columns.extend([row])
        place = columns.place(0)
        check_facts(place.stamp_ns, place.frame_id, place.pose, place.travelled_m)
        writer.place(place, row[schema.DESCRIPTOR], jpeg, own, int(places['matches'][i]))
    if thumbnail is not None or patch is not None:
        raise ValueError('a thumbnail or patch is of a place that is not there')
    raw = about['statistics']
    statistics = Statistics(places['mean'], int(raw['count']), int(raw['revision']),
                            int(raw['prior_count']))
    return State(**{k: int(v) for k, v in about['state'].items()}), statistics


def _rows(places: Arrays, names: list[str]) -> Iterator[list[Any]]:
    """Rows of the table ``places``; ascending, as the map wants them."""
    if np.any(np.diff(places['place_id']) <= 0) or np.any(np.diff(places['session_id']) < 0):
        raise ValueError('the places are not in order')
    if min(places['frame'].min(initial=0), places['pose_frame'].min(initial=0)) < 0:
        raise ValueError('a frame has a negative number')
    known = {0}
    for i in range(len(places['place_id'])):
        if int(places['revisit_of'][i]) not in known:
            raise ValueError(f'place {places["place_id"][i]} revisits one that is not there')
        known.add(int(places['place_id'][i]))
        travelled, pose = places['travelled_m'][i].item(), places['pose'][i].tolist()
        yield [
            int(places['place_id'][i]), int(places['session_id'][i]),
            int(places['stamp_ns'][i]), names[places['frame'][i]],
            _known(travelled),
            *map(_known, pose),
            names[places['pose_frame'][i]], 0, 0, int(places['revisit_of'][i]), 0,
            half_bytes(places['descriptor'][i]),
        ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _parts(path: Path, *, sizes: bool) -> Iterator[tuple[int, int, bytes]]:
    """(place id, patch size or 0, bytes), verified."""
    wanted = _PART_ARRAYS | ({'size': ('i8', 1)} if sizes else {})
    arrays = _arrays(path, wanted)
    n = len(arrays['place_id'])
    if any(len(array) != n for name, array in arrays.items() if name != 'data'):
        raise ValueError(f'{path.name} has arrays of different lengths')
    ends = [0, *arrays['end'].tolist()]
    if ends[-1] != len(arrays['data']) or any(a > b for a, b in pairwise(ends)):
        raise ValueError(f'{path.name} is cut off')
    for i in range(n):
        place_id = int(arrays['place_id'][i])
        size = int(arrays['size'][i]) if sizes else 0
        data = arrays['data'][ends[i]:ends[i + 1]].tobytes()
        if schema.blob_checksum(place_id, size, data) != arrays['checksum'][i]:
            raise ValueError(f'{path.name}: the entry of place {place_id} has another checksum')
        yield place_id, size, data


def _arrays(path: Path, wanted: dict[str, tuple[str, int]]) -> Arrays:
    """Read an .npz that holds exactly these arrays; nothing is unpacked beyond the file's size."""
    found: Arrays = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix('.npy')
            if name not in wanted or name in found or entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f'{path.name} holds {entry.filename!r}, which is not expected')
            with archive.open(entry) as stream:
                found[name] = _array(stream, entry.file_size, *wanted[name])
    if set(found) != set(wanted):
        raise ValueError(f'{path.name} lacks {", ".join(sorted(set(wanted) - set(found)))}')
    return found


def _array(stream: IO[bytes], size: int, kind: str, dimensions: int) -> NDArray[Any]:
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f'an array of version {version}')
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    if dtype.hasobject or dtype.str.lstrip('<|') != kind or len(shape) != dimensions:
        raise ValueError(f'an array of {dtype} with shape {shape} where {kind} is expected')
    count = 1
    for length in shape:
        count *= length
    if stream.tell() + count * dtype.itemsize != size:
        raise ValueError(f'an array of shape {shape} in {size} bytes')
    data = stream.read(count * dtype.itemsize)
    array = np.frombuffer(data, dtype, count)
    return array.reshape(shape, order='F' if fortran else 'C')


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ValueError(f'{path.name} is larger than {MAX_JSON_BYTES} bytes')
    raw = json.loads(path.read_text(encoding='utf-8'))
    if not isinstance(raw, dict):
        raise ValueError(f'{path.name} holds no object')
    return raw
