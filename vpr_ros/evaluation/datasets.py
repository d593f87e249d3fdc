# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any data set by its folder: the form is recognised by what lies in it."""

from __future__ import annotations

from pathlib import Path

from vpr_ros.errors import DataError
from vpr_ros.evaluation.benchmark_datasets import load_msls, load_nordland, load_struct
from vpr_ros.evaluation.csv_datasets import (
    GROUND_TRUTH,
    load_folders,
    load_frames,
    load_sequence,
)
from vpr_ros.evaluation.dataset import Dataset, DEFAULT_RADIUS_M
from vpr_ros.evaluation.position_datasets import load_utm
from vpr_ros.evaluation.raw_datasets import load_raw
from vpr_ros.evaluation.retrieval_datasets import (
    is_holidays,
    is_oxford,
    load_holidays,
    load_oxford,
)

SEASONS = ('summer', 'winter')
FORMS = (
    'database/ and queries/ with ground_truth.csv (query,correct_database)',
    'database/ and queries/ with files named @utm_east@utm_north@...@.jpg',
    'images/{train,val,test}/{database,queries}/ with such names',
    'one folder of images with ground_truth.csv',
    'frames.csv (file,split,floor,area,clip,second)',
    'a NetVLAD dbStruct .mat file',
    'MSLS cities (query/postprocessed.csv)',
    'Nordland (summer/ and winter/)',
    'Eynsham, Revisited San Francisco or St Lucia as they are handed out',
    'Oxford or Paris Buildings (*_query.txt, *_good.txt, *_ok.txt, *_junk.txt)',
    'INRIA Holidays (jpg/ with six-digit names)',
)


def load_dataset(
    path: Path | str,
    *,
    radius_m: float | None = None,
    split: str = '',
    tolerant: bool = False,
) -> Dataset:
    """Load a data set of any of :data:`FORMS`.

    Args:
        path: its folder, or a ``.mat`` file.
        radius_m: for forms with positions; None takes the data set's own, else 25 m.
        split: for ``images/{train,val,test}``; '' takes test, else val, else train.
        tolerant: for sequences, take the ground truth of the wider tolerance.

    Raises:
        DataError: no such folder, an unknown form, or something in it is wrong.

    Example:
        >>> load_dataset('no/such/folder')
        Traceback (most recent call last):
        vpr_ros.errors.DataError: the data set no/such/folder does not exist; give its folder
    """
    path = Path(path)
    radius = DEFAULT_RADIUS_M if radius_m is None else radius_m
    if path.is_file() and path.suffix == '.mat':
        return load_struct(path, radius_m=radius_m)
    if not path.is_dir():
        found = 'is a file' if path.exists() else 'does not exist'
        raise DataError(f'the data set {path} {found}; give its folder')
    folders = (path / 'database').is_dir() and (path / 'queries').is_dir()
    if (path / 'frames.csv').is_file():
        return load_frames(path)
    if (path / GROUND_TRUTH).is_file():
        return load_folders(path) if folders else load_sequence(path, tolerant=tolerant)
    if folders or (path / 'images').is_dir():
        return load_utm(path, radius_m=radius, split=split)
    if list(path.glob('query/postprocessed.csv')) + list(path.glob('*/query/postprocessed.csv')):
        return load_msls(path, radius_m=radius)
    if all((path / season).is_dir() for season in SEASONS):
        return load_nordland(path)
    if is_oxford(path):
        return load_oxford(path)
    if is_holidays(path):
        return load_holidays(path)
    raw = load_raw(path, radius_m=radius)
    if raw is not None:
        return raw
    raise DataError(f'{path} is no data set; known forms: {"; ".join(FORMS)}')
