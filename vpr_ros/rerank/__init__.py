# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Re-ranking by patches: mutual nearest neighbours, spatial score, homography (Patch-NetVLAD)."""

from vpr_ros.rerank.codes import decode_patches, encode_patches, PatchCodes
from vpr_ros.rerank.presets import PRESETS, RerankSettings
from vpr_ros.rerank.reranker import Candidate, Reranked, Reranker
from vpr_ros.rerank.stage import make_reranker, RerankStage, wanted_sizes

__all__ = [
    'PRESETS', 'Candidate', 'PatchCodes', 'RerankSettings', 'RerankStage', 'Reranked', 'Reranker',
    'decode_patches', 'encode_patches', 'make_reranker', 'wanted_sizes',
]
