# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map redescribe``: patches, or another model, for the places of a map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
from vpr_ros.cli.map_info import describe, info_dict
from vpr_ros.cli.verb import add_json, add_settings, ProgressBar, settings_of, Verb
from vpr_ros.redescribing import redescribe


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('map', type=Path, help='a .vprmap file that keeps images of its places')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    parser.add_argument('--small-images', action='store_true',
                        help='take images smaller than the input of the model as well')
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    model = model_of(settings_of(args))
    with ProgressBar() as bar:
        info = redescribe(args.map, args.out, model, small_images=args.small_images, progress=bar)
    print(describe(info))
    return info_dict(info)


VERB = Verb(
    ('map', 'redescribe'), 'add patches to a map, or describe it with another model',
    'vpr map redescribe site.vprmap --out with_patches.vprmap', _arguments, _run,
)
