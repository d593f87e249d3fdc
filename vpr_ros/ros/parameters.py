# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table as ROS parameters: descriptors, ranges, read-only flags, changes.

Nothing is declared here twice: :data:`vpr_ros.parameters.PARAMETERS` is the only list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterType,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from vpr_ros.errors import ConfigError
from vpr_ros.parameters import BY_NAME, Parameter, PARAMETERS, validate, Value
from vpr_ros.settings import Settings

_TYPES = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
    tuple: ParameterType.PARAMETER_STRING_ARRAY,
}
_OF_ROS = ('use_sim_time', 'start_type_description_service')  # rclpy declares these by itself


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Return what ``ros2 param describe`` shows of one parameter."""
    result = ParameterDescriptor(
        name=parameter.name,
        type=_TYPES[type(parameter.default)],
        description=parameter.description,
        read_only=parameter.read_only,
    )
    if parameter.choices:
        result.additional_constraints = 'one of: ' + ', '.join(parameter.choices)
    if parameter.minimum is not None and parameter.maximum is not None:
        if isinstance(parameter.default, float):
            result.floating_point_range = [FloatingPointRange(
                from_value=float(parameter.minimum), to_value=float(parameter.maximum)
            )]
        else:
            result.integer_range = [IntegerRange(
                from_value=int(parameter.minimum), to_value=int(parameter.maximum), step=1
            )]
    return result


def declare(node: Node) -> None:
    """Declare every parameter of the table on a node.

    Raises:
        ConfigError: a value given at start is unknown, of the wrong type or out of range.
    """
    given = getattr(node, '_parameter_overrides', {})  # rclpy ignores unknown names silently
    validate({
        name: None for name in given
        if name not in BY_NAME and name not in _OF_ROS and '.' not in name
    })
    for parameter in PARAMETERS:
        default = _to_ros(parameter.default)
        # [] in a parameter file has no type; it means the default here, which is empty as well
        untyped = parameter.name in given and given[parameter.name].value in (None, [])
        try:
            node.declare_parameter(
                parameter.name, default, descriptor(parameter), ignore_override=untyped
            )
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            parameter.validate(_from_ros(given[parameter.name].value, parameter))
            # What remains is a whole number for a real one, which ROS does not convert.
            raise ConfigError(
                f'{parameter.name}: {given[parameter.name].value!r} found, expected '
                f'{type(parameter.default).__name__} such as {parameter.default!r}'
            ) from error
    validate(read(node))


def read(node: Node) -> dict[str, Value]:
    """Values of all parameters of the table, in its types."""
    return {p.name: _from_ros(node.get_parameter(p.name).value, p) for p in PARAMETERS}


def settings_of(values: dict[str, Value]) -> Settings:
    """Return the pipeline's part of the values."""
    return Settings(**{k: v for k, v in values.items() if BY_NAME[k].group == 'pipeline'})


def on_change(node: Node, apply: Callable[[dict[str, Value]], None]) -> None:
    """Check changes at run time against the table, and call ``apply`` with all values after one.

    Where rclpy has no callback for after the change (Humble), it is called just before.
    """
    after = getattr(node, 'add_post_set_parameters_callback', None)

    def check(changes: Iterable[Any]) -> SetParametersResult:
        try:
            changed = {
                p.name: BY_NAME[p.name].validate(_from_ros(p.value, BY_NAME[p.name]))
                for p in changes if p.name in BY_NAME
            }
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if after is None and changed:
            apply({**read(node), **changed})
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
    if after is not None:

        def changed_all(changes: Iterable[Any]) -> None:
            if any(p.name in BY_NAME for p in changes):
                apply(read(node))

        after(changed_all)


def _to_ros(value: Value) -> Any:
    """Return a value as ROS takes it: a list of one empty string stands for an empty list."""
    return (list(value) or ['']) if isinstance(value, tuple) else value


def _from_ros(value: Any, parameter: Parameter) -> Any:
    if isinstance(parameter.default, tuple) and isinstance(value, list | tuple):
        return tuple(item for item in value if item != '')
    return value
