# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Full disks and folders that cannot be written."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys
import tempfile

from helpers import ROOT
from place_map.map_helpers import descriptor, fill, make_map, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import check, PlaceMap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'drive.vprmap'


def test_full_disk_stops_mapping_not_recognition(path: Path) -> None:
    with PlaceMap.create(path, MODEL) as place_map:
        fill(place_map, 20)
        answers = place_map.search(descriptor(50), 20)
        pages = place_map._connection.execute('PRAGMA page_count').fetchone()[0]
        place_map._connection.execute(f'PRAGMA max_page_count = {pages}')
        for _ in range(3):
            with pytest.raises(MapError, match='cannot add a place: the disk is full; free space'):
                place_map.add(descriptor(20), stamp_ns=20, thumbnail=bytes(100_000))
        assert place_map.search(descriptor(50), 20) == answers
        assert (len(place_map), place_map.revision, place_map.info().sessions) == (20, 20, 1)
        place_map._connection.execute(f'PRAGMA max_page_count = {pages + 1000}')
        fill(place_map, 5, first_seed=20)
    assert check(path) == []
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == 25


def test_file_size_limit_of_the_system(path: Path) -> None:
    """The kernel itself refuses to write more; the map opens again with what was added."""
    program = (
        'import resource, signal, sys\n'
        'from pathlib import Path\n'
        'from place_map.map_helpers import MODEL, descriptor, fill\n'
        'from vpr_ros.errors import MapError\n'
        'from vpr_ros.place_map import PlaceMap\n'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'place_map = PlaceMap.create(Path(sys.argv[1]), MODEL)\n'
        'fill(place_map, 3)\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))\n'
        'try:\n'
        '    fill(place_map, 100_000, first_seed=3)\n'
        'except MapError as error:\n'
        '    assert len(place_map.search(descriptor(0), 3)) == 3\n'
        '    print(len(place_map), error)\n'
        'place_map.close()\n'
    )
    done = run_python(program, str(path))
    assert done.returncode == 0, done.stderr
    count, _, sentence = done.stdout.partition(' ')
    assert 'cannot add a place' in sentence
    assert int(count) > 3
    assert check(path) == []
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == int(count)


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    environment = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join([str(ROOT), str(ROOT / 'test')]),
        'PYTHONDONTWRITEBYTECODE': '1',
        'OMP_NUM_THREADS': '1',
    }
    return subprocess.run(
        [sys.executable, '-c', program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


# Permissions do not bind root, so it becomes nobody, after everything is imported.
READ_ONLY_FOLDER = """
import os
import sys
from pathlib import Path
from place_map.map_helpers import descriptor
from vpr_ros.errors import MapError
from vpr_ros.place_map import PlaceMap
path, query = Path(sys.argv[1]), descriptor(0)
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for attempt in (lambda: PlaceMap.open(path), lambda: open(path.parent / 'probe', 'w')):
    try:
        attempt()
    except (MapError, PermissionError) as error:
        print(error)
    else:
        sys.exit('writing was possible')
try:
    with PlaceMap.open(path, read_only=True) as place_map:
        print(len(place_map), len(place_map.search(query, 100)))
except MapError as error:
    print(error)
"""


@pytest.mark.parametrize('log', ['none', 'empty', 'full'])
def test_folder_that_cannot_be_written(log: str) -> None:
    """As on a read-only file system; a map whose log cannot be read there is named."""
    with tempfile.TemporaryDirectory() as name:
        _read_without_writing(Path(name), log)


def _read_without_writing(folder: Path, log: str) -> None:
    path = folder / 'drive.vprmap'
    if log == 'none':
        make_map(path, 7)
    else:  # what a kill leaves behind, without and with a checkpoint before
        with PlaceMap.create(path, MODEL) as place_map:
            fill(place_map, 7)
            if log == 'empty':
                place_map._connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
            left = {p.name: p.read_bytes() for p in folder.iterdir()}
        for name in ('drive.vprmap', 'drive.vprmap-wal'):
            path.with_name(name).write_bytes(left[name])
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    try:
        done = run_python(READ_ONLY_FOLDER, str(path))
    finally:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 'cannot be opened for writing' in lines[0]
    if log == 'full':
        assert 'was not closed and its folder cannot be written' in lines[2]
    else:
        assert lines[2] == '7 7'
