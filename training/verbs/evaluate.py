# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``evaluate``: recalls of a checkpoint or an export on data sets."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training import checkpoint
from training.datasets import open_set
from training.evaluate import Describe, evaluate, format_recalls, onnx_describer, torch_describer
from training.train import INPUT_HEIGHT, INPUT_WIDTH
from training.verbs.verb import add_size, Verb
from vpr_ros.model.card import load_card


def describer(model: Path, height: int, width: int) -> tuple[Describe, int, int]:
    """Make a function of a checkpoint (``.pt``) or an export (``.onnx`` with its card)."""
    if model.suffix == '.onnx':
        found = load_card(model)
        return onnx_describer(model), found.height, found.width
    return torch_describer(checkpoint.load_network(model)), height, width


def evaluate_verb(arguments: argparse.Namespace) -> None:
    """Print recall@1/5/10, raw and centred on the map's mean, for every data set."""
    describe, height, width = describer(arguments.model, arguments.height, arguments.width)
    found: dict[str, Any] = {}
    for text in arguments.dataset:
        dataset = open_set(text)
        found[dataset.name] = evaluate(describe, dataset, height, width)
        print(format_recalls(dataset.name, found[dataset.name]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + '\n', encoding='utf-8')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('dataset', nargs='+', help=open_set.__doc__)
    parser.add_argument('--model', type=Path, required=True)
    add_size(parser, INPUT_HEIGHT, INPUT_WIDTH)
    parser.add_argument('--json', type=Path)


VERB = Verb('evaluate', evaluate_verb, add_arguments,
            '--model models/default.onnx ../shared/data/corridor')
