# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open any model by name or path: its card says whether it is a network or hand-made."""

from __future__ import annotations

from vpr_ros.model.card import find_card, NETWORK
from vpr_ros.model.session import Model


def load_model(name: str, *, provider: str = 'auto', threads: int = 0) -> Model:
    """Load a bundled model by name, or any by the path of its file or card.

    Args:
        name: of a bundled model, or the path of an ``.onnx``, ``.npz`` or card.
        provider, threads: of networks, see :class:`Model`; comparison models run on the CPU.

    Raises:
        ModelError: it is missing, damaged, or does not do what its card says.
    """
    card = find_card(name)
    if card.kind == NETWORK:
        return Model(card, provider=provider, threads=threads)
    from vpr_ros.baselines.model import open_comparison  # noqa: PLC0415 - it builds on Model

    return open_comparison(card)
