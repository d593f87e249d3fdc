# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Curves from metrics files, charts, and embedding maps: what is drawn, and where."""

from __future__ import annotations

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.pictures.chart import COLOURS, draw_chart, Line, ticks
from training.pictures.curves import draw_curves, read_metrics
from training.pictures.embedding import DATABASE, draw_embedding, FRAME_PX, QUERY
from vpr_ros.errors import DataError

ROWS = [{'step': 100 * n, 'epoch': n, 'loss': 1 / n, 'rate': 1e-4, '1': 0.1 * n, '5': 0.2 * n,
         '10': 0.25 * n} for n in (1, 2, 3)]


@settings(max_examples=200, deadline=None)
@given(low=st.floats(-1e6, 1e6), span=st.floats(0, 1e6).filter(lambda s: s == 0 or s > 1e-3))
def test_ticks_are_few_even_and_around(low, span):
    found = ticks(low, low + span)
    assert 2 <= len(found) <= 9
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    assert found[0] <= low + 1e-6 * steps[0] and found[-1] >= low + span - 1e-6 * steps[0]
    mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
    assert min(abs(mantissa - nice) for nice in (1, 2, 2.5, 5, 10)) < 1e-3


def drawn(picture, colour):
    return np.argwhere((np.abs(picture.astype(int) - colour) < 3).all(2))


def test_lines_go_where_their_points_are():
    picture = draw_chart('t', 'x', [Line('up', [0, 10], [0, 10], COLOURS[0]),
                                    Line('down', [0, 10], [10, 0], COLOURS[1], dotted=True)])
    up, down = (drawn(picture[:380], colour) for colour in COLOURS[:2])
    assert up[up[:, 1].argmin(), 0] > up[up[:, 1].argmax(), 0] + 200  # rows count downwards
    assert down[down[:, 1].argmin(), 0] < down[down[:, 1].argmax(), 0] - 200
    assert len(down) < 0.8 * len(up)
    one = draw_chart('t', 'x', [Line('a point', [3], [0.5], COLOURS[2])])
    assert len(drawn(one[:380], COLOURS[2])) > 10


def test_a_run_has_a_chart_for_each_thing_it_wrote():
    whole = draw_curves({'a': ROWS})
    without_rate = draw_curves({'a': [{k: v for k, v in row.items() if k != 'rate'}
                                      for row in ROWS]})
    assert whole.shape[1] == 3 * 620 and without_rate.shape[1] == 2 * 620
    by_epoch = draw_curves({'a': [{'epoch': 1, 'loss': 2.0}, {'epoch': 2, 'loss': math.nan}]})
    assert by_epoch.shape[1] == 620
    several = draw_curves({'a': ROWS, 'b': [{**row, 'rate': {'body': 1e-5, 'head': 1e-4}}
                                            for row in ROWS]})
    assert all(len(drawn(several, colour)) for colour in COLOURS[:2])
    with pytest.raises(DataError, match='nothing to draw in a'):
        draw_curves({'a': [{'step': 1, 'seconds': 4}]})


def test_metrics_are_read_as_far_as_they_are_whole(tmp_path):
    path = tmp_path / 'metrics.jsonl'
    lines = [json.dumps(row) for row in ROWS]
    path.write_text('\n'.join(lines) + '\n{"step": 4')
    assert read_metrics(tmp_path) == ROWS == read_metrics(path)
    for content, sentence in (('', 'no metrics yet'), ('{"step"\n{}', 'line 1 is no JSON'),
                              ('[1]\n', 'line 1 is no object')):
        path.write_text(content)
        with pytest.raises(DataError, match=sentence):
            read_metrics(tmp_path)
    with pytest.raises(DataError, match='give the folder of a training run'):
        read_metrics(tmp_path / 'none')


def test_thumbnails_lie_at_their_points():
    thumbnails = [np.full((9, 12, 3), 10 * (n + 1), np.uint8) for n in range(4)]
    points = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], float)
    picture = draw_embedding(points, thumbnails, [True, False, True, False], [(0, 3)],
                             width_px=400, height_px=300)
    assert picture.shape == (300, 400, 3)
    middles = [drawn(picture, (10 * (n + 1),) * 3).mean(0) for n in range(4)]
    assert middles[0][1] < 40 and middles[1][1] > 360  # columns
    assert middles[0][0] < 80 and middles[2][0] > 270  # rows
    y, x = (int(v) for v in drawn(picture, (10,) * 3).min(0))
    assert tuple(picture[y - FRAME_PX, x]) == QUERY
    y, x = (int(v) for v in drawn(picture, (20,) * 3).min(0))
    assert tuple(picture[y - FRAME_PX, x]) == DATABASE
    middle = picture[140:190, 190:210]
    assert (middle < 200).any()  # the line between the first and the last


def test_one_image_on_another_and_all_alike():
    thumbnails = [np.zeros((9, 12, 3), np.uint8)] * 2
    assert draw_embedding(np.zeros((2, 2)), thumbnails, [True, False], []).any()
