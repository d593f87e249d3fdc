# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paths of services stay below the folders of the node."""

from __future__ import annotations

from pathlib import Path
import tempfile

from hypothesis import given
from hypothesis import strategies as st
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.ros.confinement import Folders


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make maps/ with a link out and a link in, and a secret beside it."""
    for name in ('maps/sub', 'more', 'maps_secret'):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / 'maps_secret' / 'a.vprmap').write_text('x')
    (tmp_path / 'maps' / 'out').symlink_to(tmp_path / 'maps_secret')
    (tmp_path / 'maps' / 'in').symlink_to(tmp_path / 'more')
    (tmp_path / 'maps' / 'loop').symlink_to(tmp_path / 'maps' / 'loop')
    return tmp_path


@pytest.mark.parametrize(('path', 'expected'), [
    ('a.vprmap', 'maps/a.vprmap'),
    ('sub/../sub/a.vprmap', 'maps/sub/a.vprmap'),
    ('{tree}/more/a.vprmap', 'more/a.vprmap'),
    ('in/a.vprmap', 'more/a.vprmap'),  # a link to a folder that is allowed
])
def test_inside(tree: Path, path: str, expected: str) -> None:
    folders = Folders([tree / 'maps', tree / 'more'])
    assert folders.map_file(path.format(tree=tree)) == tree / expected


@pytest.mark.parametrize('path', [
    '/etc/passwd', '../maps_secret/a.vprmap', '{tree}/maps_secret/a.vprmap', 'out/a.vprmap',
    '{tree}/maps/../maps_secret/a.vprmap', 'sub/../../maps_secret/a.vprmap', '..', '/',
    '~/a.vprmap/../../..', 'out/../a.vprmap/../../maps_secret/a.vprmap',
])
def test_outside(tree: Path, path: str) -> None:
    with pytest.raises(ConfigError, match='outside the folders'):
        Folders([tree / 'maps', tree / 'more']).resolve(path.format(tree=tree))


@pytest.mark.parametrize(('path', 'sentence'), [
    ('', 'empty'), ('a\0b', 'malformed'), ('loop/a', 'resolved|outside|exist'),
    ('x' * 5000 + '/y', 'resolved|exist'),
])
def test_malformed(tree: Path, path: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Folders([tree / 'maps']).existing(path)


def test_without_folders_everything_is_refused() -> None:
    with pytest.raises(ConfigError, match='may use no folder'):
        Folders(['']).resolve('/elsewhere/a.vprmap')


def test_a_map_needs_its_suffix_and_its_folder(tree: Path) -> None:
    folders = Folders([tree / 'maps'])
    with pytest.raises(ConfigError, match='must end in'):
        folders.map_file('a.db')
    with pytest.raises(ConfigError, match='no folder'):
        folders.map_file('none/a.vprmap')
    with pytest.raises(ConfigError, match='does not exist'):
        folders.existing('none.vprmap')


PARTS = st.lists(st.sampled_from(['..', '.', 'sub', 'out', 'in', 'loop', 'a', '']), max_size=8)


@given(PARTS, st.booleans())
def test_no_path_leads_out(parts: list[str], absolute: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        for folder in ('maps/sub', 'more', 'secret'):
            (root / folder).mkdir(parents=True)
        (root / 'maps' / 'out').symlink_to('../secret')
        (root / 'maps' / 'in').symlink_to(root / 'maps' / 'sub')
        path = '/'.join(parts)
        try:
            path = f'{root}/maps/{path}' if absolute else path
            resolved = Folders([root / 'maps']).resolve(path)
        except ConfigError:
            return
        assert (root / 'maps') in (resolved, *resolved.parents)
        assert resolved == resolved.resolve()  # no link is left to be turned later
