# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters are the table, and change at run time within it."""

from __future__ import annotations

from helpers import place_image
import pytest
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.parameter import Parameter as RosParameter
from ros.client import Client

from vpr_msgs.msg import Recognition
from vpr_ros.parameters import PARAMETERS
from vpr_ros.ros.parameters import descriptor


def set_parameter(client: Client, name: str, value) -> tuple[bool, str]:
    message = RosParameter(name, value=value).to_parameter_msg()
    result = client.call(SetParameters, '~/set_parameters', parameters=[message]).results[0]
    return result.successful, result.reason


def test_descriptors_are_the_table(client: Client) -> None:
    names = [parameter.name for parameter in PARAMETERS]
    described = client.call(DescribeParameters, '~/describe_parameters', names=names).descriptors
    assert list(described) == [descriptor(parameter) for parameter in PARAMETERS]
    listed = client.call(ListParameters, '~/list_parameters').result.names
    ours = [n for n in listed if n not in ('use_sim_time', 'start_type_description_service')
            and not n.startswith('diagnostic_updater.')]
    assert sorted(ours) == sorted(names)


@pytest.mark.parametrize('parameter', PARAMETERS, ids=lambda p: p.name)
def test_a_descriptor_says_what_the_table_says(parameter) -> None:
    ros = descriptor(parameter)
    assert ros.description == parameter.description and ros.description.endswith('.')
    assert ros.read_only == parameter.read_only
    ranges = [*ros.floating_point_range, *ros.integer_range]
    assert bool(ranges) == (parameter.minimum is not None)
    if ranges:
        assert (ranges[0].from_value, ranges[0].to_value) == (parameter.minimum, parameter.maximum)
    assert all(choice in ros.additional_constraints for choice in parameter.choices)


def test_a_change_takes_effect_with_the_next_image(client: Client) -> None:
    client.ask(place_image(400))
    client.advance(30.0)
    assert set_parameter(client, 'min_probability', 1.0) == (True, '')
    try:
        refused = client.ask(place_image(400))
        assert refused.reason != Recognition.ACCEPTED and refused.probability < 1.0
    finally:
        assert set_parameter(client, 'min_probability', 0.0) == (True, '')
    assert client.ask(place_image(400)).reason == Recognition.ACCEPTED


@pytest.mark.parametrize(('name', 'value', 'sentence'), [
    ('min_probability', 1.5, 'min_probability'),
    ('min_probability', float('nan'), 'min_probability'),
    ('candidates', 0, 'candidates'),
    ('candidates', 2.5, 'type'),
    ('rerank', 'magic', "rerank: 'magic' found, expected one of none"),
    ('mode', 'localization', 'read-only'),
])
def test_a_bad_change_is_refused_and_changes_nothing(client: Client, name, value,
                                                     sentence) -> None:
    before = client.call(GetParameters, '~/get_parameters', names=[name]).values
    successful, reason = set_parameter(client, name, value)
    assert not successful and sentence.lower() in reason.lower(), reason
    assert client.call(GetParameters, '~/get_parameters', names=[name]).values == before
