# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a report needs of a drive beside the recognitions: small pictures and the route."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vpr_ros.place_map import PlaceMap
from vpr_ros.thumbnails import thumbnail
from vpr_ros.types import Frame

PICTURE_WIDTH_PX = 240
MOST_PICTURES = 20_000  # about 160 MB


@dataclass
class Journal:
    """Pictures and positions of frames, by stamp.

    Attributes:
        stamps_ns: of all frames, in order.
        pictures: stamp -> JPEG of the frames asked for.
        positions_m: stamp -> (x, y) by odometry, for frames that have it.
        most_pictures: so many pictures are kept; 0 where nobody will look at them.
    """

    stamps_ns: list[int] = field(default_factory=list)
    pictures: dict[int, bytes] = field(default_factory=dict)
    positions_m: dict[int, tuple[float, float]] = field(default_factory=dict)
    most_pictures: int = MOST_PICTURES

    def see(self, frame: Frame, *, picture: bool) -> None:
        """Note one frame; keep a small picture of it where ``picture``."""
        self.stamps_ns.append(frame.stamp_ns)
        if frame.pose is not None:
            x, y, _ = frame.pose.position_m
            self.positions_m[frame.stamp_ns] = (x, y)
        if picture and len(self.pictures) < self.most_pictures:
            self.pictures[frame.stamp_ns] = thumbnail(frame.image, PICTURE_WIDTH_PX)

    def see_frames(self, frames: Iterable[Frame], wanted_ns: Iterable[int]) -> None:
        """Note the frames of a drive that ran elsewhere, with pictures of some stamps."""
        wanted = set(wanted_ns)
        for frame in frames:
            self.see(frame, picture=frame.stamp_ns in wanted)

    def see_map(self, place_map: PlaceMap, place_ids: Iterable[int]) -> None:
        """Take the pictures and positions of places that were in the map before the drive."""
        for place in place_map.places(place_ids):
            self.pictures.setdefault(place.stamp_ns, place_map.thumbnail(place.place_id))
            if place.pose is not None:
                x, y, _ = place.pose.position_m
                self.positions_m.setdefault(place.stamp_ns, (x, y))
