# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads setup scripts without running them, for the tests of the packaging."""

from __future__ import annotations

import ast
from typing import Any

from helpers import ROOT


def constant(script: str, name: str) -> Any:
    """Read the value of a literal at the top level of a script of the repository."""
    tree = ast.parse((ROOT / script).read_text(encoding='utf-8'))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f'{script} has no {name}')
