# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map build``: a map from bags, image folders, videos or data sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
from vpr_ros.building import build_map
from vpr_ros.building.build import WORKERS
from vpr_ros.cli.map_info import describe, info_dict
from vpr_ros.cli.topics import add_topics, topics_of
from vpr_ros.cli.verb import add_json, add_settings, ProgressBar, settings_of, Verb


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', type=Path, nargs='+',
                        help='rosbag2, folder of images, video, or data set; a session each')
    parser.add_argument('--out', type=Path, required=True, help='the .vprmap to write')
    parser.add_argument('--overwrite', action='store_true', help='replace an existing map')
    parser.add_argument('--fresh', action='store_true',
                        help='begin anew, where a build that was broken off could go on')
    parser.add_argument('--jobs', type=int, default=WORKERS,
                        help='images that are decoded and described at once '
                             '(default: %(default)s)')
    add_topics(parser)
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(args)
    model = model_of(settings)
    if model.warning:
        print(model.warning)
    with ProgressBar() as bar:
        info = build_map(
            args.source, args.out, model, settings, topics=topics_of(args),
            overwrite=args.overwrite, fresh=args.fresh, workers=args.jobs, progress=bar,
        )
    print(describe(info))
    return info_dict(info)


VERB = Verb(
    ('map', 'build'), 'build a map from bags, image folders or videos',
    'vpr map build drive.mcap --out site.vprmap', _arguments, _run,
)
