# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets whose truth stands in a CSV: ``ground_truth.csv`` or ``frames.csv``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import csv
from pathlib import Path

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import (
    condition_of,
    Dataset,
    ImageRef,
    Indices,
    list_images,
    make_dataset,
    stamp,
)

CLIP_SECONDS = 3.0  # frames.csv: database frames this near in the same clip show the place
GROUND_TRUTH = 'ground_truth.csv'


def load_folders(path: Path) -> Dataset:
    """``database/``, ``queries/`` and ``ground_truth.csv`` (query, correct_database).

    The second column holds names separated by spaces; empty means that there is no right answer.
    Query images that the CSV does not name are left out. A column ``condition``, or else a
    sub-folder of ``queries/``, names the light or the season of a query.
    """
    database, queries = path / 'database', path / 'queries'
    return _from_ground_truth(path, _in_order(database), database, queries, tolerant=False)


def load_sequence(path: Path, *, tolerant: bool = False) -> Dataset:
    """One folder of images in order; the CSV names which are queries and which are right.

    The database are the images before the first query.

    Args:
        path: the data set, with the CSV and one folder of images.
        tolerant: take the third column (a wider tolerance) where there is one.
    """
    rows = _rows(path / GROUND_TRUTH, ('query', 'correct_database'))
    folder = sequence_folder(path)
    if folder is None or not rows:
        raise DataError(f'{path}: expected one folder of images beside {GROUND_TRUTH}')
    images = _in_order(folder)
    first = min(row['query'] for row in rows)
    database = [image for image in images if image.name < first]
    return _from_ground_truth(path, database, folder, folder, tolerant=tolerant)


def sequence_folder(path: Path) -> Path | None:
    """Find the only sub-folder of a data set that holds images, or None."""
    folders = [p for p in sorted(path.iterdir()) if p.is_dir() and not p.name.startswith('.')]
    return folders[0] if len(folders) == 1 else None


def load_frames(path: Path) -> Dataset:
    """``frames.csv`` with columns file, split, floor, area, clip, second.

    Right are database frames of the same clip within :data:`CLIP_SECONDS`; frames of other clips
    of the same floor may well show the same spot, so they are neither right nor wrong.
    """
    columns = ('file', 'split', 'floor', 'clip', 'second')
    rows = _rows(path / 'frames.csv', columns)
    clips = {clip: number for number, clip in enumerate(dict.fromkeys(r['clip'] for r in rows))}
    folder = path / 'frames' if (path / 'frames').is_dir() else path
    parts: dict[str, list[tuple[ImageRef, dict[str, str]]]] = {'database': [], 'query': []}
    for row in rows:
        if row['split'] not in parts:
            raise DataError(f"{path / 'frames.csv'}: split {row['split']!r} found, expected "
                            f"'database' or 'query'")
        second = _number(row['second'], path / 'frames.csv')
        image = ImageRef(_existing(folder, row['file']), row['file'],
                         stamp(second, drive=clips[row['clip']]), condition=row['floor'])
        parts[row['split']].append((image, row))
    database = parts['database']
    floors = np.asarray([row['floor'] for _, row in database])
    walked = np.asarray([row['clip'] for _, row in database])
    stamps = np.asarray([image.stamp_ns for image, _ in database], np.int64)
    positives, ignored = [], []
    for image, row in parts['query']:
        right = np.abs(stamps - image.stamp_ns) <= CLIP_SECONDS * 1e9
        positives.append(np.flatnonzero(right))
        ignored.append(np.flatnonzero((floors == row['floor']) & (walked != row['clip'])))
    return make_dataset(path.name, [image for image, _ in database],
                        [image for image, _ in parts['query']], positives, ignored)


def _from_ground_truth(
    path: Path, database: list[ImageRef], database_folder: Path, query_folder: Path, *,
    tolerant: bool,
) -> Dataset:
    file = path / GROUND_TRUTH
    rows = _rows(file, ('query', 'correct_database'))
    if not rows:
        raise DataError(f'{file} names no query; expected a row for each, query,correct_database')
    column = 'correct_database'
    if tolerant:
        column = next((c for c in (rows[0] if rows else ()) if c.startswith(f'{column}_')), column)
    indices = {image.name: index for index, image in enumerate(database)}
    queries, positives = [], []
    for order, row in enumerate(rows):
        name = row['query']
        image = ImageRef(_existing(query_folder, name), name, stamp(order, drive=1),
                         condition=row.get('condition') or condition_of(name))
        queries.append(image)
        positives.append(_indices(row[column].split(), indices, file, database_folder))
    return make_dataset(path.name, database, queries, positives)


def _indices(
    names: Iterable[str], indices: Mapping[str, int], file: Path, folder: Path
) -> Indices:
    try:
        return np.unique(np.asarray([indices[name] for name in names], np.int64))
    except KeyError as error:
        raise DataError(
            f'{file} names {error} as a right answer, which is no database image in {folder}; '
            f'correct the name or add the image'
        ) from error


def _in_order(folder: Path) -> list[ImageRef]:
    return [ImageRef(image, image.relative_to(folder).as_posix(), stamp(order))
            for order, image in enumerate(list_images(folder))]


def _existing(folder: Path, name: str) -> Path:
    path = folder / name
    if Path(name).is_absolute() or '..' in Path(name).parts or not path.is_file():
        raise DataError(f'the image {name!r} is not in {folder}; correct the CSV or add the image')
    return path


def _number(text: str, file: Path) -> float:
    try:
        value = float(text)
        if not np.isfinite(value):
            raise ValueError
    except ValueError:
        raise DataError(f'{file}: {text!r} found where a number was expected') from None
    return value


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a CSV with at least these columns; short rows are filled with ''."""
    try:
        with file.open(encoding='utf-8-sig', newline='') as stream:
            reader = csv.DictReader(stream, restval='')
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f'{file}: the column {missing[0]!r} is missing; expected '
                                f'{",".join(columns)}')
            return [{k: v for k, v in row.items() if k is not None} for row in reader]
    except OSError as error:
        raise DataError(f'{file} cannot be read ({error.strerror})') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f'{file} is no valid CSV ({error})') from error
