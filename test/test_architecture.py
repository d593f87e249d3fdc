# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that keep the code apart: who may import whom, and what a file looks like.

Imports are read from the syntax tree, so that one inside a function counts as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import os
from pathlib import Path
import subprocess
import sys

from helpers import ROOT
import pytest

PACKAGE = ROOT / 'vpr_ros'
# What runs without ROS, on any laptop, and without the extras.
BLOCKED = ('rclpy', 'vpr_msgs', 'launch', 'torch', 'torchvision', 'matplotlib', 'onnx', 'scipy')
STAGES = ('model', 'place_map', 'rerank', 'decision', 'world')
EDGES = ('cli', 'ros')
MOST_LINES = 300
SOURCE_FOLDERS = ('vpr_ros', 'vpr_msgs', 'training', 'launch', 'test')


def module_name(path: Path) -> str:
    """Dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imported(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """Everything that a source text imports, as absolute dotted names.

    ``from a.b import c`` counts as ``a.b`` and ``a.b.c``: c may be a module. What only a type
    checker reads (``if TYPE_CHECKING:``) needs nothing at run time and does not count.
    """
    tree = ast.parse(source)
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parents = module.split('.')
                kept = len(parents) - node.level + is_package
                base = '.'.join([*parents[:kept], *filter(None, [base])])
            found.add(base)
            found.update(f'{base}.{alias.name}' for alias in node.names)
    return found


def modules() -> dict[str, set[str]]:
    """Return module of vpr_ros -> what it imports."""
    return {
        module_name(path): imported(
            path.read_text(encoding='utf-8'),
            module_name(path),
            is_package=path.name == '__init__.py',
        )
        for path in sorted(PACKAGE.rglob('*.py'))
    }


def below(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(f'{package}.') for package in packages)


def sources() -> Iterator[Path]:
    """Every source file that people wrote, of this project's own."""
    folders = [ROOT / name for name in SOURCE_FOLDERS]
    candidates = [ROOT / 'setup.py', *(path for f in folders for path in sorted(f.rglob('*')))]
    for path in candidates:
        hidden = {'build', '__pycache__'} & set(path.relative_to(ROOT).parts)
        if not hidden and path.suffix in {'.py', '.msg', '.srv', '.action'}:
            yield path


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        # an import inside a function
        ('def f():\n    import rclpy.node\n', {'rclpy.node'}),
        # relative: the same package, and the one above it
        ('from .card import ModelCard', {'vpr_ros.model.card', 'vpr_ros.model.card.ModelCard'}),
        ('from ..types import Frame', {'vpr_ros.types', 'vpr_ros.types.Frame'}),
        ('from .. import types', {'vpr_ros', 'vpr_ros.types'}),
        # a module by way of its package
        ('from vpr_ros import ros', {'vpr_ros', 'vpr_ros.ros'}),
        # for the type checker alone
        ('if TYPE_CHECKING:\n    import torch\n', set()),
    ],
)
def test_the_scan_sees_every_form_of_import(source: str, expected: set[str]) -> None:
    assert imported(source, 'vpr_ros.model.session') == expected


def test_the_core_imports_without_ros_torch_and_extras() -> None:
    names = [name for name in modules() if not below(name, ('vpr_ros.ros',))]
    assert 'vpr_ros.types' in names
    program = f"""
import importlib, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {BLOCKED!r}:
            raise ImportError(name + ' is blocked')
sys.meta_path.insert(0, Blocked())
failed = []
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ImportError as error:
        failed.append(f'{{name}}: {{error}}')
sys.exit('\\n'.join(failed) or 0)
"""
    done = subprocess.run(
        [sys.executable, '-c', program],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_only_the_ros_package_imports_ros() -> None:
    ros = ('rclpy', 'vpr_msgs', 'cv_bridge', 'launch', 'launch_ros', 'ament_index_python')
    guilty = {
        name: sorted(what for what in imports if below(what, ros) or is_interface(what))
        for name, imports in modules().items()
        if not below(name, ('vpr_ros.ros',))
    }
    assert not {name: what for name, what in guilty.items() if what}


def is_interface(name: str) -> bool:
    """Whether a dotted name belongs to a package of ROS interfaces."""
    return name.partition('.')[0].endswith(('_msgs', '_srvs', '_interfaces'))


def test_nothing_that_runs_on_the_robot_imports_torch_or_the_training() -> None:
    unwanted = ('torch', 'torchvision', 'training')
    assert not [
        (name, what)
        for name, imports in modules().items()
        for what in imports
        if below(what, unwanted)
    ]


def test_imports_run_one_way() -> None:
    package = 'vpr_ros'
    edges = tuple(f'{package}.{name}' for name in EDGES)
    users = (
        *edges,
        *(f'{package}.{name}' for name in ('pipeline', 'assembly', 'building', 'evaluation')),
    )
    guilty = []
    for name, imports in modules().items():
        if below(name, tuple(f'{package}.{stage}' for stage in STAGES)):
            forbidden = users  # a stage knows nothing of those who use it
        elif below(name, (f'{package}.ros',)):
            forbidden = (f'{package}.cli',)
        elif below(name, (f'{package}.cli',)):
            forbidden = ()
        else:
            forbidden = edges
        guilty += [(name, what) for what in sorted(imports) if below(what, forbidden)]
    assert not guilty


def test_types_and_errors_stand_at_the_bottom() -> None:
    found = modules()
    own = {
        name: {what for what in found[name] if below(what, ('vpr_ros',))}
        for name in ('vpr_ros.types', 'vpr_ros.errors')
    }
    assert own == {'vpr_ros.types': set(), 'vpr_ros.errors': set()}


def needed(name: str, imports: set[str]) -> set[str]:
    """Name the modules that must be there first; not the package a neighbour is taken from."""
    neighbours = {what.rpartition('.')[0] for what in imports if what != name}
    return {what for what in imports if not (below(name, (what,)) and what in neighbours)} - {name}


def test_a_neighbour_is_no_cycle_and_its_package_is() -> None:
    assert needed('a.b', {'a', 'a.c'}) == {'a.c'}
    assert needed('a.b', {'a'}) == {'a'}


def test_no_import_cycles() -> None:
    found = modules()
    graph = {name: needed(name, imports & found.keys()) for name, imports in found.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, ' -> '.join([*trail[trail.index(name):], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_stages_neither_log_nor_read_clocks() -> None:
    stages = tuple(f'vpr_ros.{stage}' for stage in STAGES)
    assert not [
        (name, what)
        for name, imports in modules().items()
        if below(name, stages)
        for what in sorted(imports)
        if below(what, ('logging', 'time'))
    ]


def test_every_source_names_its_licence() -> None:
    header = [
        '# SPDX-FileCopyrightText: 2026 The vpr_ros authors',
        '# SPDX-License-Identifier: Apache-2.0',
    ]
    without = []
    for path in sources():
        lines = path.read_text(encoding='utf-8').splitlines()
        start = 1 if lines and lines[0].startswith('#!') else 0
        if lines[start:start + 2] != header:
            without.append(str(path.relative_to(ROOT)))
    assert not without


def test_no_module_is_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding='utf-8').splitlines())
        for path in sources()
        if path.suffix == '.py' and (ROOT / 'test') not in path.parents
    }
    assert not {name: count for name, count in lengths.items() if count > MOST_LINES}
