# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relations between frames, the sources, and mining."""

from __future__ import annotations

import math
from pathlib import Path

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training import sources
from training.data import Frame, FrameTable
from training.mining import choose_partners, choose_places, DescriptorMemory
from vpr_ros.errors import DataError

HELD_OUT = ('floor5', 'floor12', 'floor15', 'basement3')


def slow_relation(a: Frame, b: Frame) -> int:
    """Apply the rules of training.data, one pair at a time."""
    if a.environment != b.environment:
        return -1
    if a.space != b.space:
        return 0
    distance = math.dist(a.position, b.position)
    turned = False
    if a.heading is not None and b.heading is not None:
        turn = abs(math.remainder(a.heading - b.heading, 2 * math.pi))
        turned = turn > math.radians(40)
    if distance > 2:
        return -1
    return 1 if distance <= 1 and not turned else 0


frames_strategy = st.lists(
    st.builds(
        Frame, st.just(Path('x.jpg')), st.sampled_from(['a', 'b']), st.sampled_from(['s', 't']),
        st.tuples(st.floats(-4, 4), st.floats(-4, 4)),
        st.one_of(st.none(), st.floats(-7, 7)),
    ), min_size=1, max_size=9,
)


@settings(max_examples=60, deadline=None)
@given(frames=frames_strategy)
def test_relation_against_its_rules(frames):
    every = np.arange(len(frames))
    table = FrameTable(frames)
    found = table.relation(every, every)
    expected = [[slow_relation(a, b) for b in frames] for a in frames]
    assert found.tolist() == expected
    for index in every:
        near = [j for j in every if j != index and expected[index][j] == 1]
        assert table.positives(int(index)).tolist() == near


def line(count: int, environment: str = 'a') -> list[Frame]:
    return [Frame(Path(f'{i}.jpg'), environment, 's', (float(i), 0.0)) for i in range(count)]


def test_partners_are_positives_or_the_frame_itself():
    table = FrameTable(line(30))
    anchors = np.arange(30)
    rng = np.random.default_rng(0)
    partners = np.array([choose_partners(table, anchors, rng) for _ in range(20)])
    assert (np.abs(partners - anchors) <= 1).all()
    assert {-1, 0, 1} == set((partners - anchors).ravel().tolist())
    alone = FrameTable([Frame(Path('1.jpg'), 'a', 's', (0.0, 0.0))])
    assert choose_partners(alone, np.array([0]), rng).tolist() == [0]


def test_hardest_is_sorted_and_only_of_what_was_seen():
    rng = np.random.default_rng(1)
    descriptors = rng.standard_normal((40, 8)).astype(np.float32)
    memory = DescriptorMemory(40, 8)
    assert memory.hardest(0, np.arange(40), 5).size == 0
    seen = np.flatnonzero(rng.random(40) < 0.6)
    memory.update(seen, descriptors[seen])
    index, candidates = int(seen[0]), np.arange(1, 40)
    expected = sorted(set(seen.tolist()) & set(candidates.tolist()),
                      key=lambda i: -float(descriptors[i] @ descriptors[index]))[:5]
    assert memory.hardest(index, candidates, 5).tolist() == expected


def test_batches_hold_the_hardest_negatives_of_their_seeds():
    table = FrameTable(line(60) + line(60, 'b'))
    memory = DescriptorMemory(120, 4)
    # frame 10 k looks like every other tenth one of its environment
    descriptors = np.random.default_rng(2).standard_normal((120, 4)) * 0.01
    descriptors[np.arange(120) % 10 == 0, 0] = 1
    memory.update(np.arange(120), descriptors.astype(np.float32))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        chosen = choose_places(table, memory, rng, 12, 5)
        assert len(set(chosen.tolist())) == 12
        again = choose_places(table, memory, np.random.default_rng(seed), 12, 5)
        assert chosen.tolist() == again.tolist()
        first = chosen[0]
        assert (table.relation(np.array([first]), chosen[1:6]) == -1).all()
    tiny = FrameTable(line(3))
    few = choose_places(tiny, DescriptorMemory(3, 4), np.random.default_rng(0), 8, 5)
    assert few.shape == (8,)


@pytest.mark.shared
def test_held_out_floors_are_not_trained_on():
    root = shared('data', 'ie_tower')
    training = {frame.path for frame in sources.ie_tower(root, without_floors=HELD_OUT)}
    for dataset in (sources.ie_tower_validation(root, HELD_OUT),
                    sources.ie_tower_evaluation(root, HELD_OUT)):
        assert not training & (set(dataset.database) | set(dataset.queries))
        for right, skipped in zip(dataset.correct, dataset.ignored, strict=True):
            assert len(right) and not set(right.tolist()) & set(skipped.tolist())


@pytest.mark.shared
def test_donkey_closes_its_lap():
    frames = sources.donkey(shared('data', 'donkey_two_laps'))
    table = FrameTable(frames)
    found = table.relation(np.array([100]), np.arange(len(frames)))[0]
    assert found[100 + 3] == 1 and found[100 + 30] == -1
    second_lap = found[528:985]
    assert 5 <= np.count_nonzero(second_lap == 1) <= 20
    assert table.relation(np.array([0]), np.array([526]))[0, 0] == 1  # start and finish meet


@pytest.mark.shared
def test_corridor_ground_truth():
    dataset = sources.ground_truth_folder(shared('data', 'corridor'))
    assert len(dataset.database) == len(dataset.queries) == 111
    assert [right.tolist() for right in dataset.correct[:2]] == [[0, 1, 2], [0, 1, 2, 3]]
    assert not any(len(skipped) for skipped in dataset.ignored)


def test_posed_folder_reads_what_is_documented(tmp_path):
    (tmp_path / 'frames.csv').write_text('file,environment,space,x,y,heading\n'
                                         'a.jpg,w1,s,1.5,-2,0.3\nb.jpg,w1,s,0,0,\n')
    first, second = sources.posed(tmp_path)
    assert first == Frame(tmp_path / 'a.jpg', 'w1', 's', (1.5, -2.0), 0.3)
    assert second.heading is None
    (tmp_path / 'frames.csv').write_text('file,x\n')
    with pytest.raises(DataError, match="column 'environment' is missing"):
        sources.posed(tmp_path)
    with pytest.raises(DataError, match='cannot be read'):
        sources.posed(tmp_path / 'nowhere')


def test_no_frames_is_an_error():
    with pytest.raises(DataError, match='training set is empty'):
        FrameTable([])


def test_ground_truth_names_unknown_files(tmp_path):
    (tmp_path / 'database').mkdir()
    (tmp_path / 'ground_truth.csv').write_text('query,correct_database\nq.jpg,0.jpg\n')
    with pytest.raises(DataError, match=r"'0\.jpg'"):
        sources.ground_truth_folder(tmp_path)
