# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same losses as the released codes compute them, each under its project's name.

They differ by constant factors, by margins, and by what they call a distance. Of a tuple with N
negatives and B tuples in a batch:

==================  ==============================  =========================  ================
convention          SARE-Ind                        SARE-Joint                 triplet
==================  ==============================  =========================  ================
``paper``           sum over N, mean over B         mean over B                d^2, m 0.1, sum
``deepibl``         sum over N, mean over B         mean over B, q.x / 0.5     d^2, m 0.1, sum
``benchmark``       mean over B N                   mean over B, over N        d, m 0.1, mean
``openibl``         mean over B N                   mean over B                d, m 0.1, mean
``openibl_sfrs``    mean over B N, q.x / 0.07       mean over B, q.x / 0.07    d, m 0.1, mean
``pytorch_netvlad`` (has none)                      (has none)                 d, m sqrt(0.1)
==================  ==============================  =========================  ================

``benchmark`` is deep-vg-benchmark, whose Joint steps are therefore N times smaller than the
paper's. deepIBL is the paper's own code: on unit vectors q.x / 0.5 is 2 - d^2, so its Joint loss
is the paper's, but its gradient has a part along the vectors too, which normalisation removes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from training.losses import sare_independent, sare_joint, triplet_ranking
from training.losses_metric.tuples import tuple_loss
from vpr_ros.errors import ConfigError

TupleLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Convention:
    """How one project scales its losses.

    Attributes:
        reduction: ``paper`` or ``mean``.
        joint_over_negatives: SARE-Joint is divided by N too.
        temperature: SARE-Ind on q.x / temperature instead of -d^2; 0 for squared distances.
        joint_temperature: the same for SARE-Joint.
        euclidean: the triplet loss on d instead of d^2.
        margin: of the triplet loss.
        sare: whether the project has SARE.
    """

    reduction: str = 'mean'
    joint_over_negatives: bool = False
    temperature: float = 0.0
    joint_temperature: float = 0.0
    euclidean: bool = True
    margin: float = 0.1
    sare: bool = True


PEERS = {
    'paper': Convention('paper', euclidean=False),
    'deepibl': Convention('paper', joint_temperature=0.5, euclidean=False),
    'benchmark': Convention(joint_over_negatives=True),
    'openibl': Convention(),
    'openibl_sfrs': Convention(temperature=0.07, joint_temperature=0.07),
    'pytorch_netvlad': Convention(margin=0.1**0.5, sare=False),
}


def peer_loss(peer: str, loss: str) -> TupleLoss:
    """Return a project's loss of query (B, D), positive (B, D) and negatives (B, N, D) -> scalar.

    Args:
        peer: a key of ``PEERS``.
        loss: ``sare_ind``, ``sare_joint`` or ``triplet``.

    Raises:
        ConfigError: there is no such convention or loss.
    """
    if peer not in PEERS:
        raise ConfigError(f'no convention named {peer!r}; known: {", ".join(PEERS)}')
    convention = PEERS[peer]
    known = ('triplet', 'sare_ind', 'sare_joint') if convention.sare else ('triplet',)
    if loss not in known:
        raise ConfigError(f'{peer} has no loss named {loss!r}; known: {", ".join(known)}')

    def triplet(query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        return tuple_loss(triplet_ranking, query, positive, negatives, margin=convention.margin,
                          euclidean=convention.euclidean, reduction=convention.reduction)

    def sare(query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        joint = loss == 'sare_joint'
        function = sare_joint if joint else sare_independent
        temperature = convention.joint_temperature if joint else convention.temperature
        if temperature:
            # a Gaussian SARE is a softmax of scores; minus a dot product stands for the distance
            to_positive = -(query * positive).sum(1) / temperature
            to_negatives = -(query[:, None] * negatives).sum(2) / temperature
            value = function(to_positive, to_negatives, reduction=convention.reduction)
        else:
            value = tuple_loss(function, query, positive, negatives,
                               reduction=convention.reduction)
        if joint and convention.joint_over_negatives:
            value = value / negatives.shape[1]
        return value

    return triplet if loss == 'triplet' else sare
