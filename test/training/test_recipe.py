# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recipes: read back as written, and one sentence for each thing that is wrong."""

from __future__ import annotations

import math

from helpers import ROOT
import pytest

from training.recipe import Recipe, Source
from training.recipe_file import dump_recipe, load_recipe, parse_recipe
from vpr_ros.errors import ConfigError

SHIPPED = sorted((ROOT / 'training' / 'recipes').glob('*.yaml'))


def test_reads_back_as_written(tmp_path):
    path = tmp_path / 'recipe.yaml'
    recipe = Recipe(sources=(Source('donkey', 'somewhere', options={}),),
                    loss_options={'scale': 2.0},
                    augmentation=('flip', {'rotation': {'degrees': 5.0}}))
    path.write_text(dump_recipe(recipe))
    assert load_recipe(path) == recipe


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipes_are_recipes(path):
    recipe = load_recipe(path)
    assert recipe.sources
    assert parse_recipe(recipe) == recipe


@pytest.mark.parametrize(('raw', 'message'), [
    ([], 'recipe: expected a mapping, found a list'),
    ({'stepz': 3}, "unknown key 'stepz'; known: architecture, "),
    ({'steps': 0}, 'steps is 0, expected 1 or more'),
    ({'steps': 2.5}, 'steps is 2.5, expected a whole number'),
    ({'steps': True}, 'steps is True, expected a whole number'),
    ({'bfloat16': True}, "unknown key 'bfloat16'"),
    # YAML 1.1 takes a number without a point for text
    ({'head_rate': '1e-3'}, "head_rate is '1e-3', expected a number .*write 1.0e-3"),
    ({'head_rate': math.nan}, 'head_rate is nan, expected 0 or more'),
    ({'centred_share': 2}, 'centred_share is 2, expected 0 to 1'),
    ({'sources': {'kind': 'posed'}}, 'sources is a dict, expected a list'),
    ({'sources': [{'kind': 'posed'}]}, "sources: the key 'path' is missing"),
    ({'sources': [{'kind': 'radar', 'path': 'x'}]}, "kind is 'radar', expected one of ie_tower"),
    ({'architecture': {'depth': 3}}, "architecture: unknown key 'depth'"),
    ({'architecture': {'backbone': 'resnet19'}}, "no backbone named 'resnet19'; known: alexnet"),
    ({'architecture': {'aggregation': 'bag'}}, "no aggregation named 'bag'; known: max"),
    ({'architecture': {'aggregation': 'cls', 'reduced': 0, 'dim': 0}}, 'take vit_b16'),
    ({'architecture': {'aggregation': 'cls', 'backbone': 'vit_b16', 'dim': 0}},
     'set reduced to 0'),
    ({'architecture': {'aggregation': 'gem'}}, 'no more than 256 numbers; take dim: 256, or 0'),
    ({'architecture': {'backbone': 'vit_b16'}, 'width': 330}, '240x330 is not, take 240x336'),
    ({'height': 8, 'width': 8}, 'no feature left of an image of 8x8'),
    ({'train_from': 'conv9'}, "no stage 'conv9' to train from; known: conv1, fire2"),
    ({'loss': 'hinge'}, "loss 'hinge'; known: angular"),
    ({'loss_options': {'margin': 1}}, "loss sare_joint has no option 'margin'; known: kernel"),
    ({'loss_options': {'kernel': 'laplace'}}, 'loss_options of sare_joint: no SARE kernel'),
    ({'loss': 'geo_classification', 'batching': 'tuples'}, 'take batching: places'),
    ({'loss': 'geo_classification', 'loss_options': {'cell': 0}}, 'cell is 0'),
    ({'batching': 'triples'}, "batching is 'triples', expected one of places, tuples"),
    ({'batching': 'tuples', 'tuples': {'pool': 3}}, 'pool is 3, expected no less than'),
    ({'batching': 'tuples', 'tuples': {'negative_radius_m': 3}}, 'negative_radius_m is 3'),
    ({'augmentation': ['blur']}, "no augmentation named 'blur'; known: heavy, flip"),
    ({'augmentation': ['flip', 'flip']}, 'flip stands there twice'),
    ({'augmentation': ['flip', 'heavy']}, 'heavy flips by itself'),
    ({'augmentation': [{'rotation': {'angle': 3}}]}, "rotation: unknown key 'angle'"),
    ({'augmentation': [3]}, 'found 3, expected a name'),
    ({'learn_projection': True, 'architecture': {'dim': 0}}, 'there is no projection'),
    ({'device': 'tpu'}, "device is 'tpu', expected auto, cpu"),
    ({'optimiser': 'lamb'}, "optimiser is 'lamb', expected one of adamw, adam, sgd"),
])
def test_what_is_wrong_is_said(raw, message):
    with pytest.raises(ConfigError, match=message) as error:
        parse_recipe(raw)
    assert '\n' not in str(error.value)


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    for content in (b'steps: [', b'\xff\xfe\x00'):
        path = tmp_path / 'broken.yaml'
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r'broken\.yaml cannot be read'):
            load_recipe(path)
    with pytest.raises(ConfigError, match=r'none\.yaml cannot be read'):
        load_recipe(tmp_path / 'none.yaml')
