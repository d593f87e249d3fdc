# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The message reference holds every field of every interface, as the files say it."""

from __future__ import annotations

from helpers import ROOT
import pytest

from vpr_ros.messages_page import Field, markdown, parse

INTERFACES = sorted(
    path for kind in ('msg', 'srv', 'action') for path in (ROOT / 'vpr_msgs' / kind).glob('*.*')
)


def test_comments_fields_and_constants_are_read() -> None:
    about, parts = parse(
        '# SPDX-x: y\n# What it is,\n# and why.\n\n# --- group ---\n# metres,\n# from 0\n'
        'float32[] far\n# lost\n\nuint8 BARE=3\n---\n---\n# yes\nbool good\n'
    )
    assert about == 'What it is,\nand why.'
    assert parts == [
        [Field('float32[]', 'far', '', 'metres, from 0'), Field('uint8', 'BARE', '3', '')],
        [], [Field('bool', 'good', '', 'yes')],
    ]


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match='no field'):
        parse('\nfloat32\n')


@pytest.mark.parametrize('path', INTERFACES, ids=lambda path: path.name)
def test_every_interface_and_field_is_there(path) -> None:
    page = markdown()
    assert f'### {path.stem}\n' in page
    about, parts = parse(path.read_text(encoding='utf-8'))
    assert about and about in page
    plain = [line.partition('#')[0].split() for line in path.read_text().splitlines()]
    fields = [words for words in plain if len(words) > 1]
    assert [field.name for part in parts for field in part] == [
        words[1].partition('=')[0] for words in fields]
    assert all(field.text for part in parts for field in part)


def test_the_page_is_that_of_the_files() -> None:
    found = (ROOT / 'docs' / 'messages.md').read_text(encoding='utf-8')
    assert found == markdown(), 'write it again: python -m vpr_ros.messages_page'
