# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the documentation says exists: links, commands, parameters, fields, launch arguments."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
import os
from pathlib import Path
import re
import shlex
import subprocess
import sys

from helpers import ROOT
import numpy as np
import pytest
import yaml

from vpr_ros.cli.main import _parser, main  # noqa: I100
from vpr_ros.errors import ConfigError
from vpr_ros.parameters import BY_NAME
from vpr_ros.types import Reason

PAGES = [*(ROOT / name for name in ('README.md', 'CONTRIBUTING.md', 'QUALITY_DECLARATION.md')),
         *sorted((ROOT / 'docs').rglob('*.md'))]
LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
INLINE = re.compile(r'`([^`]+)`')
INTERFACES = ROOT / 'vpr_msgs'
# what is in backticks like a parameter, and is one: name: value, name:=value, --set name=value
PARAMETER = re.compile(r'^(?:-p |--set )?([a-z][a-z0-9_]*)(?:: |:=|=)\S+$')
ROS_ARGUMENTS = {'use_sim_time', '__ns'}


def blocks(text: str) -> Iterator[str]:
    """Return the code blocks of a page."""
    for language, body in re.findall(r'^```(\w*)\n(.*?)^```', text, re.M | re.S):
        if language in ('', 'sh', 'bash'):
            yield body


def commands(text: str, program: str) -> list[list[str]]:
    """Return the words of every command of a program in the code blocks, without its name."""
    found = []
    for block in blocks(text):
        in_document = ''  # the word that ends a here-document
        for line in block.replace('\\\n', ' ').splitlines():
            if in_document:
                in_document = '' if line.strip() == in_document else in_document
                continue
            here = re.search(r"<<\s*'?(\w+)'?", line)
            in_document = here.group(1) if here else ''
            words = shlex.split(line, comments=True)
            if words[:len(program.split())] == program.split():
                found.append(words[len(program.split()):])
    return found


def all_commands(program: str) -> list[tuple[str, list[str]]]:
    """(page, words) of every command of a program in the documentation."""
    return [(page.name, words) for page in PAGES
            for words in commands(page.read_text(encoding='utf-8'), program)]


def interface_fields(kind: str, name: str) -> set[str]:
    """Names of the fields and constants of a message, or of a request."""
    text = (INTERFACES / kind / f'{name}.{kind}').read_text(encoding='utf-8').split('\n---')[0]
    lines = (line.partition('#')[0].split() for line in text.splitlines())
    return {words[1].partition('=')[0] for words in lines if len(words) > 1}


def launch_arguments(file: str) -> set[str]:
    """Names of a launch file's arguments, read from its table without running it."""
    tree = ast.parse((ROOT / 'launch' / file).read_text(encoding='utf-8'))
    table = next(
        node.value for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'ARGUMENTS'
    )
    assert isinstance(table, ast.Dict)
    return {str(key.value) for key in table.keys if isinstance(key, ast.Constant)}


def here_documents(page: str, start: str) -> list[str]:
    """Return the texts that commands of a page are given, by how the command's line begins."""
    text = (ROOT / 'docs' / page).read_text(encoding='utf-8')
    return re.findall(rf"^{re.escape(start)}[^\n]*<<'END'\n(.*?)^END$", text, re.M | re.S)


def section(page: str, title: str) -> str:
    """Return the text under a heading, up to the next."""
    text = (ROOT / 'docs' / page).read_text(encoding='utf-8')
    found = re.search(rf'^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)', text, re.M | re.S)
    assert found, f'{page} has no section {title!r}'
    return found.group(1)


def test_the_scan_finds_commands_and_skips_here_documents() -> None:
    text = "```\npython - <<'END'\nvpr no such\nEND\nvpr map \\\n  info a  # why\n```\nvpr prose\n"
    assert commands(text, 'vpr') == [['map', 'info', 'a']]
    assert commands('```python\nvpr map\n```\n', 'vpr') == []


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding='utf-8'))
    missing = [
        target for target in targets
        if '://' not in target and not target.startswith(('#', 'mailto:'))
        and not (page.parent / target.partition('#')[0]).exists()
    ]
    assert not missing


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to every page, at most over the index of a folder."""
    def links(page: Path) -> set[Path]:
        targets = LINK.findall(page.read_text(encoding='utf-8'))
        return {(page.parent / target.partition('#')[0]).resolve() for target in targets
                if '://' not in target}

    index = ROOT / 'docs' / 'README.md'
    found = links(index)
    for page in list(found):
        if page.suffix == '.md' and page.is_file() and page.parent != index.parent:
            found |= links(page)
    pages = {page.resolve() for page in PAGES if page.name != 'README.md'}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - found) == [], \
        'add a line to docs/README.md for these pages'
    assert ROOT / 'docs' / 'README.md' in links(ROOT / 'README.md')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_every_vpr_command_is_understood(page: Path, capsys: pytest.CaptureFixture) -> None:
    parser: argparse.ArgumentParser = _parser()
    for words in commands(page.read_text(encoding='utf-8'), 'vpr'):
        try:
            parsed = parser.parse_args(words)
        except SystemExit as error:
            assert error.code == 0, f'vpr {shlex.join(words)}: {capsys.readouterr().err}'
            continue
        for item in getattr(parsed, 'set', []):
            assert item.partition('=')[0] in BY_NAME, f'vpr {shlex.join(words)}'


def test_every_training_command_is_understood(capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('torch')
    from training.cli import make_parser

    found = all_commands('python -m training')
    assert found
    for page, words in found:
        try:
            make_parser().parse_args(words)
        except SystemExit as error:
            assert error.code == 0, f'{page}: {shlex.join(words)}: {capsys.readouterr().err}'


def test_the_recipe_in_the_training_page_is_a_recipe() -> None:
    pytest.importorskip('torch')
    from training.recipe_file import parse_recipe

    found = here_documents('training.md', 'cat > ')
    assert found
    for recipe in found:
        assert parse_recipe(yaml.safe_load(recipe)).sources


def run(program: str, folder: Path) -> None:
    """Run a Python program as a user does who stands in a checkout."""
    done = subprocess.run(
        [sys.executable, '-'], input=program, cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


def test_the_import_in_the_models_page_makes_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip('onnx')
    from foreign_models import foreign_model

    from vpr_ros.model import load_model

    imports = [words for words in commands(section('models.md', 'Bring your own'), 'vpr model')
               if words[0] == 'import' and words[1] == 'cosplace.onnx']
    assert imports
    monkeypatch.chdir(tmp_path)
    foreign_model(tmp_path, name='cosplace')
    for words in imports:
        assert main(['model', *words]) == 0
    assert load_model('runs/cosplace.onnx', provider='cpu').card.name == 'cosplace'


def test_the_bundled_model_becomes_a_checkpoint(tmp_path: Path) -> None:
    torch = pytest.importorskip('torch')
    from training.checkpoint import load_network
    from vpr_ros.model import load_model

    (program,) = here_documents('training.md', 'python -')
    (tmp_path / 'models').symlink_to(ROOT / 'models')
    run(program, tmp_path)
    model = load_model(str(ROOT / 'models' / 'default.onnx'), provider='cpu', threads=1)
    image = model.prepare(np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8))
    with torch.no_grad():
        found = load_network(tmp_path / 'runs' / 'default.pt')(torch.from_numpy(image[None]))[0]
    assert found.numpy() @ model.describe(image).global_descriptor > 0.999


def test_make_targets_exist() -> None:
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    targets = set(re.findall(r'^([a-z]+):', makefile, re.M))
    found = all_commands('make')
    assert found
    for page, words in found:
        assert words[0] in targets, f'{page}: make {shlex.join(words)}'
        for word in words[1:]:
            if '=' in word:
                assert re.search(rf'^{word.partition("=")[0]} \?=', makefile, re.M), page


def test_launch_arguments_exist() -> None:
    found = all_commands('ros2 launch vpr_ros')
    assert found
    for page, (file, *given) in found:
        names = {word.partition(':=')[0] for word in given if ':=' in word}
        assert names <= launch_arguments(file), f'{page}: {file}'


def test_parameters_in_backticks_exist() -> None:
    """Whatever is written as ``name: value``, ``name:=value`` or ``name=value``."""
    launch = {name for file in (ROOT / 'launch').glob('*.launch.py')
              for name in launch_arguments(file.name)}
    unknown = [
        (page.name, name) for page in PAGES
        for text in INLINE.findall(page.read_text(encoding='utf-8'))
        for name in PARAMETER.findall(text)
        if name not in BY_NAME and name not in launch and name not in ROS_ARGUMENTS
    ]
    # fields of a training recipe are no parameters of the node
    assert [(page, name) for page, name in unknown if page != 'training.md'] == []


def test_words_that_look_like_parameters_in_the_tables_exist() -> None:
    """In the pages on parameters, symptoms and reasons every such word is a parameter."""
    prefixes = ('min_', 'max_', 'keyframe_', 'recent_', 'sequence_window', 'neighbourhood_')
    fields = {name for file in INTERFACES.glob('msg/*.msg')
              for name in interface_fields('msg', file.stem)}
    fields |= interface_fields('srv', 'Recognize') | {'max_f1'}  # of the result files
    unknown = [
        (page.name, word) for page in PAGES
        for text in INLINE.findall(page.read_text(encoding='utf-8'))
        for word in re.findall(r'\b[a-z]+(?:_[a-z0-9]+)+\b', text)
        if word.startswith(prefixes) and word not in BY_NAME and word not in fields
    ]
    assert unknown == []


def test_the_parameters_page_is_that_of_the_table() -> None:
    from vpr_ros.parameters_page import markdown

    assert (ROOT / 'docs' / 'parameters.md').read_text(encoding='utf-8') == markdown()


def test_values_that_examples_set_are_valid() -> None:
    found = all_commands('ros2 param set')
    assert found
    for page, words in found:
        _, name, value = words
        try:
            BY_NAME[name].validate(yaml.safe_load(value))
        except ConfigError as error:
            raise AssertionError(f'{page}: {error}') from error


@pytest.mark.parametrize(('program', 'kind'), [
    ('ros2 service call', 'srv'), ('ros2 action send_goal --feedback', 'action'),
])
def test_requests_in_examples_have_only_fields_that_exist(program: str, kind: str) -> None:
    found = all_commands(program)
    assert found
    for page, (_, type_name, request) in found:
        package, folder, name = type_name.split('/')
        if type_name == 'std_srvs/srv/Trigger':
            assert yaml.safe_load(request) == {}, f'{page}: {request}'
            continue
        assert (package, folder) == ('vpr_msgs', kind), f'{page}: {type_name}'
        assert set(yaml.safe_load(request)) <= interface_fields(kind, name), f'{page}: {request}'


def test_the_reasons_have_the_values_of_the_code() -> None:
    page = section('messages.md', 'Recognition')
    rows = re.findall(r'^\| `([A-Z_]+)` \| `(\d+)` \|', page, re.M)
    assert {name: int(value) for name, value in rows} == {r.name: r.value for r in Reason}
    rows = re.findall(r'^\| ([A-Z_]+) \|', section('concepts.md', 'Reasons'), re.M)
    assert set(rows) == {reason.name for reason in Reason}
