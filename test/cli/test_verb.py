# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What verbs share: numbers that make sense, and results that can be written."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

import pytest

from vpr_ros.cli.main import main
from vpr_ros.cli.verb import check_outputs, not_negative, positive, write_json
from vpr_ros.errors import DataError


def test_numbers_are_read() -> None:
    assert (positive('0.5'), not_negative('0'), positive('inf')) == (0.5, 0.0, float('inf'))


@pytest.mark.parametrize(('read', 'text', 'expected'), [
    (positive, '0', 'a number above 0'), (positive, '-3', 'a number above 0'),
    (positive, 'nan', 'a number above 0'), (positive, 'ten', 'a number above 0'),
    (not_negative, '-1e-9', '0 or more'), (not_negative, '', '0 or more'),
])
def test_other_numbers_are_named(read, text: str, expected: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f'{text} found, expected {expected}'):
        read(text)


@pytest.mark.parametrize('words', [
    ['evaluate', '.', '--radius', '-4'], ['evaluate', '.', '--cache-size', '-5'],
    ['replay', '.', '--radius', '0'], ['replay', '.', '--rate', '-1'],
    ['demo', '--rate', '0'], ['bench', '--seconds', '-1'], ['soak', '--drive-minutes', '-1'],
    ['bag', 'from-world', '--rate', '0', '--out', 'b'], ['results', '.', '--rate', '-1'],
])
def test_verbs_refuse_senseless_numbers_as_wrong_usage(
    words: list[str], tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f'argument {words[-2] if words[-2] != "--out" else "--rate"}: ' in said
    assert 'found, expected' in said
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path, capsys) -> None:
    (tmp_path / 'file').write_text('')
    for words, sentence in (
        (['--json', tmp_path], 'is a folder; name a file'),
        (['--json', tmp_path / 'file' / 'x.json'], 'file is a file, expected a folder'),
        (['--report', tmp_path / 'file'], 'file is a file, expected a folder'),
    ):
        assert main(['evaluate', 'missing', *map(str, words)]) == 1
        said = capsys.readouterr().err
        assert sentence in said
        assert 'missing' not in said


def test_a_folder_without_permission(tmp_path: Path, monkeypatch) -> None:
    """Asked of the system, which says yes to an administrator whatever the folder's mode."""
    monkeypatch.setattr('vpr_ros.cli.verb.os.access', lambda *_: False)
    with pytest.raises(DataError, match=f'no permission to write into {tmp_path}; choose'):
        check_outputs(Namespace(report=tmp_path / 'deep' / 'report'))


def test_missing_folders_of_results_are_made(tmp_path: Path) -> None:
    args = Namespace(json=tmp_path / 'deep' / 'x.json', report=tmp_path / 'report')
    check_outputs(args)
    assert list(tmp_path.iterdir()) == []
    write_json(args, {'kind': 'replay'})
    assert args.json.read_text() == '{\n  "kind": "replay"\n}\n'
    assert [path.name for path in args.json.parent.iterdir()] == ['x.json']
