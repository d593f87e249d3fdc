# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table, settings and parameter files."""

from __future__ import annotations

from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.parameters import BY_NAME, PARAMETERS, validate
from vpr_ros.parameters_page import markdown
from vpr_ros.settings import load_parameters, load_settings, PRESETS, Settings


@pytest.mark.parametrize('parameter', PARAMETERS, ids=lambda p: p.name)
def test_every_parameter_is_described_and_its_default_is_valid(parameter):
    assert parameter.description.endswith('.')
    assert parameter.validate(parameter.default) == parameter.default
    if isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool):
        assert parameter.minimum is not None
        assert parameter.maximum is not None


def test_names_are_unique():
    assert len(BY_NAME) == len(PARAMETERS)


@given(st.floats())
def test_numbers_outside_the_range_are_refused(value):
    parameter = BY_NAME['min_probability']
    if 0.0 <= value <= 1.0:
        assert parameter.validate(value) == value
    else:
        with pytest.raises(ConfigError, match='expected 0 to 1'):
            parameter.validate(value)


@pytest.mark.parametrize(
    ('name', 'value', 'said'),
    [
        ('candidates', 1.5, 'expected int'),
        ('candidates', True, 'expected int'),
        ('rerank', 'fast', 'expected one of none, robot'),
        ('use_odometry', 1, 'expected bool'),
        ('directories', 'maps', 'expected tuple'),
        ('directories', [1], 'expected a list of strings'),
        ('min_probabilty', 0.5, "did you mean 'min_probability'"),
    ],
)
def test_bad_values_are_named(name, value, said):
    with pytest.raises(ConfigError) as error:
        validate({name: value})
    assert said in str(error.value)


def test_integers_are_taken_for_floats_and_lists_for_tuples():
    assert validate({'keyframe_distance_m': 2}) == {'keyframe_distance_m': 2.0}
    assert validate({'directories': ['a']}) == {'directories': ('a',)}


def test_settings_are_frozen_and_comparable():
    settings = Settings(min_probability=0.8)
    with pytest.raises(AttributeError, match='frozen'):
        settings.min_probability = 0.1
    with pytest.raises(AttributeError, match='no parameter'):
        _ = settings.nonesuch
    assert settings == Settings().replace(min_probability=0.8)
    assert hash(settings) == hash(Settings(min_probability=0.8))
    assert repr(settings) == 'Settings(min_probability=0.8)'
    with pytest.raises(ConfigError, match="unknown parameter 'mode'"):
        Settings(mode='mapping')  # a parameter of the node, not of the pipeline


@pytest.mark.parametrize('preset', PRESETS)
def test_presets_are_valid(preset):
    load_parameters(preset)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('a: [', 'no valid YAML'),
        ('', 'expected the form'),
        ('model: default', 'expected the form'),
        ('/**: {ros__parameters: {modell: x}}', "did you mean 'model'"),
        ('/**: {ros__parameters: {threads: -1}}', 'expected 0 to 256'),
    ],
)
def test_bad_files_are_named(tmp_path, text, said):
    path = tmp_path / 'params.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_parameters(path)
    assert said in str(error.value)


def test_overrides_win_over_the_file(tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text('/**: {ros__parameters: {max_matches: 7, threads: 1, mode: localization}}')
    settings = load_settings(path, max_matches=3)
    assert (settings.max_matches, settings.threads) == (3, 1)
    with pytest.raises(ConfigError, match='cannot be read'):
        load_parameters(tmp_path / 'missing.yaml')


def test_the_parameter_page_is_that_of_the_table():
    page = (ROOT / 'docs' / 'parameters.md').read_text(encoding='utf-8')
    assert page == markdown(), 'run python -m vpr_ros.parameters_page > docs/parameters.md'


def test_the_balanced_preset_is_the_defaults():
    values = load_parameters('balanced')
    assert values
    assert values == {name: BY_NAME[name].default for name in values}
