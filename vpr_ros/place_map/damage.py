# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What reading changed bytes looks like, and the sentence for it."""

from __future__ import annotations

import struct
from typing import Any

from vpr_ros.errors import MapError

DAMAGE = (ValueError, TypeError, KeyError, AttributeError, struct.error, OverflowError,
          RecursionError)


class Intact:
    """Context in which any sign of changed bytes becomes a MapError; cheap, used per row."""

    __slots__ = ('_label', '_what')

    def __init__(self, label: str, what: str) -> None:
        self._label = label
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: Any, _: Any) -> None:
        if kind is not None and issubclass(kind, DAMAGE):
            raise MapError(
                f'map {self._label} is damaged: {self._what} was changed since it was written '
                f'({error}); restore the map from a copy, or save what is left with '
                f'`vpr map repair`'
            ) from error
