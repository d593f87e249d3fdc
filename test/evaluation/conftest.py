# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tiny model and a small data set."""

from __future__ import annotations

from pathlib import Path

from evaluation.scenes import seen_again, write
from helpers import place_image, tiny_model
import pytest

from vpr_ros.model import load_model, Model


@pytest.fixture(scope='session')
def model(tmp_path_factory) -> Model:
    """Return a model that describes an image by its coarse colours."""
    return load_model(str(tiny_model(tmp_path_factory.mktemp('model'))), threads=1)


@pytest.fixture(scope='session')
def folder(tmp_path_factory) -> Path:
    """Make a data set: ten places, eight queries that see them again, one that sees none."""
    path = tmp_path_factory.mktemp('small')
    (path / 'database').mkdir()
    (path / 'queries').mkdir()
    lines = ['query,correct_database']
    for number in range(10):
        write(path / 'database' / f'{number:02d}.png', place_image(number))
        if number < 8:
            write(path / 'queries' / f'{number:02d}.png', seen_again(number))
            lines.append(f'{number:02d}.png,{number:02d}.png')
    write(path / 'queries' / '99.png', place_image(99))
    lines.append('99.png,')
    (path / 'ground_truth.csv').write_text('\n'.join(lines) + '\n')
    return path
