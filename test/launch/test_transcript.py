# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is typed and printed becomes a page, without what is of one machine; needs no ROS."""

from __future__ import annotations

from pathlib import Path

from ros2_tools.page import head, PATH
from ros2_tools.transcript import commands_of, Transcript

from vpr_ros.settings import PRESETS  # noqa: I100


def session() -> Transcript:
    """Write down two commands."""
    transcript = Transcript({Path('/here/x7'): '/home/robot'})
    transcript.section('One', 'Why.')
    transcript.add(('ros2', 'launch', 'a', 'map:=/here/x7/a.vprmap'),
                   '\x1b[1m[INFO] [1795284840.848039561] [a]: up, pid [99] in /here/x7\x1b[0m\n')
    transcript.section('Two', 'Else.')
    transcript.add(('ros2', 'service', 'call', '/a', '{x: [1]}'),
                   'asking\n\nresponse: ' + 'y' * 500, 'response')
    return transcript


def test_nothing_of_the_machine_is_left() -> None:
    (first, printed), = session().sections[0].steps
    assert first == 'ros2 launch a map:=/home/robot/a.vprmap'
    assert printed == '[INFO] [a]: up, pid [4711] in /home/robot'


def test_long_outputs_are_shortened_visibly() -> None:
    (_, printed), = session().sections[1].steps
    assert printed.startswith('...\nresponse: yyy') and printed.endswith(' ...')
    assert len(printed) < 300


def test_repetitions_are_left_out() -> None:
    blocks = ''.join(f'Feedback:\n    done: {n}\n\n' for n in range(5))
    assert session().shown(f'Goal\n\n{blocks}Result:\n  1') == (
        'Goal\n\nFeedback:\n    done: 0\n\nFeedback:\n    done: 1\n\n...\n\nResult:\n  1')
    assert session().shown('a\n' + '- 0.0\n' * 36 + 'b') == 'a\n- 0.0\n- 0.0\n    ...\nb'


def test_the_commands_of_a_page_are_those_that_were_typed() -> None:
    transcript = session()
    assert commands_of(transcript.markdown(head())) == transcript.commands() == [
        'ros2 launch a map:=/home/robot/a.vprmap', 'ros2 service call /a "{x: [1]}"']


def test_the_page_shows_each_preset_and_tool() -> None:
    page = PATH.read_text(encoding='utf-8')
    commands = '\n'.join(commands_of(page))
    assert all(f'preset:={preset}' in commands for preset in PRESETS)
    for tool in ('action send_goal', 'interface show', 'lifecycle set', 'node info', 'param set',
                 'service call', 'topic echo', 'topic hz'):
        assert f'ros2 {tool} ' in commands
    assert 'Goal finished with status: SUCCEEDED' in page
    assert '/tmp/' not in page and '/root' not in page
