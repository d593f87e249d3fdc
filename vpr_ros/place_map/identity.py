# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which model built a map, and whether that is the one in use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vpr_ros.errors import MapError
from vpr_ros.place_map.limits import check_name, MAX_CARD_BYTES, MAX_DIM


@dataclass(frozen=True)
class ModelIdentity:
    """The model that makes the descriptors of a map.

    Attributes:
        name: the name users select it by.
        sha256: of its ``.onnx`` file, lower-case hexadecimal.
        dim: length D of the global descriptor.
        card_json: its card as JSON, kept in the map so that the map explains itself.
    """

    name: str
    sha256: str
    dim: int
    card_json: str = '{}'

    def __str__(self) -> str:
        return f'{self.name} (sha256 {self.sha256[:12]}, {self.dim} dimensions)'

    def same_as(self, other: ModelIdentity) -> bool:
        """Return True when descriptors of both can be compared."""
        return (self.sha256, self.dim) == (other.sha256, other.dim)


def check_model(model: ModelIdentity) -> None:
    """Check that a map can be made for a model.

    Raises:
        MapError: too many dimensions, or names or card too long.
    """
    check_name(model.name, 'the name of the model')
    check_name(model.sha256, 'the sha256 of the model')
    if not 0 < model.dim <= MAX_DIM:
        raise MapError(
            f'model {model.name} has {model.dim} dimensions, a map takes 1 to {MAX_DIM}'
        )
    try:
        size = len(model.card_json.encode('utf-8'))
    except UnicodeEncodeError as error:
        raise MapError(f'the card of model {model.name} is no valid Unicode text') from error
    if size > MAX_CARD_BYTES:
        raise MapError(
            f'the card of model {model.name} has {size} bytes, a map takes {MAX_CARD_BYTES}'
        )


def check_built_by(path: Path | str, found: ModelIdentity, wanted: ModelIdentity | None) -> None:
    """Check that a map was built with the model in use.

    Raises:
        MapError: it was not; the message names both.
    """
    if wanted is not None and not wanted.same_as(found):
        raise MapError(
            f'map {path} was built with model {found}, not with {wanted}; '
            f'choose that model or build the map again'
        )
