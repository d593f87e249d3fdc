# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr bag from-images``: a folder of images and a frame rate become a rosbag2."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.bags import bag_from_images
from vpr_ros.bags.from_images import compressed_topic
from vpr_ros.cli.verb import add_json, Verb


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', type=Path, help='folder of images, taken in natural order')
    parser.add_argument('--out', type=Path, required=True, help='the bag to write')
    parser.add_argument('--rate', type=float, default=10.0, help='frames per second')
    parser.add_argument('--topic', default='/camera/image_raw', help='image topic')
    parser.add_argument('--storage', choices=('mcap', 'sqlite3'), default='mcap')
    parser.add_argument('--raw', action='store_true', help='uncompressed Image messages')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    count = bag_from_images(
        args.folder, args.out, rate_hz=args.rate, topic=args.topic, storage=args.storage,
        compressed=not args.raw,
    )
    topic = args.topic if args.raw else compressed_topic(args.topic)
    print(f'{args.out}: {count} images at {args.rate:g} Hz on {topic}')
    return {'format': 1, 'bag': str(args.out), 'images': count, 'topic': topic}


VERB = Verb(
    ('bag', 'from-images'), 'make a rosbag2 of a folder of images',
    'vpr bag from-images photos --rate 20 --out drive', _arguments, _run,
)
