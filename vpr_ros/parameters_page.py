# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter page of the documentation, written from the table.

``python -m vpr_ros.parameters_page > docs/parameters.md`` renews it; a test compares the two.
"""

from __future__ import annotations

import json

from vpr_ros.parameters import Parameter, PARAMETERS

HEAD = """# Parameters

This page lets you find the parameter that changes what you see, with its range and whether it may
change while the node runs. It is written by `python -m vpr_ros.parameters_page` from the table in
`vpr_ros/parameters.py`, which also makes the ROS parameter descriptors.

Set them in a YAML file (`params_file:=`), with `ros2 param set`, or for the command line with
`--params FILE` and `--set NAME=VALUE`. The presets `fast`, `balanced` and `accurate` lie in
`config/`.
"""
GROUPS = {
    'pipeline': 'The pipeline: the same offline and on the robot',
    'node': 'The node alone',
}


def markdown() -> str:
    """Write the whole page."""
    parts = [HEAD]
    for group, title in GROUPS.items():
        parts += [f'\n## {title}\n', '| parameter | default | range | live | what it does |',
                  '|---|---|---|---|---|']
        parts += [_row(p) for p in PARAMETERS if p.group == group]
    return '\n'.join(parts) + '\n'


def _row(parameter: Parameter) -> str:
    if parameter.choices:
        allowed = ', '.join(f'`{choice}`' for choice in parameter.choices)
    elif parameter.minimum is not None and parameter.maximum is not None:
        allowed = f'{parameter.minimum:g} to {parameter.maximum:g}'
    else:
        allowed = ''
    live = 'no' if parameter.read_only else 'yes'
    default = json.dumps(parameter.default)
    return f'| `{parameter.name}` | `{default}` | {allowed} | {live} | {parameter.description} |'


if __name__ == '__main__':
    print(markdown(), end='')
