# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models: a file and its card; image in, descriptors out."""

from vpr_ros.model.card import find_card, list_cards, load_card, ModelCard, PatchSpec
from vpr_ros.model.loading import load_model
from vpr_ros.model.session import Model

__all__ = [
    'Model',
    'ModelCard',
    'PatchSpec',
    'find_card',
    'list_cards',
    'load_card',
    'load_model',
]
