# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m training prepare``: finds what would stop a training, and only that."""

from __future__ import annotations

from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest

from training.cli import main


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve places 100 m apart with a query at each, and one query far from everything."""
    for part in ('database', 'queries'):
        (tmp_path / part).mkdir()
        for number in range(12):
            pixels = np.random.default_rng([number, len(part)]).integers(
                0, 256, (24, 32 if number else 40, 3), np.uint8)
            cv2.imwrite(str(tmp_path / part / f'@{100 * number}@0@.png'), pixels)
    shutil.copy(tmp_path / 'queries' / '@0@0@.png', tmp_path / 'queries' / '@0@5000@.png')
    return tmp_path


def run(capsys, *arguments: object) -> tuple[int, list[str], str]:
    code = main(['prepare', *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out.splitlines(), printed.err


def test_a_sound_set(folder, capsys):
    code, lines, error = run(capsys, folder)
    assert (code, error) == (0, '')
    assert lines == [
        f'{folder.name}: 12 database images, 13 queries',
        'positives a query: 1 to 1, 1 in the middle',
        'queries without positives: 1',
        f'  {folder / "queries" / "@0@5000@.png"}',
        'queries with fewer than 10 negatives: 0',
        'files that cannot be read: 0',
        'sizes: 32 x 24 (22), 40 x 24 (3)',
        'groups of files with the same content: 1',
        f'  {folder / "queries" / "@0@0@.png"} = {folder / "queries" / "@0@5000@.png"}',
        'nothing here would stop a training',
    ]


def test_an_image_that_cannot_be_read(folder, capsys):
    bad = folder / 'database' / '@300@0@.png'
    bad.write_bytes(bad.read_bytes()[:40])
    code, lines, error = run(capsys, folder)
    assert code == 1 and f'  {bad}' in lines
    assert error == (f'error: {folder.name}: 1 image cannot be read, the first is {bad}; mend or '
                     f'remove what is listed\n')
    code, lines, _ = run(capsys, folder, '--quick')  # does not look inside
    assert code == 0 and not any('sizes' in line for line in lines)


def test_a_file_that_is_missing_is_found_quickly(tmp_path, capsys):
    (tmp_path / 'frames.csv').write_text(
        'file,environment,space,x,y,heading\n'
        + ''.join(f'{n}.jpg,site,map,{n % 13 * 10},0,\n' for n in range(26)))
    code, _, error = run(capsys, tmp_path, '--quick')
    assert code == 1 and error.startswith(f'error: {tmp_path.name}: 26 images cannot be read')


def test_a_set_that_teaches_nothing(folder, capsys):
    code, lines, error = run(capsys, folder, '--positive-radius', 0, '--negative-radius', 5000)
    assert code == 1 and 'queries with fewer than 10 negatives: 12' in lines
    assert 'none of 13 queries has a positive and 10 negatives; widen the radius' in error
    shutil.rmtree(folder / 'database')
    code, _, error = run(capsys, folder)
    assert code == 1 and error.count('\n') == 1


def test_a_recipe_with_all_its_sources(folder, capsys):
    recipe = folder / 'recipe.yaml'
    recipe.write_text(f'sources: [{{kind: utm, path: {folder}}}]\n'
                      'tuples: {positive_radius_m: 120, negative_radius_m: 120}\n')
    code, lines, _ = run(capsys, recipe)
    assert lines[:2] == [f'{folder.name}: 12 database images, 13 queries',
                         'positives a query: 2 to 3, 3 in the middle']
    assert 'queries with fewer than 10 negatives: 10' in lines and code == 0


def test_worlds_that_are_not_drawn_yet_are_no_trouble(tmp_path, capsys):
    source = f'world:{tmp_path / "w"}:worlds=[3],drives=2,spacing_m=40'
    code, lines, _ = run(capsys, source, '--quick')
    assert code == 0 and 'files that cannot be read: 0' in lines
    assert not list(tmp_path.rglob('*.jpg'))
