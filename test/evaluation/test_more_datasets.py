# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tokyo Time Machine, Eynsham, Revisited San Francisco and St Lucia as they are handed out."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.io import savemat

from vpr_ros.errors import DataError
from vpr_ros.evaluation.benchmark_datasets import load_struct
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.raw_datasets import load_eynsham, load_san_francisco
from vpr_ros.evaluation.st_lucia import drives_of, load_st_lucia
from vpr_ros.evaluation.time_machine import time_machine_stamps
from vpr_ros.evaluation.utm import to_utm, zone_of


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def positives(dataset) -> list[list[int]]:
    return [p.tolist() for p in dataset.positives]


@pytest.mark.parametrize(('latitude', 'longitude', 'zone', 'east', 'north'), [
    (0.0, 3.0, 31, 500_000.0, 0.0),  # on the central meridian
    (51.2, 7.5, 32, 395_201.31, 5_673_135.24),
    (37.7749, -122.4194, 10, 551_130.77, 4_180_998.88),  # San Francisco
    (43.642566, -79.387139, 17, 630_084.30, 4_833_438.59),  # the CN Tower
    (-43.642566, -79.387139, 17, 630_084.30, 10_000_000 - 4_833_438.59),  # its mirror image
])
def test_utm_of_known_places(latitude, longitude, zone, east, north) -> None:
    assert zone_of(longitude) == zone
    found = to_utm(np.array([latitude]), np.array([longitude]))[0]
    assert found == pytest.approx([east, north], abs=0.15)


@given(st.floats(-80, 80), st.floats(-2.5, 2.5))
def test_utm_keeps_distances(latitude: float, from_meridian: float) -> None:
    """A step of 1/10,000 degree north is as long as the ellipsoid's radius of curvature says."""
    step = 1e-4
    places = to_utm(np.array([latitude, latitude + step]), np.array([9 + from_meridian] * 2), 32)
    squared = 0.00669437999
    sine = np.sin(np.deg2rad(latitude + step / 2))
    curvature = 6_378_137 * (1 - squared) / (1 - squared * sine**2) ** 1.5
    length = np.hypot(*(places[1] - places[0])) if latitude * (latitude + step) > 0 else None
    # the scale is 0.9996 in the middle and grows with the square of the distance from it
    x = np.deg2rad(from_meridian) * np.cos(np.deg2rad(latitude))
    scale = 0.9996 * (1 + x**2 / 2)
    if length is not None:
        assert length == pytest.approx(curvature * np.deg2rad(step) * scale, rel=2e-4)


def struct_of(folder: Path, database: list[str], queries: list[str], **more) -> Path:
    struct = {
        'dbImageFns': np.array(database, object).reshape(-1, 1),
        'qImageFns': np.array(queries, object).reshape(-1, 1),
        'utmDb': np.array([[0.0] * len(database), [10.0 * i for i in range(len(database))]]),
        'utmQ': np.array([[0.0] * len(queries), [0.0] * len(queries)]), 'posDistThr': 25.0, **more,
    }
    path = folder / 'made.mat'
    savemat(path, {'dbStruct': struct})
    return path


@pytest.mark.parametrize('form', ['months', 'datenum', 'folders'])
def test_time_machine_images_know_their_month(tmp_path, form: str) -> None:
    database, queries = ['201502/a_000_012.jpg', '201503/b_030_012.jpg'], ['201503/b_030_012.jpg']
    touch(tmp_path, *(f'images/{name}' for name in database))
    forms: dict[str, dict[str, list]] = {
        'months': {'dbTimeStamp': [201502, 201503], 'qTimeStamp': [201503]},
        # day 1 of MATLAB is 1 January of the year 0; Python's day 1 is that of the year 1
        'datenum': {'dbTimeStamp': [366.0 + datetime(2015, m, 1).toordinal() for m in (2, 3)],
                    'qTimeStamp': [366.0 + datetime(2015, 3, 1).toordinal()]},
        'folders': {},
    }
    dataset = load_struct(struct_of(tmp_path, database, queries, **forms[form]))
    assert dataset.queries[0].path == dataset.database[1].path == tmp_path / 'images' / queries[0]

    def month(image) -> str:
        return datetime.fromtimestamp(image.stamp_ns / 1e9, timezone.utc).strftime('%Y-%m-%d')

    assert [month(image) for image in dataset.database] == ['2015-02-01', '2015-03-01']
    assert month(dataset.queries[0]) == '2015-03-01'
    assert positives(dataset) == [[0, 1]]


def test_wrong_stamps_are_told(tmp_path) -> None:
    with pytest.raises(DataError, match=r'2 images but 1 of dbTimeStamp'):
        time_machine_stamps({'dbTimeStamp': [201501]}, 'dbTimeStamp', ['a', 'b'])
    with pytest.raises(DataError, match='holds 201513 in qTimeStamp'):
        time_machine_stamps({'qTimeStamp': [201513]}, 'qTimeStamp', ['a'])
    assert time_machine_stamps({}, 'qTimeStamp', ['000/000001.jpg']) is None


def test_tokyo_247_lists_jpg_and_holds_png(tmp_path) -> None:
    touch(tmp_path, 'database_gsv_vga/03814/x.png', 'database_gsv_vga/03814/y.png', 'query/q.jpg')
    dataset = load_struct(struct_of(tmp_path, ['03814/x.jpg', '03814/y.jpg'], ['q.jpg']))
    assert all(image.path.is_file() for image in dataset.database + dataset.queries)


def test_eynsham(tmp_path) -> None:
    touch(tmp_path, *(f'Images/grab_{1230 + i // 5}.{i % 5}.ppm' for i in range(25)),
          'Images/readme.txt')
    (tmp_path / 'Route_map').mkdir()
    route = tmp_path / 'Route_map' / 'Eynsham.kml'
    # 0.0001 degrees north are 11 m
    route.write_text('<kml><Point><coordinates>0,0</coordinates></Point><LineString><coordinates>'
                     '-1.4,51.7800,0 -1.4,51.7810,0 -1.4,51.7801,0 -1.4,51.7900,0 '
                     '</coordinates></LineString></kml>\n')
    dataset = load_eynsham(tmp_path, first_loop=2)
    assert [image.name for image in dataset.database] == [
        f'grab_{second}.{tile}.ppm' for second in (1231, 1232) for tile in range(5)]
    assert len(dataset.queries) == 10
    assert positives(dataset) == [[0, 1, 2, 3, 4]] * 5 + [[]] * 5
    with pytest.raises(DataError, match='no queries'):  # all four lie in its first loop
        load_dataset(tmp_path)
    route.write_text('<coordinates>-1.4,51.7800,0</coordinates>')
    with pytest.raises(DataError, match='25 images and 1 positions'):
        load_eynsham(tmp_path)
    route.write_text('<coordinates>west,north</coordinates>')
    with pytest.raises(DataError, match='no list of coordinates'):
        load_eynsham(tmp_path)


def test_revisited_san_francisco(tmp_path) -> None:
    names = ['PCI_sp_11800_37.7749_-122.4194_937762205_0_727224067_94.6394_-37.0829.jpg',
             'PCI_sp_11801_37.7760_-122.4194_937762205_1_727224067_94.6394_-37.0829.jpg']
    touch(tmp_path, *(f'00011000_00012000_3/{name}' for name in names),
          'BuildingQueryImagesCartoIDCorrected-Upright/0022.jpg')
    (tmp_path / 'reference_poses_598').mkdir()
    poses = tmp_path / 'reference_poses_598' / 'reference_poses_addTM_all_598.txt'
    header = '# number name qx qy qw qz east north height\n'
    poses.write_text(f'{header}1 0022 0.1 0.2 0.9 0.3 551131.0 4180999.0 12.0\n')
    dataset = load_san_francisco(tmp_path)
    assert [Path(image.name).name for image in dataset.database] == names
    assert positives(dataset) == positives(load_dataset(tmp_path)) == [[0]]
    poses.write_text(f'{header}1 0022 0.1 0.2\n')
    with pytest.raises(DataError, match='line 2 is no number, name'):
        load_san_francisco(tmp_path)
    poses.write_text(f'{header}1 0023 0.1 0.2 0.9 0.3 551131.0 4180999.0 12.0\n')
    with pytest.raises(DataError, match=r'names 0023\.jpg, which is not in'):
        load_san_francisco(tmp_path)


def drive(folder: Path, frames: int, north_m: float) -> None:
    """Write a video of frames 2 m apart, each of one grey, and where they were taken."""
    folder.mkdir(parents=True)
    writer = cv2.VideoWriter(str(folder / 'webcam_video.avi'), cv2.VideoWriter.fourcc(*'MJPG'), 15,
                             (64, 48))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 10 * number, np.uint8))
    writer.release()
    degree_m = 110_780  # of latitude, at 27.5 degrees
    (folder / 'fGPS.txt').write_text(''.join(
        f'{27.5 - (2.0 * n + north_m) / degree_m:.8f},153.01\n' for n in range(frames)))


def test_st_lucia(tmp_path) -> None:
    drive(tmp_path / '110909_1545', 12, 0.4)
    drive(tmp_path / '100909_0845', 16, 0.0)
    drive(tmp_path / '190809_0845', 12, 0.0)
    assert [d.name for d in drives_of(tmp_path)] == ['190809_0845', '100909_0845', '110909_1545']
    dataset = load_st_lucia(tmp_path, radius_m=7.0)
    assert [image.name for image in dataset.database] == [
        f'190809_0845/{n:06d}.png' for n in (0, 3, 6, 9)]  # 6 m apart
    assert {image.path.parts[-3] for image in dataset.queries} == {'110909_1545'}
    assert positives(dataset) == [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3]]
    for image, number in zip(dataset.database, (0, 3, 6, 9), strict=True):
        assert abs(np.mean(np.asarray(cv2.imread(str(image.path)))) - 10 * number) < 3
    # south of the equator, and to the north as the signless latitude falls
    norths = [image.position_m[1] for image in dataset.database if image.position_m]
    assert norths == sorted(norths) and 6_900_000 < norths[0] < 7_000_000
    (tmp_path / '190809_0845' / 'webcam_video.avi').unlink()
    again = load_dataset(tmp_path, radius_m=7.0)  # taken out before
    assert positives(again) == positives(dataset)
    third = load_st_lucia(tmp_path, database='100909_0845')
    assert third.database[0].name == '100909_0845/000000.png'


def test_what_is_wrong_with_st_lucia(tmp_path) -> None:
    drive(tmp_path / 'one', 4, 0.0)
    with pytest.raises(DataError, match='holds 1 drives'):
        load_st_lucia(tmp_path)
    drive(tmp_path / 'two', 4, 0.0)
    (tmp_path / 'two' / 'webcam_video.avi').write_bytes(b'no video')
    with pytest.raises(DataError, match='cannot be read'):
        load_st_lucia(tmp_path)
    (tmp_path / 'two' / 'webcam_video.avi').unlink()
    with pytest.raises(DataError, match='is missing; it holds the images'):
        load_st_lucia(tmp_path)
    (tmp_path / 'one' / 'fGPS.txt').write_text('27.5;153\n')
    with pytest.raises(DataError, match='no "latitude, longitude"'):
        load_st_lucia(tmp_path)
