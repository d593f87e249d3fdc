# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short form of the fuzz tests; ``test/fuzz/run.py`` is the long one."""

from __future__ import annotations

import os
from pathlib import Path
import threading

from fuzz.run import fuzz, HungError, SHARES, watched
from fuzz.targets import CORPUS, TARGETS
import pytest

from vpr_ros.decision.calibration import Calibration
from vpr_ros.errors import VprError
from vpr_ros.images import decode_picture
from vpr_ros.model.card import load_card
from vpr_ros.settings import load_parameters

CASES = int(os.environ.get('VPR_FUZZ_CASES', '120'))
READERS = {'card': load_card, 'calibration': Calibration.load, 'parameters': load_parameters,
           'image': lambda path: decode_picture(path.read_bytes())}


@pytest.mark.parametrize('name', [target.name for target in TARGETS])
def test_nothing_crashes_hangs_or_is_taken_for_sound(name: str, tmp_path: Path) -> None:
    outcomes = fuzz(name, 2, range(CASES), tmp_path)
    assert outcomes.total() == CASES
    assert outcomes['refused'] > 0


def test_every_target_has_a_share_of_the_long_form() -> None:
    assert set(SHARES) == {target.name for target in TARGETS}
    assert sum(SHARES.values()) == 100


@pytest.mark.parametrize('path', sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_files_that_once_failed_are_refused(path: Path) -> None:
    """The name begins with what the file pretends to be."""
    read = READERS[path.name.partition('_')[0]]
    with watched(), pytest.raises(VprError):
        read(path)


def test_a_hang_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('fuzz.run.HANG_S', 0.02)
    with pytest.raises(HungError, match='computed'), watched():
        while True:
            pass


def test_waiting_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('fuzz.run.WAIT_S', 0.02)
    with pytest.raises(HungError, match='waited'), watched():
        threading.Event().wait()


def test_memory_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    # the peak is of the whole process and may have been higher once
    monkeypatch.setattr('fuzz.run.MEMORY_MB', -1)
    with pytest.raises(HungError, match='MB of memory'), watched():
        pass
