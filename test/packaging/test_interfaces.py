# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The interface files: documented to the last field, and one with the types of the pipeline."""

from __future__ import annotations

from pathlib import Path
import re

from helpers import ROOT
import pytest

from vpr_ros.types import Reason

INTERFACES = sorted(
    path for kind in ('msg', 'srv', 'action') for path in (ROOT / 'vpr_msgs' / kind).glob('*.*')
)
CONSTANT = re.compile(r'^uint8 ([A-Z_]+)=(\d+)$', re.MULTILINE)


def undocumented(text: str) -> list[str]:
    """Fields and constants of an interface that have no comment in the line above."""
    lines = text.splitlines()
    return [
        line
        for above, line in zip(['', *lines], lines, strict=False)
        if line and line != '---' and not line.startswith('#') and not above.startswith('# ')
    ]


def test_undocumented_fields_are_found() -> None:
    assert undocumented('# what\nbool good\nint8 bad\n\nbool alone\n---\n# yes\nbool fine\n') == [
        'int8 bad',
        'bool alone',
    ]


@pytest.mark.parametrize('path', INTERFACES, ids=lambda path: path.name)
def test_every_field_is_documented(path: Path) -> None:
    assert not undocumented(path.read_text(encoding='utf-8'))


def test_reasons_are_those_of_the_pipeline() -> None:
    text = (ROOT / 'vpr_msgs' / 'msg' / 'Recognition.msg').read_text(encoding='utf-8')
    constants = {name: int(value) for name, value in CONSTANT.findall(text)}
    assert constants == {reason.name: reason.value for reason in Reason}


def test_service_and_action_build_a_map_from_the_same_request() -> None:
    def fields(path: str) -> list[list[str]]:
        parts = (ROOT / 'vpr_msgs' / path).read_text(encoding='utf-8').split('---')
        return [
            [line for line in part.splitlines() if line and not line.startswith('#')]
            for part in parts[:2]
        ]

    assert fields('srv/BuildMap.srv') == fields('action/MapBuilding.action')
