# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of files, disks, GPUs and power, done to a node of their own, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import resource
import shutil
import signal
import subprocess
from typing import Any

from helpers import place_image
import pytest
from ros.client import PATIENCE_S
from ros.faults.bench import Bench

from vpr_msgs.srv import SaveMap
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.node_process import NodeProcess

BALLAST_BYTES = 64 << 20


class Doomed:
    """A node on a small disk of its own, with a model of its own."""

    def __init__(self, start: Any, folder: Path, disk: Path, *, mounted: bool, model: str) -> None:
        self.disk, self.mounted = disk, mounted
        self.model = folder / Path(model).name
        for suffix in ('.onnx', '.json'):
            shutil.copy(Path(model).with_suffix(suffix), self.model.with_suffix(suffix))
        self._start = start
        self.path = disk / 'live.vprmap'
        self.start()

    def start(self) -> None:
        """Start the node; what it knows of its map stays."""
        self.client = self._start(model=str(self.model), map_path=str(self.path), provider='cuda',
                                  min_similarity=0.7)
        self.client.__enter__()
        self.client.wait_until_active()
        home = getattr(self, 'bench', None) and self.bench.home
        self.bench = Bench(self.client, self.path)
        if home:
            self.bench.home = home
        else:
            self.bench.drive()

    def fill_disk(self) -> None:
        """From now on nothing more can be written."""
        if not self.mounted:
            self._limit(0)
            return
        with pytest.raises(OSError), (self.disk / 'ballast').open('wb', buffering=0) as ballast:
            for _ in range(BALLAST_BYTES // 4096):
                ballast.write(bytes(4096))

    def free_disk(self) -> None:
        """Make writing possible again."""
        if self.mounted:
            (self.disk / 'ballast').unlink()
        else:
            self._limit(resource.RLIM_INFINITY)

    def _limit(self, most_bytes: int) -> None:
        pid = self.client.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


@pytest.fixture(scope='module')
def doomed(start: Any, model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doomed]:
    """One node for the faults below, in their order."""
    folder = tmp_path_factory.mktemp('doomed')
    disk = folder / 'disk'
    disk.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', str(disk)]
    mounted = os.geteuid() == 0 and not subprocess.run(
        command, capture_output=True, check=False).returncode
    doomed = None
    try:
        doomed = Doomed(start, folder, disk, mounted=mounted, model=model)
        yield doomed
    finally:
        if doomed is not None:
            doomed.client.__exit__()
        if mounted:
            subprocess.run(['umount', str(disk)], check=True)


def test_there_is_no_gpu(doomed: Doomed, fault) -> None:
    import onnxruntime

    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this onnxruntime has CUDA')
    row = fault('provider: cuda where there is none', 'the CPU is taken; diagnostics warn')
    with doomed.bench.diagnosis() as diagnosis:
        row.saw(diagnosis.names('recognition', 'CUDAExecutionProvider was asked for'))
        row.saw(*doomed.bench.aftermath())


def test_the_model_file_is_replaced(doomed: Doomed, fault) -> None:
    row = fault('the model file is replaced while the node runs',
                'the node goes on with the loaded one; diagnostics warn; a node started now '
                'refuses the file, as its sha256 is not that of the card')
    genuine = doomed.model.read_bytes()
    try:
        with doomed.bench.diagnosis() as diagnosis:
            new = doomed.model.with_suffix('.new')
            new.write_bytes(genuine + b'changed')
            new.replace(doomed.model)
            row.saw(diagnosis.names('recognition', 'tiny is replaced'))
        refused = NodeProcess({'model': str(doomed.model)}, namespace='/refused')
        try:
            assert refused._process.wait(PATIENCE_S) == 1
            assert 'its card says' in refused.log()
        finally:
            refused.stop()
        row.saw('a new node ended with status 1', *doomed.bench.aftermath())
    finally:
        doomed.model.write_bytes(genuine)


def test_the_disk_is_full(doomed: Doomed, fault) -> None:
    row = fault('the disk of the map is full' if doomed.mounted else
                'the system refuses to write more of the map',
                'mapping stops, recognition goes on; diagnostics are ERROR; with space again, '
                'mapping goes on by itself')
    client = doomed.client
    doomed.fill_disk()
    with doomed.bench.diagnosis() as diagnosis:
        for place in range(100, 300):
            if not client.ask(place_image(place)).added_to_map:
                break
        row.saw(diagnosis.names('map', 'mapping has stopped', 'disk'))
    row.saw(doomed.bench.recognises())
    doomed.free_disk()
    assert client.ask(place_image(300)).added_to_map
    row.saw('mapping went on', *doomed.bench.aftermath())


def test_the_map_file_is_deleted(doomed: Doomed, fault) -> None:
    row = fault('the map file is deleted while the node runs',
                'recognition goes on; diagnostics are ERROR; ~/save_map writes it again, with the '
                'places since')
    client = doomed.client
    with doomed.bench.diagnosis() as diagnosis:
        doomed.path.unlink()
        row.saw(diagnosis.names('map', 'was deleted while in use'))
        row.saw(doomed.bench.recognises())
        newest = client.ask(place_image(301))
        assert newest.added_to_map
        saved = client.call(SaveMap, '~/save_map')
        assert saved.success and doomed.path.exists(), saved.message
        with PlaceMap.open(doomed.path, read_only=True) as written:
            assert written.thumbnail(newest.query_id)
    row.saw('saved again', *doomed.bench.aftermath())


def test_the_node_is_killed_in_mid_drive(doomed: Doomed, fault) -> None:
    row = fault('the node is killed (-9) in mid-drive and started again',
                'every answered place is in the map; the new node recognises them')
    newest = [doomed.client.ask(place_image(place)) for place in range(310, 314)][-1]
    assert newest.added_to_map
    assert doomed.client.stop(signal.SIGKILL) == -signal.SIGKILL
    row.saw(doomed.bench.map_is_intact())
    doomed.client.__exit__()
    doomed.start()
    answer = doomed.client.ask(place_image(313))
    assert answer.matches[0].place_id == newest.query_id
    row.saw('the last place before it was recognised', *doomed.bench.aftermath())
