# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RTAB-Map: a link between two of its nodes, and a global descriptor with each of its images."""

from __future__ import annotations

from collections import OrderedDict
import struct
from typing import Any
import zlib

import numpy as np

from vpr_ros.slam.closure import Closure, NotPassedOn, stamp_ns
from vpr_ros.slam.messages import header, information, Make, numbers, octets, transform
from vpr_ros.slam.stamps import StampIndex
from vpr_ros.slam.system import DESCRIPTOR, Outgoing, Port, System

ADD_LINK = Port('rtabmap/add_link', 'rtabmap_msgs/srv/AddLink')
INFO = Port('rtabmap/info', 'rtabmap_msgs/msg/Info')
LINK = 'rtabmap_msgs/msg/Link'
USER_CLOSURE = 4  # 1, a global closure, is what its own bag of words finds
DESCRIPTORS = Port(DESCRIPTOR, 'vpr_msgs/msg/PlaceDescriptor')
IMAGES = Port('rgbd_image', 'rtabmap_msgs/msg/RGBDImage')
DESCRIBED = Port('rgbd_image_described', 'rtabmap_msgs/msg/RGBDImage')
GLOBAL_DESCRIPTOR = 'rtabmap_msgs/msg/GlobalDescriptor'
LEARNED = 1  # the type that RTAB-Map compares
MOST_COLUMNS = 9999  # of a compressed matrix that it reads
MOST_KEPT = 30


class RtabMap(System):
    """Link from the query's node to the match's: ``transform`` is query_T_match of the base.

    ``rtabmap/info`` tells the id of the newest node (``ref_id``) and its stamp.
    """

    outputs, inputs, types, needs_pose = (ADD_LINK,), (INFO,), (LINK,), True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._nodes = StampIndex()

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Return the call, once both nodes are known."""
        relative = closure.metric()
        found = self.ids(closure, self._nodes, self._nodes)
        if found is None:
            return []
        if found[0] == found[1]:
            raise NotPassedOn(f'both ends of a loop closure are node {found[0]} of RTAB-Map')
        link = self.make(
            LINK, from_id=found[0], to_id=found[1], type=USER_CLOSURE,
            transform=transform(self.make, relative),
            information=numbers(information(closure.covariance)))
        return [Outgoing(ADD_LINK, self.make('rtabmap_msgs/srv/AddLink_Request', link=link))]

    def heard(self, port: Port, message: Any) -> list[Outgoing]:
        """Learn a node."""
        if message.ref_id > 0:
            self._nodes.add(stamp_ns(message.header.stamp), int(message.ref_id))
        return self.retry(self._nodes.newest_ns)


class RtabMapDescriptor(System):
    """Puts the descriptor of place_recognition into each RGB-D image on its way to RTAB-Map."""

    outputs, inputs, types = (DESCRIBED,), (IMAGES, DESCRIPTORS), (GLOBAL_DESCRIPTOR,)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._images: OrderedDict[int, Any] = OrderedDict()
        self._descriptors: OrderedDict[int, Any] = OrderedDict()

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Nothing: RTAB-Map finds its own loop closures from the descriptors."""
        return []

    def heard(self, port: Port, message: Any) -> list[Outgoing]:
        """Join images and descriptors of the same stamp."""
        kept = self._images if port == IMAGES else self._descriptors
        stamp = stamp_ns(message.header.stamp)
        kept[stamp] = message
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
        if stamp not in self._images or stamp not in self._descriptors:
            return []
        image, found = self._images.pop(stamp), self._descriptors.pop(stamp)
        try:
            image.global_descriptor = global_descriptor(
                self.make, stamp, found.header.frame_id, np.asarray(found.descriptor))
        except NotPassedOn as error:
            self.problems.append(str(error))
            return []
        return [Outgoing(DESCRIBED, image)]


def global_descriptor(make: Make, stamp: int, frame_id: str, descriptor: Any) -> Any:
    """Make a rtabmap_msgs/GlobalDescriptor.

    ``data`` is a compressed matrix of one row: zlib, then rows, columns and OpenCV's type as
    int32. RTAB-Map ends itself when the descriptor is not of length 1, so it is normalised.

    Raises:
        NotPassedOn: it is too long, or no descriptor.
    """
    row = np.asarray(descriptor, np.float32)
    length = float(np.linalg.norm(row))
    if not 0 < len(row) <= MOST_COLUMNS or not length > 0.5:
        raise NotPassedOn(f'a descriptor has {len(row)} values and length {length:.2f}; RTAB-Map '
                          f'reads 1 to {MOST_COLUMNS} values of length 1: take a smaller model')
    row = (row / length).astype('<f4')
    data = zlib.compress(row.tobytes()) + struct.pack('<iii', 1, len(row), 5)  # 5: CV_32FC1
    return make(GLOBAL_DESCRIPTOR, header=header(make, stamp, frame_id), type=LEARNED,
                info=octets(b''), data=octets(data))
