# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, overrides_of, Verb, write_json
from vpr_ros.doctor import (
    check_installation,
    check_map,
    check_middleware,
    check_model,
    check_parameters,
    Finding,
    Level,
    SetUp,
)
from vpr_ros.errors import RosError
from vpr_ros.parameters import validate, Value
from vpr_ros.settings import load_parameters, PRESETS

FLAGS = {'model': 'model', 'provider': 'provider', 'map': 'map_path', 'mode': 'mode',
         'transport': 'image_transport'}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--node', default='', metavar='NAME', help='fully qualified name of a '
                        'running node whose parameters and topics are looked at (default: the '
                        'first named place_recognition)')
    parser.add_argument('--image-topic', default='', help="the camera's topic (default: that of "
                        'the running node, else image)')
    parser.add_argument('--odom-topic', default='', help='likewise; default odom')
    parser.add_argument('--camera-info-topic', default='', help='likewise; default camera_info')
    parser.add_argument('--transport', choices=('raw', 'compressed'), help='image_transport')
    parser.add_argument('--model', help='bundled model, or path of an .onnx')
    parser.add_argument('--provider', help='auto, cuda, tensorrt or cpu')
    parser.add_argument('--map', type=Path, help='a map that the node should open')
    parser.add_argument('--mode', choices=('mapping', 'localization'), help='of the node')
    parser.add_argument('--params', metavar='FILE', help='parameter file of the node, or a '
                        f'preset: {", ".join(PRESETS)}')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE',
                        help='one parameter of the node; may be repeated')
    parser.add_argument('--sim-time', action='store_true', help='the node has use_sim_time')
    parser.add_argument('--seconds', type=float, default=3.0, help='how long to listen to topics')
    parser.add_argument('--domains', type=int, nargs='*', default=[0], metavar='ID',
                        help='other domains in which to look for the camera (default: 0)')
    parser.add_argument('--no-graph', action='store_true', help='leave the running system alone')
    parser.add_argument('--quiet', action='store_true', help='print only what is to be mended')
    add_json(parser)


def _given(args: argparse.Namespace) -> dict[str, Value]:
    """Return the parameters that the command line names."""
    values: dict[str, Any] = dict(load_parameters(args.params)) if args.params else {}
    for flag, name in FLAGS.items():
        value = getattr(args, flag)
        if value is not None:
            values[name] = str(value)
    return validate({**values, **overrides_of(args.set)})


def _run(args: argparse.Namespace) -> dict[str, Any]:
    given = _given(args)
    set_up = SetUp(
        image_topic=args.image_topic, odom_topic=args.odom_topic,
        camera_info_topic=args.camera_info_topic, use_sim_time=args.sim_time,
        listen_s=args.seconds, other_domains=tuple(args.domains),
    )
    # a map that somebody names is meant to be there, unless mapping is asked for as well
    must_exist = args.map is not None and args.mode is None and not args.params
    findings = check_installation() + check_middleware(os.environ)
    broken = any(f.level is Level.ERROR and f.subject in ('ROS 2', 'middleware') for f in findings)
    if args.no_graph or broken:
        findings += _files(set_up.with_values(given), node_is_running=False,
                           must_exist=must_exist)[0]
    else:
        from vpr_ros.ros.doctor import check_topics  # noqa: PLC0415 - needs rclpy
        from vpr_ros.ros.doctor_graph import Graph  # noqa: PLC0415
        from vpr_ros.ros.doctor_node import find_node  # noqa: PLC0415

        with Graph() as graph:
            about_node, node = find_node(graph, args.node)
            set_up = node.set_up(set_up).with_values(given)
            about_files, milliseconds, frame_id = _files(
                set_up, node_is_running=bool(node.name), must_exist=must_exist)
            findings += about_files + about_node
            findings += check_topics(
                graph, set_up, node, describe_ms=milliseconds, map_frame=frame_id)
    return _report(args, findings)


def _files(
    set_up: SetUp, *, node_is_running: bool, must_exist: bool
) -> tuple[list[Finding], float, str]:
    """Look at model, map and parameters; also the model's milliseconds and the map's frame."""
    values = set_up.values
    threads = int(values['threads'])  # type: ignore[arg-type]
    findings, model, milliseconds = check_model(
        str(values['model']), str(values['provider']), threads)
    findings += check_parameters(set_up, model)
    frame_id = ''
    if values['map_path']:
        about_map, frame_id = check_map(
            Path(str(values['map_path'])), model, mapping=set_up.mapping,
            node_is_running=node_is_running, must_exist=must_exist,
        )
        findings += about_map
    return findings, milliseconds, frame_id


def _report(args: argparse.Namespace, findings: list[Finding]) -> dict[str, Any]:
    for finding in findings:
        if finding.level is not Level.OK or not args.quiet:
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
