# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node is, or would be, started with, and whether its parameters go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vpr_ros.doctor.finding import Finding, ok, warning
from vpr_ros.model import Model
from vpr_ros.parameters import BY_NAME, PARAMETERS, Value


def _defaults() -> dict[str, Value]:
    return {parameter.name: parameter.default for parameter in PARAMETERS}


@dataclass(frozen=True)
class SetUp:
    """Parameters and topics of one node.

    Attributes:
        values: all parameters of the table.
        image_topic, odom_topic, camera_info_topic: '' takes those of the running node, or else
            the node's own names.
        use_sim_time: the node takes its time from /clock.
        listen_s: seconds to listen to topics.
        other_domains: where else to look for a camera that this domain lacks.
    """

    values: Mapping[str, Value] = field(default_factory=_defaults)
    image_topic: str = ''
    odom_topic: str = ''
    camera_info_topic: str = ''
    use_sim_time: bool = False
    listen_s: float = 3.0
    other_domains: tuple[int, ...] = ()

    def with_values(self, values: Mapping[str, Any]) -> SetUp:
        """Return the same with other parameters; unknown names are left out."""
        known = {name: value for name, value in values.items() if name in BY_NAME}
        return replace(self, values={**self.values, **known})

    @property
    def mapping(self) -> bool:
        """Whether the node writes its map."""
        return self.values['mode'] == 'mapping'


def check_parameters(set_up: SetUp, model: Model | None) -> list[Finding]:
    """Look for values that are each allowed but do not go together."""
    values, findings = set_up.values, []
    if not set_up.mapping and not values['map_path']:
        findings.append(warning(
            'parameters', 'mode is localization and map_path is empty: nothing is recognised '
            'until the service load_map is called', 'set map_path (launch: map:=FILE)'))
    if model is not None and values['rerank'] != 'none' and not model.card.patches:
        findings.append(warning(
            'parameters', f'rerank is {values["rerank"]}, but the model {model.card.name} gives '
            f'no patches: matches stay in the order of the search',
            'set rerank: none, or take a model with patches'))
    if values['lockstep'] and float(values['max_rate_hz']) > 0:  # type: ignore[arg-type]
        findings.append(warning(
            'parameters', 'lockstep is on and max_rate_hz is above 0: images pile up',
            'lockstep is for replays; set it to false on a robot'))
    if set_up.mapping and not values['map_path']:
        findings.append(ok(
            'parameters', 'map_path is empty: the map lives in memory until save_map is called'))
    return findings or [ok('parameters', 'they go together')]
