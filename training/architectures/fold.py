# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch normalisations folded into the convolutions before them, as every export does anyway.

Done here, the weights that a file stores are known before they are rounded, so that torch and the
exported graph can be compared to the last digits.
"""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

M = TypeVar('M', bound=nn.Module)


def fold_normalisation(network: M) -> M:
    """Return a copy in evaluation mode with batch normalisations made part of convolutions.

    A normalisation belongs to the convolution that is registered directly before it, as in all
    architectures here.
    """
    folded = copy.deepcopy(network).eval()
    for parent in list(folded.modules()):
        before: tuple[str, nn.Conv2d] | None = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and before is not None:
                setattr(parent, before[0], fuse_conv_bn_eval(before[1], child))
                setattr(parent, name, nn.Identity())
            before = (name, child) if isinstance(child, nn.Conv2d) else None
    return folded
