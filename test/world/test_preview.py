# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The preview command, as a user runs it."""

from __future__ import annotations

import cv2

from vpr_ros.world.preview import main


def test_a_contact_sheet_is_written_and_the_speed_is_printed(tmp_path, capsys):
    code = main(['--out', str(tmp_path), '--kind', 'corridor', '--width', '80', '--height', '60',
                 '--conditions', 'day', 'night', '--columns', '3', '--timed-frames', '4'])
    assert code == 0
    sheet = cv2.imread(str(tmp_path / 'contact_sheet.png'))
    assert sheet is not None and sheet.shape == (120, 240, 3)
    assert 'frames/s at 80x60' in capsys.readouterr().out


def test_an_impossible_camera_is_one_sentence_and_exit_1(tmp_path, capsys):
    assert main(['--out', str(tmp_path), '--kind', 'corridor', '--width', '2']) == 1
    assert 'choose for example 640x480' in capsys.readouterr().err
