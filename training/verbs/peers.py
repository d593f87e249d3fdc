# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``peers``: whether the form that ``vpr bench`` compares with is a fair one."""

from __future__ import annotations

import argparse

import torch

from training.peer_forms import forms, processor_ms
from training.verbs.verb import Verb


def compare(arguments: argparse.Namespace) -> None:
    """Time the published steps in torch beside the NumPy form of `vpr bench`."""
    torch.set_num_threads(1)
    for name, (in_torch, in_numpy) in forms().items():
        torch_ms, numpy_ms = (processor_ms(run, arguments.repeats)
                              for run in (in_torch, in_numpy))
        print(f'{name}: torch {torch_ms:.0f} ms of processor time, vpr bench {numpy_ms:.0f} ms, '
              f'{torch_ms / numpy_ms:.2f} times', flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--repeats', type=int, default=3, help='the least of so many counts')


VERB = Verb('peers', compare, add_arguments, '--repeats 5')
