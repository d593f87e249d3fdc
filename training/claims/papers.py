# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the papers claim, with their figures, as comparisons of two variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NETVLAD = 'NetVLAD (Arandjelovic et al. 2016)'
SARE = 'SARE (Liu et al. 2019)'
BENCHMARK = 'deep visual geo-localization benchmark (Berton et al. 2022)'


@dataclass(frozen=True)
class Claim:
    """One claim: of two variants, which finds more.

    Attributes:
        text: in words.
        where: paper, table, network and data set.
        one: key of the first variant.
        other: key of the second.
        figures: their recall@1 in the paper, in percent.
        kind: ``more``: one finds more than the other; ``alike``: neither does.
    """

    text: str
    where: str
    one: str
    other: str
    figures: tuple[float, float]
    kind: Literal['more', 'alike'] = 'more'


_TABLE_1 = f'{NETVLAD}, table 1: AlexNet, Pitts30k-val'
_TOKYO = f'{SARE}, tables 2 and 5: VGG-16, Tokyo 24/7'
_MINING = f'{BENCHMARK}, table 6: ResNet-18 and NetVLAD, Pitts30k'
_TIME = f'{NETVLAD}, section 5.2: AlexNet and max, Pitts30k-val'

CLAIMS = (
    Claim('Training for places helps NetVLAD', _TABLE_1, 'triplet', 'netvlad_shelf',
          (84.2, 54.5)),
    Claim('Training for places helps max pooling', _TABLE_1, 'max_triplet', 'max_shelf',
          (68.5, 33.5)),
    Claim('NetVLAD is better than max, off the shelf', _TABLE_1, 'netvlad_shelf', 'max_shelf',
          (54.5, 33.5)),
    Claim('NetVLAD is better than max, both trained', _TABLE_1, 'triplet', 'max_triplet',
          (84.2, 68.5)),
    Claim('SARE-Ind is better than triplet', _TOKYO, 'sare_ind', 'triplet', (79.68, 73.33)),
    Claim('SARE-Joint is better than triplet', _TOKYO, 'sare_joint', 'triplet', (80.63, 73.33)),
    Claim('SARE-Ind is better than contrastive', _TOKYO, 'sare_ind', 'contrastive',
          (79.68, 75.87)),
    Claim('SARE-Joint is better than contrastive', _TOKYO, 'sare_joint', 'contrastive',
          (80.63, 75.87)),
    Claim('SARE-Ind and SARE-Joint are alike', _TOKYO, 'sare_ind', 'sare_joint', (79.68, 80.63),
          'alike'),
    Claim('Triplet and contrastive are alike', _TOKYO, 'triplet', 'contrastive', (73.33, 75.87),
          'alike'),
    Claim('Full mining is better than random negatives', _MINING, 'triplet', 'random',
          (86.4, 83.9)),
    Claim('Partial mining is better than random negatives', _MINING, 'partial', 'random',
          (86.2, 83.9)),
    Claim('Partial mining is as good as full mining', _MINING, 'partial', 'triplet', (86.2, 86.4),
          'alike'),
    Claim('Training pairs from different times are better than pairs of one time', _TIME,
          'other_time', 'same_time', (68.5, 38.7)),
    Claim('Pairs of one time still help a little', _TIME, 'same_time', 'netvlad_shelf',
          (38.7, 33.5)),
)
