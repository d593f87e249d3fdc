# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Oxford, Paris and Holidays from files made here, and their mean average precision."""

from __future__ import annotations

from pathlib import Path

from evaluation.scenes import seen_again, write
from helpers import place_image
import numpy as np
import pytest

from vpr_ros.errors import DataError
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.settings import Settings


@pytest.fixture
def oxford(tmp_path) -> Path:
    """Places 0 to 5; the query is a part of image 0, image 3 junk, image 4 a second right one."""
    for number in range(4):
        write(tmp_path / f'hall_{number:06d}.png', place_image(number))
    write(tmp_path / 'hall_000004.png', seen_again(0))
    frame = np.zeros((160, 200, 3), np.uint8)
    frame[20:116, 30:158] = place_image(0)
    write(tmp_path / 'hall_000000.png', frame)
    truth = tmp_path / 'gt_files'
    truth.mkdir()
    (truth / 'hall_1_query.txt').write_text('oxc1_hall_000000 30.0 20.0 158.0 116.0\n')
    (truth / 'hall_1_good.txt').write_text('hall_000000\n')
    (truth / 'hall_1_ok.txt').write_text('hall_000004\n')
    (truth / 'hall_1_junk.txt').write_text('hall_000003\n')
    return tmp_path


def test_oxford_files(oxford) -> None:
    dataset = load_dataset(oxford)
    assert dataset.retrieval
    assert [image.name for image in dataset.database] == [
        f'hall_{number:06d}.png' for number in range(5)]
    assert dataset.queries[0].box_px == (30.0, 20.0, 158.0, 116.0)
    assert dataset.queries[0].path.name == 'hall_000000.png'
    assert dataset.positives[0].tolist() == [0, 4]
    assert dataset.ignored[0].tolist() == [3]


def test_the_query_is_the_box_and_the_whole_ranking_counts(oxford, model) -> None:
    result = evaluate(load_dataset(oxford), model, Settings())
    # the part shows place 0 as image 4 does; image 0 is that with a black frame
    assert result.outcomes[0].matches[0][0] == 4
    figures = result.to_json()['mean_average_precision']
    assert figures['queries'] == 1
    ranking = [index for index, _ in result.outcomes[0].matches]
    assert sorted(ranking) == [0, 1, 2, 4]
    second = ranking.index(0)  # after the first right one at rank 1
    assert figures['map'] == pytest.approx((1.0 + (1 / second + 2 / (second + 1)) / 2) / 2)


@pytest.mark.parametrize(('name', 'text', 'says'), [
    ('hall_1_query.txt', 'oxc1_hall_000000 30 20 158\n', 'four numbers'),
    ('hall_1_query.txt', 'oxc1_hall_000000 30 20 30 40\n', 'is empty'),
    ('hall_1_query.txt', 'oxc1_hall_000000 30 20 nan 40\n', 'is empty'),
    ('hall_1_query.txt', 'hall_999999 30 20 158 116\n', "'hall_999999'"),
    ('hall_1_good.txt', 'hall_999999\n', "'hall_999999'"),
])
def test_damaged_oxford_files_are_named(oxford, name: str, text: str, says: str) -> None:
    (oxford / 'gt_files' / name).write_text(text)
    with pytest.raises(DataError, match=says) as error:
        load_dataset(oxford)
    assert name in str(error.value)


def test_a_missing_oxford_file_is_named(oxford) -> None:
    (oxford / 'gt_files' / 'hall_1_junk.txt').unlink()
    with pytest.raises(DataError, match=r'hall_1_junk\.txt cannot be read'):
        load_dataset(oxford)


@pytest.mark.parametrize('listed', [False, True])
def test_holidays(tmp_path, model, listed: bool) -> None:
    names = ['100000.jpg', '100001.jpg', '100002.jpg', '100100.jpg', '100101.jpg']
    (tmp_path / 'jpg').mkdir()
    for name in names:
        scene = int(name[:4]) - 1000
        image = place_image(scene) if name[4:6] == '00' else seen_again(scene)
        write(tmp_path / 'jpg' / name, image)
    if listed:
        write(tmp_path / 'jpg' / '100200.jpg', place_image(7))  # there, but does not count
        (tmp_path / 'holidays_images.dat').write_text(''.join(f'{n}\n' for n in names))
    dataset = load_dataset(tmp_path)
    assert [query.name for query in dataset.queries] == ['100000.jpg', '100100.jpg']
    assert [p.tolist() for p in dataset.positives] == [[1, 2], [4]]
    assert [i.tolist() for i in dataset.ignored] == [[0], [3]]
    assert evaluate(dataset, model, Settings()).to_json()['mean_average_precision']['map'] == 1.0


def test_what_is_no_holidays_name_is_said(tmp_path) -> None:
    (tmp_path / 'jpg').mkdir()
    (tmp_path / 'holidays_images.dat').write_text('100000.jpg\n')
    with pytest.raises(DataError, match=r'names 100000\.jpg'):
        load_dataset(tmp_path)
    (tmp_path / 'holidays_images.dat').write_text('../etc.jpg\n')
    with pytest.raises(DataError, match='six digits'):
        load_dataset(tmp_path)
