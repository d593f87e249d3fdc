# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import Verb, add_json, write_json
from vpr_ros.doctor import Level, check_installation, check_map, check_model
from vpr_ros.errors import RosError


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--image-topic', default='image', help="the camera's topic")
    parser.add_argument('--model', default='default', help='bundled model, or path of an .onnx')
    parser.add_argument('--provider', default='auto', help='auto, cuda, tensorrt or cpu')
    parser.add_argument('--map', type=Path, help='a map that the node should open')
    parser.add_argument('--no-graph', action='store_true', help='leave the running system alone')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    findings = check_installation()
    model_findings, model = check_model(args.model, args.provider)
    findings += model_findings
    if args.map is not None:
        findings += check_map(args.map, model)
    ros_is_there = not any(f.subject == 'ROS 2' and f.level is Level.ERROR for f in findings)
    if ros_is_there and not args.no_graph:
        from vpr_ros.ros.doctor import check_graph  # noqa: PLC0415 - needs rclpy

        findings += check_graph(args.image_topic)
    for finding in findings:
        print(finding)
    result = {'format': 1, 'findings': [
        {'level': f.level.value, 'subject': f.subject, 'found': f.found, 'fix': f.fix}
        for f in findings
    ]}
    failures = sum(f.level is Level.ERROR for f in findings)
    if failures:
        write_json(args, result)
        raise RosError(f'{failures} of {len(findings)} checks failed; see the arrows above')
    return result


VERB = Verb(
    ('doctor',), 'find out what is wrong with a set-up',
    'vpr doctor --image-topic /camera/image_raw --map site.vprmap', _arguments, _run,
)
