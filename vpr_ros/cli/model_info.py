# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model info``: a model's card."""

from __future__ import annotations

import argparse
import json
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.model import find_card


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model', nargs='?', default='default',
                        help='bundled model by name, or the path of an .onnx or its card')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    raw = dict(find_card(args.model).raw)
    shown = {**raw, 'patches': {
        size: {k: v for k, v in spec.items() if k != 'centers_px'}
        for size, spec in (raw.get('patches') or {}).items()
    }}
    print(json.dumps(shown, indent=2))
    return raw


VERB = Verb(
    ('model', 'info'), "show a model's card", 'vpr model info default', _arguments, _run,
)
