# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The forms in which the field's benchmarks are handed out: dbStruct, MSLS, Nordland."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import (
    Dataset,
    DEFAULT_RADIUS_M,
    ImageRef,
    list_images,
    make_dataset,
    stamp,
)
from vpr_ros.evaluation.position_datasets import from_positions
from vpr_ros.evaluation.time_machine import time_machine_stamps

CITIES_APART_M = 1e7


def load_struct(path: Path, *, radius_m: float | None = None) -> Dataset:
    """Load a NetVLAD ``dbStruct`` (.mat) of Pitts30k, Pitts250k, Tokyo 24/7 or Time Machine.

    Images are looked for beside the file and in its parent folder, also below ``images/``,
    ``database/`` or ``database_gsv_vga/``, and ``queries_real/``, ``queries/`` or ``query/``; a
    ``.jpg`` of the list may lie there as ``.png``, as in Tokyo 24/7. Stamps are when images were
    taken where the file tells (Time Machine data), else their order.

    Args:
        path: the .mat file.
        radius_m: None takes the one in the file.
    """
    struct = _read_struct(path)
    names = [[str(n) for n in np.atleast_1d(struct[key])] for key in ('dbImageFns', 'qImageFns')]
    places = [np.asarray(struct[key], np.float64) for key in ('utmDb', 'utmQ')]
    folders = (('database', 'database_gsv_vga', 'images', ''),
               ('queries_real', 'queries', 'query', 'images', ''))
    parts = []
    for drive, (files, utm) in enumerate(zip(names, places, strict=True)):
        if utm.size != 2 * len(files):
            raise DataError(f'{path}: {len(files)} images but {utm.size // 2} positions')
        root, suffix = _root_of(path, files[0] if files else '', folders[drive])
        stamps = time_machine_stamps(struct, ('dbTimeStamp', 'qTimeStamp')[drive], files) or [
            stamp(order, drive=drive) for order in range(len(files))]
        parts.append([
            ImageRef((root / file).with_suffix(suffix or Path(file).suffix), file, stamp_ns,
                     (float(x), float(y)))
            for file, stamp_ns, (x, y) in zip(files, stamps, utm.reshape(2, -1).T, strict=True)
        ])
    own = float(np.ravel(struct['posDistThr'])[0]) if 'posDistThr' in struct else DEFAULT_RADIUS_M
    return from_positions(path.stem, parts[0], parts[1], own if radius_m is None else radius_m)


def _read_struct(path: Path) -> dict[str, Any]:
    try:
        from scipy.io import loadmat  # noqa: PLC0415 - optional: only .mat files need it
    except ImportError as error:
        raise DataError('reading .mat files needs scipy; install it with `pip install scipy`') \
            from error
    try:
        raw = loadmat(path, squeeze_me=True, struct_as_record=True)['dbStruct']
        struct = {key: raw[key][()] for key in raw.dtype.names}
    except OSError as error:
        raise DataError(f'{path} cannot be read ({error})') from error
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise DataError(f'{path} is no NetVLAD dbStruct ({error!r})') from error
    missing = [k for k in ('dbImageFns', 'qImageFns', 'utmDb', 'utmQ') if k not in struct]
    if missing:
        raise DataError(f'{path}: the dbStruct lacks {missing[0]}')
    return struct


def _root_of(path: Path, first: str, folders: Sequence[str]) -> tuple[Path, str]:
    """Find the folder in which the first image lies, and '.png' where all are of that kind."""
    candidates = [base / folder for base in (path.parent, path.parent.parent)
                  for folder in folders]
    for folder in candidates:
        for suffix in ('', '.png'):
            image = folder / first
            if (image.with_suffix(suffix) if suffix else image).is_file():
                return folder, suffix
    raise DataError(f'{path} names {first!r}, which is in none of '
                    f'{", ".join(str(c) for c in candidates)}')


def load_msls(path: Path, *, radius_m: float = DEFAULT_RADIUS_M) -> Dataset:
    """One city of Mapillary Street-Level Sequences, or several in one folder.

    Each city holds ``database/`` and ``query/`` with ``images/``, ``postprocessed.csv`` (key,
    easting, northing, night) and ``raw.csv`` (pano); panoramas are left out. Cities are moved
    apart to the east, because their coordinates belong to different zones.
    """
    cities = [path] if (path / 'query').is_dir() else sorted(
        p for p in path.iterdir() if (p / 'query' / 'postprocessed.csv').is_file())
    if not cities:
        raise DataError(f'{path} holds no city with query/postprocessed.csv')
    parts: dict[str, list[ImageRef]] = {'database': [], 'query': []}
    for number, city in enumerate(cities):
        for part in parts:
            parts[part] += _msls_part(city, part, number)
    return from_positions(path.name, parts['database'], parts['query'], radius_m)


def _msls_part(city: Path, part: str, number: int) -> list[ImageRef]:
    folder, images = city / part, []
    drive, east = 2 * number + (part == 'query'), number * CITIES_APART_M
    try:
        panoramas = set()
        if (folder / 'raw.csv').is_file():
            with (folder / 'raw.csv').open(encoding='utf-8', newline='') as stream:
                panoramas = {r['key'] for r in csv.DictReader(stream) if r['pano'] == 'True'}
        with (folder / 'postprocessed.csv').open(encoding='utf-8', newline='') as stream:
            for order, row in enumerate(csv.DictReader(stream)):
                if row['key'] in panoramas:
                    continue
                position = (float(row['easting']) + east, float(row['northing']))
                condition = 'night' if row.get('night') == 'True' else 'day'
                images.append(ImageRef(
                    folder / 'images' / f'{row["key"]}.jpg', f'{city.name}/{row["key"]}.jpg',
                    stamp(order, drive=drive), position, condition))
    except OSError as error:
        raise DataError(f'{error.filename} cannot be read ({error.strerror})') from error
    except (KeyError, ValueError, csv.Error) as error:
        raise DataError(f'{folder}: postprocessed.csv or raw.csv is damaged ({error!r})') \
            from error
    return images


def load_nordland(
    path: Path, *, database: str = 'summer', queries: str = 'winter', tolerance: int = 10
) -> Dataset:
    """Two seasons of the Nordland railway: folders whose n-th images show the same place.

    Args:
        path: holds a folder per season.
        database, queries: names of two seasons.
        tolerance: frames before and after that count as the same place.
    """
    seasons = [list_images(path / season) for season in (database, queries)]
    if len(seasons[0]) != len(seasons[1]):
        raise DataError(f'{path}: {database} has {len(seasons[0])} images and {queries} '
                        f'{len(seasons[1])}; aligned seasons have equally many')
    refs = [
        [ImageRef(p, f'{season}/{p.name}', stamp(order, drive=drive), (float(order), 0.0), season)
         for order, p in enumerate(images)]
        for drive, (season, images) in enumerate(zip((database, queries), seasons, strict=True))
    ]
    dataset = from_positions(path.name, refs[0], refs[1], float(tolerance))
    return make_dataset(f'{path.name} {database}/{queries}', refs[0], refs[1], dataset.positives)
