# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map info``: what is in a map, and where its bytes go."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.coverage_picture import write_picture
from vpr_ros.place_map import MapInfo, PlaceMap, Session

_NS = 1e-9


def info_dict(info: MapInfo, sessions: Sequence[Session] = ()) -> dict[str, Any]:
    """Return a map's facts in JSON types."""
    facts = asdict(info)
    facts['model'].pop('card_json')
    return {'format': 1, **facts, 'session_list': [asdict(session) for session in sessions]}


def describe(info: MapInfo, sessions: Sequence[Session] = (),
             patch_bytes: Mapping[int, int] | None = None) -> str:
    """Describe a map's facts as text.

    ``patch_bytes`` is patch size -> bytes of one place.
    """
    size, places = info.bytes, max(info.places, 1)
    rest = max(size.file - size.descriptors - size.patches - size.thumbnails, 0)
    by_size = ', '.join(f'size {s}: {n}' for s, n in sorted((patch_bytes or {}).items()))
    lines = [
        f'{info.path}: {info.places} places in {info.sessions} '
        f'{"session" if info.sessions == 1 else "sessions"}, {size.file / 1e6:.2f} MB',
        f'  model        {info.model.name}, {info.model.dim}-D, sha256 '
        f'{info.model.sha256[:12]}...',
        f'  identity     {info.uuid}, revision {info.revision}, format {info.format_version}',
        f'  bytes/place  descriptor {size.descriptors / places:.0f}, '
        f'patches {size.patches / places:.0f}{f" ({by_size})" if by_size else ""}, thumbnail '
        f'{size.thumbnails / places:.0f}, tables {rest / places:.0f}',
        f'  normalised   on the last {info.context_window} keyframes of the drive, then on the '
        f'mean of {info.statistics_count} places',
        f'  index        {info.index}',
    ]
    if info.places and not info.has_patches:
        lines.append('  patches      none: re-ranking leaves these places in the order of the '
                     'search; `vpr map redescribe` adds them from the stored images')
    if info.forgotten:
        lines.append(f'  forgotten    {info.forgotten} places, to keep the budget')
    if info.bounding_box_m is not None:
        low, high = info.bounding_box_m
        lines.append(f'  coverage     {high[0] - low[0]:.1f} x {high[1] - low[1]:.1f} m, '
                     f'{info.travelled_m:.1f} m travelled')
    for session in sessions:
        lasted_s = ((session.ended_ns or 0) - (session.started_ns or 0)) * _NS
        robot = f' by {session.robot}' if session.robot else ''
        ended = '' if session.closed else ', not ended'
        lines.append(f'  session {session.session_id:<4} {session.name or "(no name)"}{robot}: '
                     f'{session.places} places in {lasted_s:.1f} s{ended}')
    return '\n'.join(lines)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file')
    parser.add_argument('--picture', type=Path, metavar='FILE',
                        help='draw the trajectories of all sessions as .png or .svg')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    with PlaceMap.open(args.map, read_only=True) as place_map:
        info, sessions = place_map.info(), place_map.sessions()
        if args.picture is not None:
            write_picture(place_map, args.picture)
        first = place_map.places()[:1] if info.has_patches else []
        patch_bytes = {size: len(codes) for place in first
                       for size, codes in place_map.patches(place.place_id).items()}
    print(describe(info, sessions, patch_bytes))
    return {**info_dict(info, sessions), 'patch_bytes': patch_bytes}


VERB = Verb(('map', 'info'), 'say what is in a map', 'vpr map info site.vprmap', _arguments, _run)
