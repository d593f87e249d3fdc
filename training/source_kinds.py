# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of sources that a recipe may name, and what each is read as.

Every kind gives frames (in-batch training), tuples and a validation set::

    load_frames('dataset', Path('pitts30k_train.mat'))
    load_tuples('msls', Path('msls/train_val/london'), negative_radius_m=25.0)
    load_evaluation('eynsham', Path('eynsham'))

Options that a kind does not know are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
import inspect
from pathlib import Path
import re
from typing import Any

import yaml

from training import sources  # noqa: I100
from training.bag_source import bag
from training.data import EvaluationSet, Frame
from training.dataset_frames import (
    evaluation_of,
    evaluation_of_frames,
    frames_of,
    Pairs,
    tuples_of_frames,
)
from training.name_times import utm
from training.sources import ie_tower_evaluation
from training.tuples import TupleData, tuples_of
from training.world_source import world
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.benchmark_datasets import load_msls, load_nordland, load_struct
from vpr_ros.evaluation.csv_datasets import load_folders
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.raw_datasets import load_eynsham, load_san_francisco
from vpr_ros.evaluation.st_lucia import load_st_lucia

ABOUT = 'about.yaml'  # in a source's folder: name, licence, source
OWN_TERMS = 'not recorded: see the terms under which the data set was obtained'


@dataclass(frozen=True)
class SourceKind:
    """One kind of source.

    Attributes:
        read: reads the path: a :class:`Dataset` with queries and database, or frames of drives.
        name: what it is, for cards and reports.
        licence: of its images, as far as that is known of the kind.
        source: where it comes from.
        validate: reads a validation set, when that is not made of what ``read`` gives.
    """

    read: Callable[..., Dataset | list[Frame]]
    name: str
    licence: str = OWN_TERMS
    source: str = ''
    validate: Callable[..., EvaluationSet] | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that the reader takes."""
        return _options(self.read)


SOURCES: dict[str, SourceKind] = {
    'ie_tower': SourceKind(
        sources.ie_tower, 'ie_tower (640x360)', 'MIT',
        'JSebastianIEU/ie-tower-visual-place-recognition ea8bdfa', sources.ie_tower_validation),
    'donkey': SourceKind(
        sources.donkey, 'donkey_two_laps (1000 frames of a real RC car)', 'MIT',
        'autorope/donkeycar cde8bbe, donkeycar/tests/tub/tub.tar.gz'),
    'world': SourceKind(
        world, 'drives of the rendered world of vpr_ros', 'Apache-2.0', 'vpr_ros/world'),
    'posed': SourceKind(sources.posed, 'images with positions'),
    'bag': SourceKind(bag, 'recording with poses'),
    'dataset': SourceKind(load_dataset, 'data set'),
    'ground_truth': SourceKind(load_folders, 'data set with lists of right answers'),
    'utm': SourceKind(utm, 'images with positions in their names'),
    'struct': SourceKind(load_struct, 'NetVLAD data set (dbStruct)'),
    'pitts': SourceKind(load_struct, 'Pittsburgh (30k or 250k)'),
    'tokyo247': SourceKind(load_struct, 'Tokyo 24/7'),
    'tokyotm': SourceKind(load_struct, 'Tokyo Time Machine'),
    'msls': SourceKind(load_msls, 'Mapillary Street-Level Sequences'),
    'nordland': SourceKind(load_nordland, 'Nordland'),
    'san_francisco': SourceKind(load_san_francisco, 'Revisited San Francisco'),
    'eynsham': SourceKind(load_eynsham, 'Eynsham'),
    'st_lucia': SourceKind(load_st_lucia, 'St Lucia'),
}


def kind_of(name: str) -> SourceKind:
    """Return the kind of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SOURCES:
        raise ConfigError(f'source kind {name!r}; known: {", ".join(SOURCES)}')
    return SOURCES[name]


def load_source(kind: str, path: Path, **options: Any) -> Dataset | list[Frame]:
    """Read a source as it is.

    Raises:
        ConfigError: an unknown kind, or an option that it does not know.
        DataError: it cannot be read.
    """
    reader = kind_of(kind).read
    _check_options(kind, path, options, _options(reader))
    return reader(path, **options)


def load_frames(kind: str, path: Path, *, positive_radius_m: float = 10.0, **options: Any
                ) -> list[Frame]:
    """Frames for the in-batch trainer; ``positive_radius_m`` is of data sets with positions."""
    found = load_source(kind, path, **options)
    if isinstance(found, Dataset):
        return frames_of(found, positive_radius_m=positive_radius_m)
    return found


def load_tuples(
    kind: str, path: Path, *, positive_radius_m: float = 10.0, negative_radius_m: float = 25.0,
    minimum_time_gap_s: float = 0.0, pairs: Pairs = 'auto', **options: Any,
) -> TupleData:
    """Tuples; radii and time gap are of data sets with positions, ``pairs`` of drives.

    Frames of drives bring their own radius: negatives lie beyond twice that of positives.
    """
    found = load_source(kind, path, **options)
    if not isinstance(found, Dataset):
        return tuples_of_frames(path.name, found, pairs=pairs)
    if pairs not in ('any', 'auto'):
        raise ConfigError(f'{path}: pairs {pairs!r} is a choice among drives; of data sets with '
                          f'times, give a time gap')
    return tuples_of(found, positive_radius_m=positive_radius_m,
                     negative_radius_m=negative_radius_m, minimum_time_gap_s=minimum_time_gap_s)


def load_evaluation(kind: str, path: Path, *, most: int = 1000, **options: Any) -> EvaluationSet:
    """Load a validation set of any form; ``most`` bounds the queries taken of drives.

    Of ``ie_tower``, ``floors`` are the ones held out.
    """
    special = kind_of(kind).validate
    if special is not None:
        _check_options(kind, path, options, _options(special), _options(special))
        return special(path, **options)
    found = load_source(kind, path, **options)
    if isinstance(found, Dataset):
        return evaluation_of(found)
    return evaluation_of_frames(path.name, found, most=most)


def provenance(kind: str, path: Path) -> dict[str, str]:
    """Name, licence and origin of a source, for the model card.

    ``about.yaml`` in the source's folder has the last word: name, licence, source.

    Raises:
        DataError: that file is damaged or holds something else.
    """
    known = kind_of(kind)
    found = {'name': known.name, 'licence': known.licence,
             'source': known.source or path.resolve().name}
    if kind in ('posed', 'bag', 'dataset', 'ground_truth', 'utm', 'struct'):
        found['name'] = f'{known.name}: {path.resolve().name}'
    return found | _about(path if path.is_dir() else path.parent)


def parse_source(text: str) -> tuple[str, Path, dict[str, Any]]:
    """``PATH``, ``KIND:PATH`` or ``KIND:PATH:OPTION=VALUE,...`` as kind, path and options.

    A path alone is of kind ``posed`` where it holds frames.csv with positions, of kind ``bag``
    where it holds a recording, else of kind ``dataset``. Values are YAML.

    Raises:
        ConfigError: an option is not written so.
    """
    kind, _, rest = text.partition(':')
    if kind not in SOURCES:
        return guess_kind(Path(text)), Path(text), {}
    path, _, tail = rest.partition(':')
    options: dict[str, Any] = {}
    for part in filter(None, re.split(r',(?=\w+=)', tail)):
        name, equals, value = part.partition('=')
        if not equals:
            raise ConfigError(f'source {text!r}: expected KIND:PATH:OPTION=VALUE,...')
        try:
            options[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f'source {text!r}: {value!r} is no value ({error})') from error
    return kind, Path(path), options


def guess_kind(path: Path) -> str:
    """Kind of a path by what lies there."""
    frames = path / 'frames.csv'
    if frames.is_file():
        header = frames.open(encoding='utf-8').readline()
        return 'posed' if 'environment' in header else 'dataset'
    if path.suffix in ('.mcap', '.db3') or (path / 'metadata.yaml').is_file():
        return 'bag'
    return 'dataset'


def floors_evaluation(text: str) -> EvaluationSet:
    """``ie_tower:FOLDER:floor,floor``: held-out floors as queries."""
    parts = text.split(':')
    if len(parts) != 3:
        raise ConfigError(f'data set {text!r}: expected ie_tower:FOLDER:FLOOR,FLOOR')
    return ie_tower_evaluation(Path(parts[1]), parts[2].split(','))


def _options(reader: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(reader).parameters)[1:]


def _check_options(kind: str, path: Path, options: Mapping[str, Any], known: Collection[str],
                   needed: Collection[str] = ()) -> None:
    wrong = next((name for name in options if name not in known), None)
    if wrong is not None:
        raise ConfigError(f'source {path} of kind {kind} has the option {wrong!r}; known: '
                          f'{", ".join(known) or "none"}')
    lacking = next((name for name in needed if name not in options), None)
    if lacking is not None:
        raise ConfigError(f'source {path} of kind {kind} needs the option {lacking!r}')


def _about(folder: Path) -> dict[str, str]:
    file = folder / ABOUT
    if not file.is_file():
        return {}
    try:
        found = yaml.safe_load(file.read_text('utf-8'))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f'{file} cannot be read ({error})') from error
    if not isinstance(found, dict) or not set(found) <= {'name', 'licence', 'source'}:
        raise DataError(f'{file}: expected the keys name, licence and source')
    return {str(key): str(value) for key, value in found.items()}
