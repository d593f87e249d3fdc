# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Eynsham and Revisited San Francisco as they are handed out, without renaming any file.

What the deep visual geo-localization benchmark's downloader makes of them, images named
``@utm_east@utm_north@...``, is read by :mod:`vpr_ros.evaluation.position_datasets`.
"""

from __future__ import annotations

from pathlib import Path
import re

import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import (
    Dataset,
    DEFAULT_RADIUS_M,
    ImageRef,
    list_images,
    stamp,
)
from vpr_ros.evaluation.position_datasets import from_positions
from vpr_ros.evaluation.st_lucia import drives_of, load_st_lucia
from vpr_ros.evaluation.utm import to_utm

EYNSHAM_ROUTE = Path('Route_map', 'Eynsham.kml')
EYNSHAM_TILES = 5  # a panorama of the Ladybug camera
EYNSHAM_FIRST_LOOP = 4787  # panoramas of the first time around: the database
SAN_FRANCISCO_POSES = Path('reference_poses_598', 'reference_poses_addTM_all_598.txt')
SAN_FRANCISCO_QUERIES = 'BuildingQueryImagesCartoIDCorrected-Upright'
SAN_FRANCISCO_ZONE = 10


def load_raw(path: Path, *, radius_m: float = DEFAULT_RADIUS_M) -> Dataset | None:
    """Eynsham, Revisited San Francisco or St Lucia by what lies in a folder; None: neither."""
    if (path / EYNSHAM_ROUTE).is_file():
        return load_eynsham(path, radius_m=radius_m)
    if (path / SAN_FRANCISCO_POSES).is_file():
        return load_san_francisco(path, radius_m=radius_m)
    return load_st_lucia(path, radius_m=radius_m) if drives_of(path) else None


def load_eynsham(path: Path, *, radius_m: float = DEFAULT_RADIUS_M,
                 first_loop: int = EYNSHAM_FIRST_LOOP) -> Dataset:
    """Eynsham (FAB-MAP 2.0): ``Images/*.ppm`` and ``Route_map/Eynsham.kml``.

    Five images in order of their names are one panorama; the first panorama has no position. The
    first loop is the database, the second asks.

    Args:
        path: the folder that holds both.
        radius_m: images at most this far apart show the same place.
        first_loop: number of panoramas of the first loop.

    Raises:
        DataError: something is missing, or there are fewer positions than panoramas.
    """
    images = [image for image in list_images(path / 'Images') if image.suffix.lower() == '.ppm']
    try:
        blocks = re.findall(r'<coordinates>(.*?)</coordinates>',
                            (path / EYNSHAM_ROUTE).read_text('utf-8'), re.DOTALL)
        points = [point.split(',')[:2] for point in max(blocks, key=len).split()]
        places = np.array(points, np.float64).reshape(-1, 2)
    except OSError as error:
        raise DataError(f'{path / EYNSHAM_ROUTE} cannot be read ({error.strerror})') from error
    except ValueError as error:
        raise DataError(f'{path / EYNSHAM_ROUTE} holds no list of coordinates ({error})') \
            from error
    tiles = images[EYNSHAM_TILES:]
    if len(tiles) % EYNSHAM_TILES or len(tiles) > EYNSHAM_TILES * len(places):
        raise DataError(f'{path}: {len(images)} images and {len(places)} positions; expected '
                        f'{EYNSHAM_TILES} images a position and {EYNSHAM_TILES} more before')
    positions = to_utm(places[:, 1], places[:, 0])
    parts: tuple[list[ImageRef], list[ImageRef]] = [], []
    for order, image in enumerate(tiles):
        panorama, tile = divmod(order, EYNSHAM_TILES)
        east, north = positions[panorama].tolist()
        second = panorama >= first_loop
        parts[second].append(ImageRef(image, image.name, stamp(panorama + tile / 10, drive=second),
                                      (east, north)))
    return from_positions(path.name, parts[0], parts[1], radius_m)


def load_san_francisco(path: Path, *, radius_m: float = DEFAULT_RADIUS_M) -> Dataset:
    """Revisited San Francisco: the perspective images, 598 queries and their reference poses.

    The database are the files ``PCI_sp_<panorama>_<latitude>_<longitude>_..._<heading>_<pitch>
    .jpg`` anywhere below the folder. Queries lie in
    ``BuildingQueryImagesCartoIDCorrected-Upright``; where they were taken stands in
    ``reference_poses_598/reference_poses_addTM_all_598.txt`` (number, name, quaternion, east,
    north, height). Queries without a reference pose are left out.

    Args:
        path: the folder that holds all this.
        radius_m: images at most this far apart show the same place.

    Raises:
        DataError: something is missing or damaged.
    """
    found = sorted(path.rglob('PCI_sp_*.jpg'))
    try:
        fields = np.array([image.stem.split('_')[3:5] for image in found], np.float64)
        positions = to_utm(fields.reshape(-1, 2)[:, 0], fields.reshape(-1, 2)[:, 1],
                           SAN_FRANCISCO_ZONE)
    except ValueError as error:
        raise DataError(f'{path}: an image is not named '
                        f'PCI_sp_PANORAMA_LATITUDE_LONGITUDE_... ({error})') from error
    database = [
        ImageRef(image, image.relative_to(path).as_posix(), stamp(order), (east, north))
        for order, (image, (east, north)) in enumerate(zip(found, positions.tolist(),
                                                           strict=True))
    ]
    poses, queries = path / SAN_FRANCISCO_POSES, []
    try:
        lines = poses.read_text('utf-8').splitlines()[1:]
        for order, line in enumerate(line for line in lines if line.strip()):
            name, east, north = (line.split()[column] for column in (1, 6, 7))
            queries.append(ImageRef(path / SAN_FRANCISCO_QUERIES / f'{name}.jpg', name,
                                    stamp(order, drive=1), (float(east), float(north))))
    except OSError as error:
        raise DataError(f'{poses} cannot be read ({error.strerror})') from error
    except (ValueError, IndexError) as error:
        raise DataError(f'{poses}: line {len(queries) + 2} is no number, name, quaternion, east '
                        f'and north ({error})') from error
    lost = next((query.path for query in queries if not query.path.is_file()), None)
    if lost is not None:
        raise DataError(f'{poses} names {lost.name}, which is not in {lost.parent}')
    return from_positions(path.name, database, queries, radius_m)
