# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The linters of ROS packages find nothing, where a distribution has installed them.

``ament_copyright`` is not among them: it knows headers by their wording alone and takes no SPDX
lines (ament_lint, issue 462). That every file has them is held by ``test/test_architecture.py``.
"""

from __future__ import annotations

from importlib.util import find_spec
import subprocess
import sys

from helpers import ROOT
import pytest

pytestmark = [pytest.mark.linter, pytest.mark.timeout(1200)]

SOURCES = ['vpr_ros', 'vpr_msgs/setup.py', 'launch', 'setup.py', 'test', 'training']
XML = ['package.xml', 'vpr_msgs/package.xml', 'config', 'security']
# Docstrings have the sections of Google's convention; as in ament's own they may be left out, and
# two arguments may share a line.
PEP257 = ['--convention', 'google', '--add-ignore', *(f'D10{i}' for i in range(8)), 'D417', '--']
# What ament_flake8 looks at comes from these.
PLUGINS = ['blind_except', 'builtins', 'class_newline', 'comprehensions', 'deprecated',
           'docstrings', 'import_order', 'quotes']


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_flake8() -> None:
    linter = pytest.importorskip('ament_flake8.main')
    code, errors = linter.main_with_errors(argv=SOURCES)
    assert code == 0, '\n'.join(errors)


def test_docstrings(capfd: pytest.CaptureFixture[str]) -> None:
    linter = pytest.importorskip('ament_pep257.main')
    assert linter.main(argv=[*PEP257, *SOURCES]) == 0, capfd.readouterr().err


def test_xml(capfd: pytest.CaptureFixture[str]) -> None:
    linter = pytest.importorskip('ament_xmllint.main')
    code, told = linter.main(argv=XML), capfd.readouterr().err
    if 'failed to load' in told:
        pytest.skip('the schema that package.xml names lies in the network')
    assert code == 0, told


def test_cmake(capfd: pytest.CaptureFixture[str]) -> None:
    linter = pytest.importorskip('ament_lint_cmake.main')
    assert linter.main(argv=['vpr_msgs/CMakeLists.txt']) == 0, capfd.readouterr().err


@pytest.mark.skipif(find_spec('ament_flake8') is not None, reason='ament_flake8 sees everything')
def test_flake8_with_the_settings_of_this_repository() -> None:
    """Where pip installed flake8 and its plugins, look at a few files: the whole takes minutes."""
    for name in ['flake8', *(f'flake8_{plugin}' for plugin in PLUGINS)]:
        if find_spec(name) is None:
            pytest.skip(f'needs {name}')
    done = subprocess.run(
        [sys.executable, '-m', 'flake8', 'setup.py', 'vpr_msgs/setup.py', 'launch',
         'vpr_ros/types.py', 'vpr_ros/pipeline.py', __file__],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
