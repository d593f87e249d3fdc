# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map prune``: remove the places that a map can do without."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.place_map import PlaceMap, PrunePolicy


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file')
    parser.add_argument('--redundant', type=float, metavar='SIMILARITY',
                        help='views at least so similar to a kept one within 5 m')
    parser.add_argument('--per-metre', type=float, metavar='N', help='more places a metre than N')
    parser.add_argument('--never-matched', type=int, metavar='SESSIONS',
                        help='places that no later keyframe was recognised as, though so many '
                             'sessions came after')
    parser.add_argument('--places', type=int, metavar='N', help='most places to keep')
    parser.add_argument('--mb', type=float, metavar='MB', help='most megabytes to keep')
    parser.add_argument('--dry-run', action='store_true', help='only say what would go')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    policy = PrunePolicy(
        redundant_similarity=args.redundant, max_per_metre=args.per_metre,
        never_matched_sessions=args.never_matched, max_places=args.places,
        max_bytes=None if args.mb is None else int(args.mb * 1e6),
    )
    with PlaceMap.open(args.map, read_only=args.dry_run) as place_map:
        before, used_bytes = len(place_map), place_map.used_bytes
        pruned = place_map.prune(policy, try_only=args.dry_run)
        if not args.dry_run:
            place_map.compact()
        after, left_bytes = len(place_map), place_map.used_bytes
    done = 'would go' if args.dry_run else 'are gone'
    print(f'{args.map}: {len(pruned.removed)} of {before} places {done}')
    for rule, count in pruned.counts.items():
        print(f'  {rule:<20} {count}')
    if not args.dry_run:
        print(f'  {used_bytes / 1e6:.2f} MB before, {left_bytes / 1e6:.2f} MB now')
    return {
        'format': 1, 'map': str(args.map), 'dry_run': args.dry_run, 'places_before': before,
        'places': after, 'bytes_before': used_bytes, 'bytes': left_bytes,
        'counts': dict(pruned.counts), 'removed': list(pruned.removed),
    }


VERB = Verb(('map', 'prune'), 'remove the places that a map can do without',
            'vpr map prune site.vprmap --per-metre 1 --mb 50 --dry-run', _arguments, _run)
