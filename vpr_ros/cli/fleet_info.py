# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr fleet info``: which robots share which drives."""

from __future__ import annotations

import argparse
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.fleet.overview import overview


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('uri', help='of the Milvus server, such as http://127.0.0.1:19530')
    parser.add_argument('--collection', default='vpr_places',
                        help='parameter fleet_collection of the robots (default: vpr_places)')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    found = overview(args.uri, args.collection)
    if not found:
        print(f'{args.uri}: no robot shares places under the name {args.collection}')
    for collection in found:
        print(f'{collection.name}: {sum(collection.places.values())} places')
        for (robot, session), count in collection.places.items():
            print(f'  {robot:<16} {session:<32} {count:>8}')
    return {'format': 1, 'uri': args.uri, 'collections': [
        {'name': c.name, 'places': sum(c.places.values()), 'drives': [
            {'robot': robot, 'session': session, 'places': count}
            for (robot, session), count in c.places.items()]}
        for c in found]}


VERB = Verb(('fleet', 'info'), 'say which robots share which drives',
            'vpr fleet info http://127.0.0.1:19530', _arguments, _run)
