# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr``: find the verb, run it, say a known error in one sentence.

Exit status 0, 1 (known error) or 2 (usage).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import importlib
import sys

from vpr_ros import __version__
from vpr_ros.cli.verb import check_outputs, Verb, write_json
from vpr_ros.errors import VprError

MODULES = (
    'demo', 'map_build', 'map_info', 'map_merge', 'map_check',
    'map_redescribe', 'map_split', 'map_prune', 'map_repair', 'map_export', 'map_import',
    'evaluate', 'look_alike', 'replay', 'calibrate', 'tune_rerank', 'compare', 'study', 'results',
    'model_list', 'model_info', 'model_import', 'model_check', 'model_explain',
    'model_vocabulary', 'bag_from_images', 'bag_from_world', 'fleet_serve', 'fleet_info', 'bench',
    'soak', 'doctor',
)
GROUPS = {
    'map': 'build, look at, merge, prune, check and repair maps',
    'model': 'list, describe, import, check and make models',
    'bag': 'make rosbags',
    'fleet': 'share one map between robots',
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    args = _parser().parse_args(argv)
    verb: Verb = args.verb
    try:
        check_outputs(args)
        write_json(args, verb.run(args))
    except VprError as error:
        print(f'vpr {" ".join(verb.words)}: {error}', file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f'vpr {" ".join(verb.words)}: {error.filename}: {error.strerror}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'vpr {" ".join(verb.words)}: interrupted', file=sys.stderr)
        return 1
    return 0


def verbs() -> list[Verb]:
    """All verbs, in the order of ``vpr --help``."""
    return [importlib.import_module(f'vpr_ros.cli.{name}').VERB for name in MODULES]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='vpr', description='Visual place recognition: maps, models, evaluation.',
    )
    parser.add_argument('--version', action='version', version=f'vpr_ros {__version__}')
    top = parser.add_subparsers(required=True, metavar='VERB')
    groups = {}
    for verb in verbs():
        holder = top
        if len(verb.words) == 2:
            group = verb.words[0]
            if group not in groups:
                inner = top.add_parser(group, help=GROUPS[group], description=GROUPS[group])
                groups[group] = inner.add_subparsers(required=True, metavar='VERB')
            holder = groups[group]
        child = holder.add_parser(
            verb.words[-1], help=verb.summary, description=verb.summary,
            epilog=f'example:\n  {verb.example}',
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.arguments(child)
        child.set_defaults(verb=verb)
    return parser


if __name__ == '__main__':
    sys.exit(main())
