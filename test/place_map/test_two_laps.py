# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps of two real laps, merged: the one map recognises both."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
from helpers import shared
import numpy as np
import pytest

from vpr_ros.assembly import model_identity
from vpr_ros.model import load_model, Model
from vpr_ros.place_map import check, extract, merge, PlaceMap
from vpr_ros.types import FloatArray

EVERY = 8  # frames between places; 20 frames are a second
NEAR = 0.03  # of a lap


def describe(model: Model, file: Path) -> FloatArray:
    image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    return model.describe(model.prepare(image), patches=False).global_descriptor


@pytest.mark.shared
def test_the_merged_map_recognises_both_laps(tmp_path: Path) -> None:
    folder = shared('data', 'donkey_two_laps')
    with (folder / 'laps.csv').open() as file:
        rows = [row for row in csv.DictReader(file) if row['lap'] in ('1', '2')]
    model = load_model('default', provider='cpu', threads=1)
    files, fractions = {}, {}
    for lap in ('1', '2'):
        path = files[lap] = tmp_path / f'lap{lap}.vprmap'
        with PlaceMap.create(path, model_identity(model)) as place_map:
            place_map.new_session(f'lap {lap}', robot=f'car {lap}')
            for row in [row for row in rows if row['lap'] == lap][::EVERY]:
                number = int(row['frame'][:4])
                fractions[number] = float(row['lap_fraction'])
                place_map.add(describe(model, folder / 'sequence' / row['frame']),
                              stamp_ns=number)
    both = tmp_path / 'both.vprmap'
    info = merge([files['1'], files['2']], both)
    assert info.sessions == 2
    assert check(both) == []
    with PlaceMap.open(both, read_only=True) as place_map:
        assert [(s.name, s.robot) for s in place_map.sessions()] == [
            ('lap 1', 'car 1'), ('lap 2', 'car 2')]
        assert info.places == len(place_map)
        for lap, session_id in (('1', 1), ('2', 2)):
            # frames between the places, of which none is in the map
            asked = [row for row in rows if row['lap'] == lap][EVERY // 2::6 * EVERY]
            right = own = 0
            for row in asked:
                query = describe(model, folder / 'sequence' / row['frame'])
                best = place_map.search(query, 1)[0].place
                apart = abs(fractions[best.stamp_ns] - float(row['lap_fraction']))
                right += min(apart, 1.0 - apart) <= NEAR
                own += best.session_id == session_id and min(apart, 1.0 - apart) <= NEAR
            assert right >= 0.9 * len(asked), f'lap {lap}: {right} of {len(asked)}'
            assert own > 0.5 * len(asked)
            print(f'lap {lap}: {right} of {len(asked)} images at the right spot, {own} of them '
                  f'in their own lap')
    part = tmp_path / 'second.vprmap'
    extract(both, [2], part)
    with PlaceMap.open(part) as again, PlaceMap.open(files['2']) as second:
        np.testing.assert_array_equal(again.descriptor(5), second.descriptor(5))
