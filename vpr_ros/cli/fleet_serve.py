# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr fleet serve``: a shared map for a few robots, by Milvus Lite."""

from __future__ import annotations

import argparse
from pathlib import Path
import signal
import threading

from vpr_ros.cli.verb import Verb
from vpr_ros.fleet.server import DEFAULT_PORT, LiteServer


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', type=Path, help='where the data lie; made when it is missing')
    parser.add_argument('--host', default='127.0.0.1',
                        help='address to listen on; 0.0.0.0 lets every machine of the network in, '
                             'without a password (default: 127.0.0.1, this machine alone)')
    parser.add_argument('--port', type=int, default=DEFAULT_PORT,
                        help=f'0 takes a free one (default: {DEFAULT_PORT})')


def _run(args: argparse.Namespace) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with LiteServer(args.folder, host=args.host, port=args.port) as server:
        print(f'serving {args.folder} at {server.uri}; set fleet_uri to it, Ctrl-C ends',
              flush=True)
        stop.wait()
    # Ctrl-C reaches a launched process twice; while the interpreter ends, the default would kill
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


VERB = Verb(('fleet', 'serve'), 'serve a shared map to a few robots',
            'vpr fleet serve ~/fleet_map', _arguments, _run)
