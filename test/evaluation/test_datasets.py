# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every form of data set is recognised, its truth is right, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest
from scipy.io import savemat

from vpr_ros.errors import DataError
from vpr_ros.evaluation.benchmark_datasets import load_nordland
from vpr_ros.evaluation.dataset import within_radius
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.position_datasets import utm_of


def touch(folder: Path, *names: str) -> None:
    """Empty image files: the loaders look at names only."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def positives(dataset) -> list[list[int]]:
    return [p.tolist() for p in dataset.positives]


def test_folders_with_ground_truth(tmp_path) -> None:
    touch(tmp_path, 'database/b.jpg', 'database/a.jpg', 'database/sub/c.png',
          'queries/x.jpg', 'queries/y.jpg')
    (tmp_path / 'ground_truth.csv').write_text(
        'query,correct_database\nx.jpg,b.jpg sub/c.png b.jpg\ny.jpg,\n')
    dataset = load_dataset(tmp_path)
    assert [image.name for image in dataset.database] == ['a.jpg', 'b.jpg', 'sub/c.png']
    assert [image.name for image in dataset.queries] == ['x.jpg', 'y.jpg']
    assert positives(dataset) == [[1, 2], []]
    assert positives(dataset) != dataset.ignored
    assert all(len(indices) == 0 for indices in dataset.ignored)
    assert dataset.name == tmp_path.name


@pytest.mark.parametrize(('text', 'says'), [
    ('query,correct_database\nx.jpg,z.jpg\n', "'z.jpg' as a right answer"),
    ('query,correct_database\nz.jpg,a.jpg\n', "'z.jpg' is not in"),
    ('query,correct_database\n../database/a.jpg,a.jpg\n', 'is not in'),
    ('query,correct_database\n', 'names no query; expected a row for each'),
    ('query;correct_database\n', "the column 'query' is missing"),
    ('', "the column 'query' is missing"),
])
def test_what_is_wrong_with_a_ground_truth(tmp_path, text: str, says: str) -> None:
    touch(tmp_path, 'database/a.jpg', 'queries/x.jpg')
    (tmp_path / 'ground_truth.csv').write_text(text)
    with pytest.raises(DataError, match=r'.') as caught:
        load_dataset(tmp_path)
    assert says in str(caught.value)


def test_a_ground_truth_that_is_no_text(tmp_path) -> None:
    touch(tmp_path, 'database/a.jpg', 'queries/x.jpg')
    (tmp_path / 'ground_truth.csv').write_bytes(b'\xff\xfe\x00query')
    with pytest.raises(DataError, match='no valid CSV'):
        load_dataset(tmp_path)


def test_one_folder_in_order(tmp_path) -> None:
    touch(tmp_path, *(f'sequence/{i:04d}.jpg' for i in range(6)))
    (tmp_path / 'ground_truth.csv').write_text(
        'query,correct_database,correct_database_tolerant\n'
        '0004.jpg,0000.jpg,0000.jpg 0001.jpg\n0005.jpg,0001.jpg,0000.jpg 0001.jpg 0002.jpg\n')
    dataset = load_dataset(tmp_path)
    assert len(dataset.database) == 4  # what lies before the first query
    assert positives(dataset) == [[0], [1]]
    assert positives(load_dataset(tmp_path, tolerant=True)) == [[0, 1], [0, 1, 2]]


def test_frames_of_other_walks_on_the_floor_are_ignored(tmp_path) -> None:
    touch(tmp_path, *(f'frames/{n}.jpg' for n in 'abcdefq'))
    (tmp_path / 'frames.csv').write_text(
        'file,split,floor,area,clip,second\n'
        'a.jpg,database,1,x,c1,1\nb.jpg,database,1,x,c1,2\nc.jpg,database,1,x,c1,9\n'
        'd.jpg,database,1,y,c2,4\ne.jpg,database,2,x,c3,4\nq.jpg,query,1,x,c1,5\n')
    dataset = load_dataset(tmp_path)
    assert positives(dataset) == [[1]]
    assert dataset.ignored[0].tolist() == [3]  # a and c are of the same walk, but elsewhere
    assert dataset.conditions == ('1',)
    (tmp_path / 'frames.csv').write_text(
        'file,split,floor,area,clip,second\na.jpg,database,1,x,c1,inf\n')
    with pytest.raises(DataError, match='where a number was expected'):
        load_dataset(tmp_path)
    (tmp_path / 'frames.csv').write_text(
        'file,split,floor,area,clip,second\na.jpg,gallery,1,x,c1,1\n')
    with pytest.raises(DataError, match="split 'gallery' found"):
        load_dataset(tmp_path)


@pytest.mark.parametrize('prefix', ['', 'images/test/'])
def test_positions_in_file_names(tmp_path, prefix: str) -> None:
    touch(tmp_path, f'{prefix}database/@500000.0@4000000@x@.jpg',
          f'{prefix}database/@500025.0@4000000@x@.jpg', f'{prefix}database/@500026@4000000@.jpg',
          f'{prefix}queries/@500000.0@4000000.0@q@.jpg')
    assert positives(load_dataset(tmp_path)) == [[0, 1]]  # 25 m counts, 26 m does not
    assert positives(load_dataset(tmp_path, radius_m=30)) == [[0, 1, 2]]
    touch(tmp_path, f'{prefix}queries/no_position.jpg')
    with pytest.raises(DataError, match=r'no_position\.jpg has no position'):
        load_dataset(tmp_path)


@pytest.mark.parametrize(('name', 'position'), [
    ('@1.5@-2@rest@.jpg', (1.5, -2.0)),
    ('@1.5@.jpg', None), ('plain.jpg', None), ('@nan@1@.jpg', None), ('@a@b@.jpg', None),
])
def test_utm_of(name: str, position) -> None:
    assert utm_of(name) == position


COORDINATES = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)),
                     elements=st.integers(0, 20).map(float))


@settings(deadline=None)
@given(COORDINATES, COORDINATES, st.sampled_from([0.0, 1.0, 5.0, 7.5]))
def test_within_radius_is_that_of_all_pairs(queries, database, radius: float) -> None:
    expected = [
        [i for i, place in enumerate(database) if np.hypot(*(place - query)) <= radius]
        for query in queries
    ]
    found = within_radius(queries, database, radius)
    assert [indices.tolist() for indices in found] == expected


@pytest.mark.shared
@pytest.mark.parametrize('radius', [10, 25, 50])
def test_positives_are_those_of_the_benchmark(radius: int) -> None:
    golden = np.load(shared('goldens', 'eval_dvg.npz'))
    found = within_radius(golden['utm_q'].astype(float), golden['utm_db'].astype(float), radius)
    expected = [np.flatnonzero(row).tolist() for row in golden[f'positives_thr{radius}']]
    assert [indices.tolist() for indices in found] == expected


@pytest.mark.parametrize('count', [1, 2, 3])
def test_struct(tmp_path, count: int) -> None:
    files = np.array([f'{i:03d}/{i}.jpg' for i in range(count)], dtype=object)
    touch(tmp_path, *(f'database/{f}' for f in files), 'queries_real/q.jpg')
    struct = {'dbImageFns': files.reshape(-1, 1), 'qImageFns': np.array([['q.jpg']], object),
              'utmDb': np.array([[1000.0 + 20 * i for i in range(count)], [7.0] * count]),
              'utmQ': np.array([[1000.0], [7.0]]), 'posDistThr': 25.0}
    (tmp_path / 'datasets').mkdir()
    path = tmp_path / 'datasets' / 'small.mat'
    savemat(path, {'dbStruct': struct})
    dataset = load_dataset(path)
    assert positives(dataset) == [list(range(min(count, 2)))]
    assert all(image.path.is_file() for image in dataset.database + dataset.queries)


def test_a_file_that_is_no_struct(tmp_path) -> None:
    path = tmp_path / 'x.mat'
    path.write_bytes(b'MATLAB nothing of the kind' * 20)
    with pytest.raises(DataError, match=r'x\.mat'):
        load_dataset(path)
    savemat(path, {'dbStruct': {'utmDb': 1}})
    with pytest.raises(DataError, match='lacks dbImageFns'):
        load_dataset(path)


def test_msls_leaves_panoramas_out_and_keeps_cities_apart(tmp_path) -> None:
    for city in ('cph', 'sf'):
        for part in ('database', 'query'):
            folder = tmp_path / city / part
            touch(folder, 'images/k1.jpg', 'images/k2.jpg')
            (folder / 'postprocessed.csv').write_text(
                ',key,easting,northing,night\n0,k1,10.0,20.0,False\n1,k2,11.0,20.0,True\n')
            (folder / 'raw.csv').write_text(',key,pano\n0,k1,False\n1,k2,'
                                            f'{part == "database"}\n')
    dataset = load_dataset(tmp_path)
    assert [image.name for image in dataset.database] == ['cph/k1.jpg', 'sf/k1.jpg']
    assert positives(dataset) == [[0], [0], [1], [1]]
    assert dataset.conditions == ('day', 'night')


def test_nordland(tmp_path) -> None:
    touch(tmp_path, *(f'{s}/{i:05d}.png' for s in ('summer', 'winter') for i in range(5)))
    assert positives(load_nordland(tmp_path, tolerance=1))[0] == [0, 1]
    assert len(load_dataset(tmp_path).queries) == 5
    touch(tmp_path, 'winter/extra.png')
    with pytest.raises(DataError, match='equally many'):
        load_dataset(tmp_path)


@pytest.mark.parametrize('make', [
    lambda path: None,
    lambda path: touch(path, 'what/ever.txt'),
])
def test_an_unknown_form_names_the_known_ones(tmp_path, make) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match='known forms'):
        load_dataset(tmp_path)


def test_an_empty_database(tmp_path) -> None:
    (tmp_path / 'database').mkdir()
    (tmp_path / 'queries').mkdir()
    with pytest.raises(DataError, match='holds no image'):
        load_dataset(tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize(('name', 'database', 'queries'), [
    ('corridor', 111, 111), ('donkey_two_laps', 528, 457), ('ie_tower', 1741, 369),
])
def test_the_real_ones(name: str, database: int, queries: int) -> None:
    dataset = load_dataset(shared('data', name))
    assert (len(dataset.database), len(dataset.queries)) == (database, queries)
    assert all(len(p) for p in dataset.positives)
