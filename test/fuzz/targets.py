# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is fuzzed: each takes a generator, changes a sound file and reads it.

A target returns ``refused``, ``equal`` (read, and everything is as it was) or ``read`` (there is
nothing to compare with). Anything but a VprError, and any changed descriptor, fails.
"""

from __future__ import annotations

from contextlib import closing, suppress
import json
from pathlib import Path
import random
import shutil
import sqlite3
from typing import Any

import cv2
from fuzz.messages import Messages
from fuzz.mutations import mutate_bytes, mutate_json, mutate_text, VALUES
from fuzz.target import Target
from helpers import place_image, ROOT, write_card
import numpy as np
from place_map.map_helpers import descriptor, fill, make_map, MODEL

from vpr_ros.decision.calibration import Calibration, GENERIC
from vpr_ros.errors import VprError
from vpr_ros.images import decode_compressed, decode_picture, to_rgb
from vpr_ros.model.card import load_card
from vpr_ros.place_map import (
    check,
    export,
    import_map,
    merge,
    PlaceMap,
    PrunePolicy,
    repair,
    schema,
)
from vpr_ros.settings import load_parameters

PLACES = 6


def answers(place_map: PlaceMap) -> tuple[Any, ...]:
    """Everything that a map says of its places, but for thumbnails and patches."""
    places = place_map.places()
    vectors = [place_map.descriptor(place.place_id).tobytes() for place in places]
    return place_map.uuid, places, vectors, place_map.search(descriptor(99), PLACES)


class Map(Target):
    """A map file with changed bytes: an error, or exactly what was stored."""

    name = 'map'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = make_map(self.folder / 'sound.vprmap', PLACES)
        self.sound, self.path = path.read_bytes(), self.folder / 'changed.vprmap'
        with PlaceMap.open(path, read_only=True) as place_map:
            self.expected = answers(place_map)
            self.parts = [(place_map.thumbnail(i), dict(place_map.patches(i)))
                          for i in range(1, PLACES + 1)]

    def attempt(self, choose: random.Random) -> str:
        self.path.write_bytes(mutate_bytes(self.sound, choose))
        for suffix in ('-wal', '-shm', '-journal'):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        if choose.random() < 0.05:
            check(self.path)
        if choose.random() < 0.05:
            self.repair()
        with PlaceMap.open(self.path, read_only=True) as place_map:
            assert answers(place_map) == self.expected, 'a changed map was taken for sound'
            for place_id, parts in enumerate(self.parts, 1):
                assert (place_map.thumbnail(place_id), place_map.patches(place_id)) == parts
        return 'equal'

    def repair(self) -> None:
        """Whatever is saved is as it was."""
        out = self.folder / 'saved.vprmap'
        out.unlink(missing_ok=True)
        try:
            repair(self.path, out, model=MODEL)
        except VprError:
            return
        assert check(out) == []
        with PlaceMap.open(out, read_only=True) as saved:
            for place in saved.places():
                np.testing.assert_array_equal(
                    saved.descriptor(place.place_id),
                    descriptor(place.place_id - 1).astype(np.float16))


class HostileMap(Target):
    """A map whose maker computes right checksums over senseless values: only VprError comes."""

    name = 'hostile_map'
    TABLES = ('sessions', 'places', 'thumbnails', 'patches', 'matches')

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sound = self.folder / 'sound.vprmap'
        with PlaceMap.create(self.sound, MODEL) as place_map:
            fill(place_map, PLACES)
            place_map.add(descriptor(2), stamp_ns=9, revisit_of=3)
        self.path, self.out = self.folder / 'hostile.vprmap', self.folder / 'out.vprmap'

    def attempt(self, choose: random.Random) -> str:
        shutil.copyfile(self.sound, self.path)
        self.out.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for _ in range(choose.choice((1, 1, 2))):
                try:
                    self.poison(connection, choose)
                except (sqlite3.Error, OverflowError, UnicodeEncodeError):
                    return 'refused'  # SQLite itself does not take it
        problems = check(self.path)
        try:
            with PlaceMap.open(self.path) as place_map:
                self.use(place_map)
        finally:
            with suppress(VprError):
                repair(self.path, self.out)
            self.out.unlink(missing_ok=True)
        merge([self.path], self.out)
        return 'read' if not problems else 'refused'

    def use(self, place_map: PlaceMap) -> None:
        """Everything that a node does with a map."""
        for place in place_map.places():
            place_map.spot_of(place)
        place_map.search(descriptor(3), 5)
        place_map.info()
        place_map.sessions()
        place_map.prune(PrunePolicy(redundant_similarity=0.9, max_places=3), try_only=True)
        fill(place_map, 2, first_seed=40)
        place_map.remove([place_map.places()[0].place_id])

    def poison(self, connection: sqlite3.Connection, choose: random.Random) -> None:
        """Change a value and make its checksum right."""
        table = choose.choice(('meta', 'meta', 'places', *self.TABLES))
        rows = connection.execute(f'SELECT rowid, * FROM {table}').fetchall()
        rowid, *row = choose.choice(rows)
        if table == 'meta':
            self.poison_meta(connection, str(row[0]), row[1], choose)
            return
        names = [column[1] for column in connection.execute(f'PRAGMA table_info({table})')]
        at = choose.randrange(1, len(names))
        value = choose.choice([v for v in VALUES if not isinstance(v, list | dict)])
        row[at] = value
        with suppress(Exception):  # of no type that a checksum could be made of
            row[names.index('checksum')] = self.checksum(table, row)
        marks = ', '.join(f'{name} = ?' for name in names)
        connection.execute('PRAGMA foreign_keys = OFF')
        connection.execute(f'UPDATE {table} SET {marks} WHERE rowid = ?', (*row, rowid))

    def poison_meta(
        self, connection: sqlite3.Connection, key: str, value: Any, choose: random.Random
    ) -> None:
        if isinstance(value, str) and value.startswith('{'):
            try:
                new: Any = mutate_json(value.encode(), choose).decode('utf-8', 'replace')
            except (ValueError, RecursionError):  # it was changed before
                new = mutate_text(value.encode(), choose).decode('utf-8', 'replace')
        elif isinstance(value, bytes):
            new = choose.choice((mutate_bytes(value, choose), b'\xff' * len(value)))
        else:
            new = choose.choice(('', 'x', '\ufffd' * 500))
        connection.execute('UPDATE meta SET value = ?, checksum = ? WHERE key = ?',
                           (new, schema.text_checksum(key, new), key))

    @staticmethod
    def checksum(table: str, row: list[Any]) -> int:
        if table == 'places':
            return schema.place_checksum(row)
        if table == 'sessions':
            return schema.session_checksum(*row[:4])
        if table == 'matches':
            return schema.count_checksum(*row[:2])
        size, data = (0, row[1]) if table == 'thumbnails' else (row[1], row[2])
        return schema.blob_checksum(row[0], size, data)


class Export(Target):
    """An exported folder with one changed file."""

    name = 'export'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = make_map(self.folder / 'sound.vprmap', PLACES)
        export(path, self.folder / 'plain')
        self.sound = {file.name: file.read_bytes()
                      for file in sorted((self.folder / 'plain').iterdir())}
        with PlaceMap.open(path, read_only=True) as place_map:
            self.expected = answers(place_map)[2]

    def attempt(self, choose: random.Random) -> str:
        name = choose.choice(list(self.sound))
        file, out = self.folder / 'plain' / name, self.folder / 'again.vprmap'
        out.unlink(missing_ok=True)
        mutate = mutate_json if name.endswith('.json') else mutate_bytes
        file.write_bytes(mutate(self.sound[name], choose))
        try:
            import_map(self.folder / 'plain', out)
        finally:
            file.write_bytes(self.sound[name])
        with PlaceMap.open(out, read_only=True) as place_map:
            found = answers(place_map)[2]
        assert found == self.expected, 'a changed descriptor was imported'
        return 'equal'


class Card(Target):
    """Model cards, with the calibration in them."""

    name = 'card'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        onnx = self.folder / 'tiny.onnx'
        onnx.write_bytes(b'no network')
        path = write_card(onnx, height=48, width=64, global_dim=12, **{
            'patches': {'2': {'dim': 4, 'grid': [1, 2], 'centers_px': [[1.0, 2.0], [3.0, 4.0]]}},
            'calibration': GENERIC.to_json(), 'training_data': ['x'], 'description': 'x',
        })
        self.sound, self.path = path.read_bytes(), path

    def attempt(self, choose: random.Random) -> str:
        self.path.write_bytes(mutate_json(self.sound, choose))
        card = load_card(self.path)
        Calibration.of_card(card)
        card.check_file()
        return 'read'


class CalibrationFile(Target):
    """``calibration.json``."""

    name = 'calibration'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sound = json.dumps(GENERIC.to_json()).encode()
        self.path = self.folder / 'calibration.json'

    def attempt(self, choose: random.Random) -> str:
        self.path.write_bytes(mutate_json(self.sound, choose))
        Calibration.load(self.path)
        return 'read'


class Parameters(Target):
    """ROS parameter files."""

    name = 'parameters'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sound = [(ROOT / 'config' / f'{name}.yaml').read_bytes()
                      for name in ('fast', 'balanced', 'accurate')]
        self.sound += [file.read_bytes() for file in sorted(CORPUS.glob('*.yaml'))
                       if file.stat().st_size < 4096]
        self.path = self.folder / 'changed.yaml'

    def attempt(self, choose: random.Random) -> str:
        self.path.write_bytes(mutate_text(choose.choice(self.sound), choose))
        load_parameters(self.path)
        return 'read'


class ImageMessage(Target):
    """Compressed images, as a camera or a file brings them, and raw ones with any fields."""

    name = 'image'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        picture = place_image(3, height=24, width=32)
        self.sound = [cv2.imencode(kind, picture)[1].tobytes() for kind in ('.jpg', '.png')]
        self.files = [cv2.imencode(kind, picture)[1].tobytes()
                      for kind in ('.bmp', '.ppm', '.webp', '.tif')]

    def attempt(self, choose: random.Random) -> str:
        kind = choose.random()
        if kind < 0.1:
            image = decode_picture(mutate_bytes(choose.choice(self.files), choose))
        elif kind < 0.5:
            data = mutate_bytes(choose.choice(self.sound), choose)
            image = decode_compressed(choose.choice(('jpeg', 'png', '')), data)
        else:
            sizes = (0, 1, 3, 24, 2**16, 2**31, 2**32 - 1)
            image = to_rgb(
                encoding=choose.choice(('rgb8', 'bgra8', 'mono16', 'yuv422', 'bayer_rggb8',
                                        '32FC1', 'nv21', 'x')),
                height=choose.choice(sizes), width=choose.choice(sizes),
                step=choose.choice(sizes), data=choose.randbytes(choose.choice((0, 9, 24 * 96))),
            )
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        return 'read'


CORPUS = Path(__file__).with_name('corpus')
TARGETS: tuple[type[Target], ...] = (
    Map, HostileMap, Export, Card, CalibrationFile, Parameters, ImageMessage, Messages,
)
