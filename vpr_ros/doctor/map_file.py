# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the map can be opened as the node would open it: file, model, lock, patches."""

from __future__ import annotations

from pathlib import Path
import re

from vpr_ros.assembly import model_identity
from vpr_ros.doctor.finding import error, Finding, ok, warning
from vpr_ros.errors import MapError, VprError
from vpr_ros.model import Model
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.lock import WriterLock

LONGEST_COMMAND = 80  # characters shown of what holds a map


def check_map(
    path: Path, model: Model | None, *, mapping: bool = False, node_is_running: bool = False,
    must_exist: bool = False,
) -> tuple[list[Finding], str]:
    """Open a map as the node would; nothing of it changes.

    Args:
        path: the file.
        model: the model that the node runs; None compares no model.
        mapping: the node is to write it, so nobody else may.
        node_is_running: a node is there that may be the one that writes it.
        must_exist: a missing file is an error even where mapping would make it.

    Returns:
        What was found, and the frame of the map's poses, '' without poses.
    """
    if mapping and not must_exist and not path.exists():
        if not path.parent.is_dir():
            return [error('map', f'the folder of {path} does not exist', 'make it')], ''
        return [ok('map', f'{path} does not exist; mapping makes it')], ''
    identity = None if model is None else model_identity(model)
    try:
        with PlaceMap.open(path, model=identity, read_only=True) as place_map:
            places = len(place_map)
            poses = (place.pose for place in place_map.places())
            frame_id = next((pose.frame_id for pose in poses if pose), '')
    except VprError as problem:
        return [error('map', str(problem))], ''
    findings = []
    if places == 0 and not mapping:
        findings.append(warning('map', f'{path} holds no place',
                                'build one with `vpr map build`, or start the node in mode '
                                'mapping'))
    else:
        fits = '' if model is None else f', built with {model.card.name}'
        where = f', poses in {frame_id!r}' if frame_id else ''
        findings.append(ok('map', f'{path} holds {places} places{fits}{where}'))
    if mapping:
        findings += _lock(path, node_is_running=node_is_running)
    return findings, frame_id


def _lock(path: Path, *, node_is_running: bool) -> list[Finding]:
    """Take the right to write and give it back at once."""
    try:
        WriterLock(path).release()
    except MapError as problem:
        holder = re.search(r'in process (\d+)', str(problem))
        command = _command_of(int(holder.group(1))) if holder else ''
        text = f'{problem}{f"; it is {command}" if command else ""}'
        if holder and node_is_running:
            return [warning('map lock', text, 'nothing to do if that is your node; a second one '
                            'needs mode:=localization or a map of its own')]
        return [error('map lock', text, 'stop that process, or start the node with '
                      'mode:=localization')]
    return []


def _command_of(process: int) -> str:
    try:
        words = Path(f'/proc/{process}/cmdline').read_bytes().split(b'\0')
    except OSError:
        return ''
    names = (Path(word.decode('utf-8', 'replace')).name for word in words)
    text = ' '.join(' '.join(names).split())
    return text if len(text) <= LONGEST_COMMAND else f'{text[:LONGEST_COMMAND]}...'
