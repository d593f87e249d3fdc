# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a user can cause: one sentence with what was found, what was expected, the fix.

The command line and the nodes catch :class:`VprError` in one place each, print the sentence and
go on or exit with 1. Anything else is a defect of this package and keeps its traceback.
"""


class VprError(Exception):
    """Base of every error that a user can cause and mend."""


class ConfigError(VprError):
    """A parameter or configuration file is wrong (unknown key, value out of range)."""


class ModelError(VprError):
    """A model or its card is missing, damaged, or does not do what the card says."""


class MapError(VprError):
    """A map cannot be opened, read or written, or belongs to another model."""


class ImageError(VprError):
    """An image cannot be decoded or converted to RGB."""


class DataError(VprError):
    """A data set, bag or result file is missing, damaged or inconsistent."""


class RosError(VprError):
    """Something of ROS that a command needs is missing or does not answer."""
