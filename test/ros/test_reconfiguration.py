# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A running node takes every parameter that the table calls live, and refuses the others."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.parameter import Parameter as RosParameter
from ros.client import Client

from vpr_ros.parameters import Parameter, PARAMETERS


def another(parameter: Parameter) -> Any:
    """Choose an allowed value that is not the default."""
    if isinstance(parameter.default, bool):
        return not parameter.default
    if isinstance(parameter.default, tuple):
        return ['other']
    if isinstance(parameter.default, str):
        return next((c for c in parameter.choices if c != parameter.default), 'other')
    assert parameter.minimum is not None and parameter.maximum is not None
    low, high = parameter.minimum, parameter.maximum
    return type(parameter.default)(low if parameter.default != low else min(high, low + 1))


def test_what_is_live_is_taken_and_what_is_not_is_refused(client: Client) -> None:
    tried = [parameter for parameter in PARAMETERS if parameter.name != 'rerank']
    names = [parameter.name for parameter in tried]
    before = client.call(GetParameters, '~/get_parameters', names=names).values
    wanted = [RosParameter(p.name, value=another(p)).get_parameter_value() for p in tried]
    messages = [RosParameter(p.name, value=another(p)).to_parameter_msg() for p in tried]
    results = client.call(SetParameters, '~/set_parameters', parameters=messages).results
    taken = {name: result.successful for name, result in zip(names, results, strict=True)}
    values = client.call(GetParameters, '~/get_parameters', names=names).values
    for message, value in zip(messages, before, strict=True):
        message.value = value
    client.call(SetParameters, '~/set_parameters',
                parameters=[m for m, p in zip(messages, tried, strict=True) if not p.read_only])
    assert taken == {parameter.name: not parameter.read_only for parameter in tried}
    for parameter, old, other, new in zip(tried, before, wanted, values, strict=True):
        assert new == (old if parameter.read_only else other), parameter.name
    assert client.call(GetParameters, '~/get_parameters', names=names).values == before
