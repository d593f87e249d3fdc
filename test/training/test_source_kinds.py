# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of source, in a tiny folder of exactly its structure, in all three uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from training.data import FrameTable
from training.datasets import open_set
from training.source_kinds import (
    guess_kind,
    load_evaluation,
    load_frames,
    load_tuples,
    parse_source,
    provenance,
    SOURCES,
)
from training.tuples import MONTH_S
from vpr_ros.bags import BagWriter
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.types import Pose

PLACES = range(4)  # 100 m apart


def image(path: Path, number: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)
    assert cv2.imwrite(str(path), pixels)


def struct(folder: Path, name: str, database: str, queries: str, folders: tuple[str, str],
           **more) -> Path:
    """Write a dbStruct of four places with a query each; names with a {} for the place."""
    files = [[pattern.format(i) for i in PLACES] for pattern in (database, queries)]
    for part, names in zip(folders, files, strict=True):
        for number, file in enumerate(names):
            image(folder / part / file, number)
    places = np.array([[100.0 * i for i in PLACES], [0.0] * 4])
    savemat(folder / f'{name}.mat', {'dbStruct': {
        'whichSet': 'train', 'dbImageFns': np.array(files[0], object).reshape(-1, 1),
        'utmDb': places, 'qImageFns': np.array(files[1], object).reshape(-1, 1),
        'utmQ': places + 5, 'numImages': 4, 'numQueries': 4, 'posDistThr': 25.0,
        'posDistSqThr': 625.0, 'nonTrivPosDistSqThr': 100.0, **more}})
    return folder / f'{name}.mat'


def pitts(folder: Path) -> Path:
    return struct(folder, 'pitts30k_train', '000/00000{}_pitch1_yaw1.jpg',
                  '000/00000{}_pitch2_yaw1.jpg', ('database', 'queries_real'))


def tokyo247(folder: Path) -> Path:
    return struct(folder, 'tokyo247', '03814/381463{}_012_0.png', '0000{}.jpg',
                  ('database_gsv_vga', 'query'))


def tokyotm(folder: Path) -> Path:
    return struct(folder, 'tokyoTM_train', '201503/x{}_000_012.jpg', '201408/x{}_000_012.jpg',
                  ('images', 'images'), dbTimeStamp=[201503.0] * 4, qTimeStamp=[201408.0] * 4)


def msls(folder: Path) -> Path:
    for part in ('database', 'query'):
        for number in PLACES:
            image(folder / 'london' / part / 'images' / f'{part}{number}.jpg', number)
        rows = [f'{n},{part}{n},{100.0 * n},5.0,False,Forward' for n in PLACES]
        (folder / 'london' / part / 'postprocessed.csv').write_text(
            ',key,easting,northing,night,view_direction\n' + '\n'.join(rows) + '\n')
        (folder / 'london' / part / 'raw.csv').write_text(
            ',key,lon,lat,ca,captured_at,pano\n'
            + ''.join(f'{n},{part}{n},0,0,0,2015-03-01,False\n' for n in PLACES))
    return folder


def nordland(folder: Path) -> Path:
    for season in ('summer', 'winter'):
        for number in range(30):
            image(folder / season / f'{number:05d}.png', number)
    return folder


def san_francisco(folder: Path) -> Path:
    lines = ['# number name qx qy qz qw east north height']
    for n in PLACES:
        # 0.001 degrees of latitude are 111 m
        image(folder / '00011000_00012000_3'
              / f'PCI_sp_1180{n}_{37.7749 + n / 1000}_-122.4194_9377_0_727_94.6_-37.1.jpg')
        image(folder / 'BuildingQueryImagesCartoIDCorrected-Upright' / f'{n:04d}.jpg', n)
        lines.append(f'{n} {n:04d} 0 0 0 1 551131.0 {4180999 + 111.0 * n} 9.0')
    (folder / 'reference_poses_598').mkdir()
    (folder / 'reference_poses_598' / 'reference_poses_addTM_all_598.txt').write_text(
        '\n'.join(lines) + '\n')
    return folder


def eynsham(folder: Path) -> Path:
    # two loops of 4787 panoramas are many files; few panoramas, of which the first are the loop
    for number in range(5 * 9):
        image(folder / 'Images' / f'grab_{1230 + number // 5}.{number % 5}.ppm', number)
    (folder / 'Route_map').mkdir()
    places = ' '.join(f'-1.4,{51.78 + n / 1000},0' for n in (*PLACES, *PLACES))
    (folder / 'Route_map' / 'Eynsham.kml').write_text(
        f'<kml><LineString><coordinates>{places} </coordinates></LineString></kml>')
    return folder


def st_lucia(folder: Path) -> Path:
    for name in ('100909_0845', '190809_0845'):
        drive = folder / name
        drive.mkdir()
        writer = cv2.VideoWriter(str(drive / 'webcam_video.avi'),
                                 cv2.VideoWriter.fourcc(*'MJPG'), 15, (64, 48))
        for number in PLACES:
            writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
        writer.release()
        (drive / 'fGPS.txt').write_text(''.join(f'{27.5 + n / 1000},153.01\n' for n in PLACES))
    return folder


def utm(folder: Path) -> Path:
    for part in ('database', 'queries'):
        for number in PLACES:
            image(folder / 'images' / 'train' / part / f'@{100.0 * number}@4000000.0@.jpg', number)
    return folder


def ground_truth(folder: Path) -> Path:
    rows = ['query,correct_database']
    for number in PLACES:
        image(folder / 'database' / f'{number}.jpg', number)
        image(folder / 'queries' / f'{number}.jpg', number)
        rows.append(f'{number}.jpg,{number}.jpg')
    (folder / 'ground_truth.csv').write_text('\n'.join(rows) + '\n')
    return folder


def posed(folder: Path) -> Path:
    rows = ['file,environment,space,x,y,heading,drive']
    for drive in range(2):
        for number in PLACES:
            image(folder / f'{drive}_{number}.jpg', number)
            rows.append(f'{drive}_{number}.jpg,site,map,{20 * number},0,,{drive}')
    (folder / 'frames.csv').write_text('\n'.join(rows) + '\n')
    return folder


def bag(folder: Path) -> Path:
    """There and back past the four places."""
    pixels = np.zeros((24, 32, 3), np.uint8)
    with BagWriter(folder / 'drive') as writer:
        for order, number in enumerate((*PLACES, *reversed(PLACES))):
            stamp = (order + 1) * 10**9
            writer.pose('/ground_truth/pose', stamp, Pose((20.0 * number, order / 10, 0.0),
                                                          frame_id='map'))
            writer.image('/camera/image_raw', stamp, 'camera', pixels + 10 * order)
    return folder / 'drive'


def world(folder: Path) -> Path:
    return folder / 'world'


FORMS: dict[str, tuple[Callable[[Path], Path], dict]] = {
    'pitts': (pitts, {}), 'struct': (pitts, {}), 'tokyo247': (tokyo247, {}),
    'tokyotm': (tokyotm, {}), 'msls': (msls, {}), 'nordland': (nordland, {'tolerance': 3}),
    'san_francisco': (san_francisco, {}), 'eynsham': (eynsham, {'first_loop': 4}),
    'st_lucia': (st_lucia, {}), 'utm': (utm, {'split': 'train'}),
    'ground_truth': (ground_truth, {}), 'dataset': (ground_truth, {}), 'posed': (posed, {}),
    'bag': (bag, {}), 'world': (world, {'worlds': (3,), 'drives': 2, 'spacing_m': 40}),
}


@pytest.mark.parametrize('kind', FORMS)
def test_every_form_in_every_use(tmp_path, kind):
    make, options = FORMS[kind]
    path = make(tmp_path)
    frames = load_frames(kind, path, **options)
    table = FrameTable(frames)
    data = load_tuples(kind, path, **options)
    found = load_evaluation(kind, path, **options)
    drawn = kind == 'world'
    assert all(drawn or frame.path.is_file() for frame in frames)
    assert {*data.images} == {frame.path for frame in frames}
    # at the far end of the way there and back, the bag has one frame
    lonely = {'bag': 1}.get(kind, 0)
    assert drawn or len(data.usable(1)) == len(data.queries) - lonely
    assert any(len(table.positives(index)) for index in range(len(frames)))
    relation = table.relation(np.arange(len(frames)), np.arange(len(frames)))
    assert (relation == -1).any() and (relation == relation.T).all()
    assert found.queries and all(len(right) for right in found.correct)
    row = {frame.path: number for number, frame in enumerate(frames)}
    for query in data.usable(1):
        itself = row[data.queries[query]]
        for index in data.positives[query]:
            assert relation[itself, row[data.database[index]]] == 1
        for index in data.negatives_of(int(query)):
            assert relation[itself, row[data.database[index]]] == -1


def test_every_kind_is_tested():
    assert set(SOURCES) == set(FORMS) | {'ie_tower', 'donkey'}  # real images: test_data


def test_positives_of_time_machine_data_are_of_another_month(tmp_path):
    data = load_tuples('tokyotm', tokyotm(tmp_path), minimum_time_gap_s=MONTH_S)
    assert [positives.tolist() for positives in data.positives] == [[0], [1], [2], [3]]
    same = struct(tmp_path, 'same', '201503/y{}.jpg', '201503/z{}.jpg', ('images', 'images'))
    assert not len(load_tuples('tokyotm', same, minimum_time_gap_s=MONTH_S).usable(1))
    with pytest.raises(DataError, match='do not say when'):
        load_tuples('pitts', pitts(tmp_path), minimum_time_gap_s=MONTH_S)


def test_what_a_recipe_may_say_wrong(tmp_path):
    with pytest.raises(ConfigError, match="'kitti'; known: ie_tower, donkey"):
        load_frames('kitti', tmp_path)
    with pytest.raises(ConfigError, match="has the option 'split'; known: radius_m"):
        load_frames('msls', tmp_path, split='train')
    with pytest.raises(ConfigError, match="option 'floors'; known: without_floors"):
        load_frames('ie_tower', tmp_path, floors=['1'])
    with pytest.raises(ConfigError, match="needs the option 'floors'"):
        load_evaluation('ie_tower', tmp_path)
    with pytest.raises(ConfigError, match='a choice among drives'):
        load_tuples('utm', utm(tmp_path), pairs='other_drive')


def test_sources_in_words(tmp_path):
    text = 'world:runs/w:worlds=[3,4],drives=2,spacing_m=1.5'
    assert parse_source(text) == (
        'world', Path('runs/w'), {'worlds': [3, 4], 'drives': 2, 'spacing_m': 1.5})
    assert parse_source('eynsham:data/e') == ('eynsham', Path('data/e'), {})
    assert parse_source(str(pitts(tmp_path)))[0] == 'dataset'
    assert guess_kind(posed(tmp_path / 'a') if (tmp_path / 'a').mkdir() is None else tmp_path) \
        == 'posed'
    (tmp_path / 'b').mkdir()
    assert guess_kind(bag(tmp_path / 'b')) == 'bag'
    with pytest.raises(ConfigError, match='KIND:PATH:OPTION=VALUE'):
        parse_source('world:runs/w:3')
    with pytest.raises(ConfigError, match='is no value'):
        parse_source('world:runs/w:worlds=[3')


def test_sets_to_evaluate_on_are_of_any_form(tmp_path):
    assert len(open_set(str(pitts(tmp_path))).queries) == 4
    (tmp_path / 'posed').mkdir()
    assert len(open_set(f'posed:{posed(tmp_path / "posed")}:most=3').queries) == 3
    (tmp_path / 'n').mkdir()
    found = open_set(f'nordland:{nordland(tmp_path / "n")}:database=winter,queries=summer')
    assert found.queries[0].parent.name == 'summer'


def test_cards_name_the_licence(tmp_path):
    assert provenance('world', tmp_path)['licence'] == 'Apache-2.0'
    assert provenance('donkey', tmp_path)['licence'] == 'MIT'
    own = tmp_path / 'yard'
    own.mkdir()
    unknown = provenance('posed', own)
    assert unknown['name'] == 'images with positions: yard'
    assert unknown['licence'].startswith('not recorded')
    (own / 'about.yaml').write_text('name: Our yard\nlicence: CC-BY-4.0\n')
    assert provenance('posed', own) == {
        'name': 'Our yard', 'licence': 'CC-BY-4.0', 'source': 'yard'}
    (own / 'about.yaml').write_text('license: MIT\n')
    with pytest.raises(DataError, match='keys name, licence and source'):
        provenance('posed', own)
