# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the notes of a build bring back of the frames before."""

from __future__ import annotations

import json
from pathlib import Path
import sqlite3

from helpers import place_image, tiny_model
import numpy as np

from vpr_ros.assembly import open_recognizer
from vpr_ros.building.progress_file import Done, ProgressFile
from vpr_ros.settings import Settings
from vpr_ros.types import Frame


def frame(step: int) -> Frame:
    return Frame(place_image(step % 12), step * 10**9, travelled_m=2.5 * step)


def test_the_sequence_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    settings = Settings(model=str(tiny_model(tmp_path)), threads=1, recent_distance_m=6.0)
    recognizer = open_recognizer(settings)
    with recognizer.place_map as place_map:
        notes = ProgressFile(tmp_path / 'notes', 'job')
        for step in range(20):
            recognizer.process(frame(step))
        notes.note(Done(0, 20, 20), recognizer, new_keyframe=True)
        before = recognizer.memory[2].entries
        assert any(len(seen.rows) for *_, seen in before)

        resumed = open_recognizer(settings)
        resumed.replace_map(place_map)
        notes.restore(resumed)
        after = resumed.memory[2].entries
        assert [entry[:3] for entry in after] == [entry[:3] for entry in before]
        for (*_, ours), (*_, theirs) in zip(after, before, strict=True):
            np.testing.assert_array_equal(ours.rows, theirs.rows)
            assert ours.rest == theirs.rest
        notes.close()


def test_notes_of_before_the_line_was_remembered_are_read(tmp_path: Path) -> None:
    recognizer = open_recognizer(Settings(model=str(tiny_model(tmp_path)), threads=1))
    with recognizer.place_map:
        notes = ProgressFile(tmp_path / 'notes', 'job')
        with sqlite3.connect(tmp_path / 'notes') as connection:
            connection.execute('INSERT INTO done VALUES (1, 0, 1, 0, ?, ?)',
                               (json.dumps(None), json.dumps([[5, 1.5, []]])))
        connection.close()
        notes.restore(recognizer)
        (stamp_ns, travelled_m, places, seen), = recognizer.memory[2].entries
        assert (stamp_ns, travelled_m, places, len(seen.rows)) == (5, 1.5, (), 0)
        notes.close()
