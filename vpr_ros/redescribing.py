# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Describe the places of a map again, from the images that it keeps: for patches, or a new model.

A map keeps a small JPEG of each place (``thumbnail_width_px``). Where it is at least as large as
the model's input it says as much as the camera's image did, but for the JPEG's losses; where it is
smaller, or missing, only the recordings can help, and that is said instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from vpr_ros.assembly import model_identity
from vpr_ros.context import centred, Context
from vpr_ros.errors import MapError
from vpr_ros.images import decode_compressed
from vpr_ros.model import Model
from vpr_ros.place_map import MapInfo, PlaceMap
from vpr_ros.place_map.redescribing import NewParts, rewrite
from vpr_ros.rerank import encode_patches
from vpr_ros.rerank.stage import sizes_that_count
from vpr_ros.types import ImageArray, Place

Progress = Callable[[int, int, str], None]
REBUILD = 'build the map again from its recordings with `vpr map build`'


def redescribe(path: Path, out: Path, model: Model, *, small_images: bool = False,
               progress: Progress | None = None) -> MapInfo:
    """Write a map again with the descriptors and patches of a model; the old one stays as it is.

    With the model that built the map, only places are described that lack a patch size which some
    preset compares, and nothing else changes. With another one, all are, global descriptors
    included.

    Args:
        path: the map.
        out: the new map; it must not exist.
        model: describes the stored images.
        small_images: also take images smaller than the model's input.
        progress: called with (places done, places in total, stage).

    Raises:
        MapError: the map keeps no images of some places, or too small ones; there is nothing to
            do; the map cannot be read or ``out`` not be written. Nothing is written then.
        ModelError: the model failed.
    """
    identity, wanted = model_identity(model), sizes_that_count(model.card)
    with PlaceMap.open(path, read_only=True) as place_map:
        same, places = identity.same_as(place_map.model), place_map.places()
        window = place_map.context.window
        lacking = [place.place_id for place in places
                   if not same or not wanted <= set(place_map.patches(place.place_id))]
        without = sum(not place_map.thumbnail(place_id) for place_id in lacking)
    if same and not wanted:
        raise MapError(f'model {model.card.name} has no patch outputs, so there are none to add '
                       f'to {path}; choose a model that has, see `vpr model list`')
    if not lacking:
        raise MapError(f'{path} already has the patches of model {model.card.name} at all its '
                       f'{len(places)} places; there is nothing to do')
    if without:
        raise MapError(f'{path} keeps no image of {without} of the {len(lacking)} places to '
                       f'describe (thumbnail_width_px was 0), so they cannot be described again; '
                       f'{REBUILD}')
    context, done = Context(window), 0
    session_id, describing = 0, set(lacking)

    def describe(place: Place, jpeg: bytes, patches: Mapping[int, bytes]) -> NewParts:
        nonlocal session_id, done
        if place.place_id not in describing:
            return NewParts(patches)
        if place.session_id != session_id:
            context.reset()
            session_id = place.session_id
        image = decode_compressed('jpeg', jpeg)
        if not small_images:
            _check_size(path, place, image, model)
        found = model.describe(image, patches=wanted)
        done += 1
        if progress is not None:
            progress(done, len(lacking), 'describing again')
        new = encode_patches(found.patches)
        if same:
            return NewParts(new)
        plain = found.global_descriptor
        if window == 0:
            return NewParts(new, plain)
        mean = context.mean(plain)
        context.push(plain)
        return NewParts(new, centred(plain, mean), mean)

    return rewrite(path, out, identity, describe)


def _check_size(path: Path, place: Place, image: ImageArray, model: Model) -> None:
    height, width = image.shape[:2]
    card = model.card
    if height < card.height or width < card.width:
        raise MapError(
            f'the image that {path} keeps of place {place.place_id} is {width}x{height}, model '
            f'{card.name} takes {card.width}x{card.height}; {REBUILD} and a thumbnail_width_px '
            f'large enough, or accept less detail with --small-images'
        )
