# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Retrieval sets that are scored by mean average precision: Oxford, Paris, Holidays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import re

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import (
    Dataset,
    ImageRef,
    Indices,
    list_images,
    make_dataset,
    stamp,
)

QUERY_FILE = '_query.txt'
HOLIDAYS_LIST = 'holidays_images.dat'
HOLIDAYS_FOLDER = 'jpg'
_PREFIX = 'oxc1_'  # before the names in Oxford's query files
_HOLIDAYS_NAME = re.compile(r'\d{6}\.jpg')


def is_oxford(path: Path) -> bool:
    """Whether a folder holds ground truth in the form of Oxford and Paris Buildings."""
    return any(path.rglob(f'*{QUERY_FILE}'))


def is_holidays(path: Path) -> bool:
    """Whether a folder holds INRIA Holidays: its list, or ``jpg/`` with six-digit names."""
    if (path / HOLIDAYS_LIST).is_file():
        return True
    folder = path / HOLIDAYS_FOLDER
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    return bool(names) and all(_HOLIDAYS_NAME.fullmatch(name) for name in names)


def load_oxford(path: Path) -> Dataset:
    """Oxford Buildings and Paris: text files beside or below which all images lie.

    For each query, ``NAME_query.txt`` holds an image and the box of the object (name, left, top,
    right, bottom), and ``NAME_good.txt``, ``NAME_ok.txt`` and ``NAME_junk.txt`` image names. Good
    and ok are right, junk is neither right nor wrong; the database are all images.

    Raises:
        DataError: a file is missing or damaged, or names an image that is not there.
    """
    images = list_images(path)
    by_stem = {image.stem: index for index, image in enumerate(images)}
    if len(by_stem) != len(images):
        raise DataError(f'{path}: two images have the same name; the ground truth cannot tell '
                        f'them apart')
    database = [ImageRef(image, image.relative_to(path).as_posix(), stamp(order))
                for order, image in enumerate(images)]
    queries, positives, junk = [], [], []
    for order, file in enumerate(sorted(path.rglob(f'*{QUERY_FILE}'))):
        name = file.name.removesuffix(QUERY_FILE)
        index, box = _query(file, by_stem)
        queries.append(ImageRef(images[index], name, stamp(order, drive=1), box_px=box))
        good, okay, bad = (_listed(file.with_name(f'{name}_{kind}.txt'), by_stem)
                           for kind in ('good', 'ok', 'junk'))
        positives.append(np.union1d(good, okay))
        junk.append(np.setdiff1d(bad, positives[-1]))
    return make_dataset(path.name, database, queries, positives, junk, retrieval=True)


def load_holidays(path: Path) -> Dataset:
    """INRIA Holidays: ``jpg/`` (or the folder itself) with names such as 100001.jpg.

    The number without its last two digits is the scene, and the image that ends in 00 its query;
    all other images of the scene are right, and the query itself is left out of the ranking.
    ``holidays_images.dat``, where there is one, names the images that count.

    Raises:
        DataError: an image is missing, or its name has another form.
    """
    folder = path / HOLIDAYS_FOLDER if (path / HOLIDAYS_FOLDER).is_dir() else path
    listed = path / HOLIDAYS_LIST
    if listed.is_file():
        names = [line.split()[0] for line in _lines(listed)]
    else:
        names = [image.name for image in list_images(folder)]
    for name in names:
        if not _HOLIDAYS_NAME.fullmatch(name):
            raise DataError(f'{path}: {name!r} found, expected six digits and .jpg')
        if not (folder / name).is_file():
            raise DataError(f'{listed} names {name}, which is not in {folder}; add the image')
    database = [ImageRef(folder / name, name, stamp(order)) for order, name in enumerate(names)]
    scenes = np.asarray([int(name[:4]) for name in names])
    rows = [row for row, name in enumerate(names) if name[4:6] == '00']
    queries = [ImageRef(folder / names[row], names[row], stamp(order, drive=1))
               for order, row in enumerate(rows)]
    positives = [np.setdiff1d(np.flatnonzero(scenes == scenes[row]), [row]) for row in rows]
    return make_dataset(path.name, database, queries, positives,
                        [np.asarray([row], np.int64) for row in rows], retrieval=True)


def _query(file: Path, by_stem: dict[str, int]) -> tuple[int, tuple[float, float, float, float]]:
    """Image and box of a query file."""
    fields = ' '.join(_lines(file)).split()
    try:
        name, *numbers = fields
        left, top, right, bottom = (float(value) for value in numbers)
    except ValueError:
        raise DataError(f'{file}: expected one image name and four numbers, the box of the '
                        f'query') from None
    if not (np.isfinite([left, top, right, bottom]).all() and left < right and top < bottom):
        raise DataError(f'{file}: the box {left:g} {top:g} {right:g} {bottom:g} is empty; '
                        f'expected left, top, right, bottom')
    return int(_indices([name.removeprefix(_PREFIX)], by_stem, file)[0]), (
        left, top, right, bottom)


def _listed(file: Path, by_stem: dict[str, int]) -> Indices:
    return _indices(_lines(file), by_stem, file)


def _indices(names: Sequence[str], by_stem: dict[str, int], file: Path) -> Indices:
    try:
        return np.unique(np.asarray([by_stem[name] for name in names], np.int64))
    except KeyError as error:
        raise DataError(f'{file} names the image {error}, which is not there; add the image or '
                        f'remove the name') from error


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding='utf-8').splitlines()
                if line.strip()]
    except OSError as error:
        raise DataError(f'{file} cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise DataError(f'{file} is no text file') from error
