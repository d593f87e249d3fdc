# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``average``: one network of several checkpoints."""

from __future__ import annotations

import argparse
from pathlib import Path

from training import checkpoint
from training.verbs.verb import Verb
from vpr_ros.errors import ConfigError


def average(arguments: argparse.Namespace) -> None:
    """Average the weights of checkpoints of one run: its stages forget less together."""
    shares = [float(text.rpartition(':')[2]) for text in arguments.models]
    if abs(sum(shares) - 1) > 1e-6:
        raise ConfigError(f'the shares add up to {sum(shares):g}, expected 1')
    paths = [Path(text.rpartition(':')[0]) for text in arguments.models]
    networks = [checkpoint.load_network(path) for path in paths]
    if any(network.architecture != networks[0].architecture for network in networks):
        raise ConfigError('the checkpoints have different architectures; expected stages of one '
                          'run')
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True))
        for name in states[0]
    })
    last = checkpoint.load(paths[-1])
    kept = {key: last[key] for key in ('step', 'seconds') if key in last}
    checkpoint.save(arguments.out, checkpoint.network_state(networks[0]) | kept)
    print(f'wrote {arguments.out}')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('models', nargs='+', metavar='CHECKPOINT:SHARE')
    parser.add_argument('--out', type=Path, required=True)


VERB = Verb('average', average, add_arguments,
            'runs/a/last.pt:0.5 runs/b/last.pt:0.5 --out runs/mean.pt')
