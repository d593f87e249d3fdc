# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search index of a map: derived from the store, never the truth.

An index proposes rows; the map then ranks them by their exact similarity. So every kind gives the
same similarities, and kinds differ only in whether a close neighbour is proposed at all.
"""

from vpr_ros.place_map.indexes.index import DescriptorIndex
from vpr_ros.place_map.indexes.kinds import check_kind, choose_kind, KINDS
from vpr_ros.place_map.indexes.live import LiveIndex

__all__ = ['KINDS', 'DescriptorIndex', 'LiveIndex', 'check_kind', 'choose_kind']
