# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map says: neighbours, sessions, facts about itself."""

from __future__ import annotations

from dataclasses import dataclass

from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.types import Place


@dataclass(frozen=True)
class Neighbour:
    """A place with its similarity to a query.

    Attributes:
        place: the place of the map.
        similarity: cosine of the map-normalised descriptors, in [-1, 1].
    """

    place: Place
    similarity: float


@dataclass(frozen=True)
class Session:
    """One drive.

    Attributes:
        session_id: unique in the map, ascending from 1.
        name: as given, or ''.
        started_ns: stamp of its first place; None while it has none.
        ended_ns: stamp of its last place; None while it has none.
        places: how many places it holds.
        robot: the robot that drove, or ''.
        closed: it was ended; False while places are added to it, and after a sudden end.
    """

    session_id: int
    name: str
    started_ns: int | None = None
    ended_ns: int | None = None
    places: int = 0
    robot: str = ''
    closed: bool = False


@dataclass(frozen=True)
class MapBytes:
    """How large a map is.

    Attributes:
        file: the file with its write-ahead log; 0 in memory.
        descriptors, thumbnails, patches: payload of each kind.
    """

    file: int
    descriptors: int
    thumbnails: int
    patches: int


@dataclass(frozen=True)
class MapInfo:
    """Facts about a map.

    Attributes:
        path: its file, or ``:memory:``.
        uuid: made when the map was created; copies share it.
        revision: counts the transactions that changed the map.
        format_version: of the file.
        model: the model that built it.
        places, sessions: how many.
        has_patches: True when at least one place holds patch descriptors.
        bytes: sizes.
        statistics_count: number of places in the normalisation's mean.
        statistics_revision: counts the refreshes of the normalisation.
        prior_count: the n0 of the normalisation.
        context_window: over how many keyframes descriptors were centred before; 0 for none.
        index: the kind of search index in use.
        read_only: opened for reading.
        bounding_box_m: ((x, y, z), (x, y, z)), lowest and highest coordinates over all poses;
            None without poses.
        travelled_m: distance travelled, summed over the sessions.
        forgotten: number of places that were removed to keep the map within its budget.
    """

    path: str
    uuid: str
    revision: int
    format_version: int
    model: ModelIdentity
    places: int
    sessions: int
    has_patches: bool
    bytes: MapBytes  # noqa: A003
    statistics_count: int
    statistics_revision: int
    prior_count: int
    context_window: int
    index: str
    read_only: bool
    bounding_box_m: tuple[tuple[float, float, float], tuple[float, float, float]] | None
    travelled_m: float
    forgotten: int = 0

    @property
    def dim(self) -> int:
        """Length D of the descriptors."""
        return self.model.dim
