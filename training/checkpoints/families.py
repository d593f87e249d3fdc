# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The families of checkpoints by the names of their tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from torch import nn

from training.aggregations.crn import CRN
from training.aggregations.pooling import GeM, GlobalPooling, MAC, RRM, SPoC
from training.aggregations.rmac import RMAC
from training.aggregations.tokens import CLS, SeqPool
from training.aggregators import NetVLAD
from training.architectures.base import Architecture
from training.checkpoints.recognise import (
    linear_from,
    netvlad_from,
    part,
    recognise_backbone,
    State,
)
from training.normalisation import IMAGENET, Normalisation
from vpr_ros.errors import ConfigError, ModelError

# mean only, RGB in 0..255: the convention of the MatConvNet weights that OpenIBL began from
MATCONVNET = Normalisation('rgb', (123.68, 116.779, 103.939), (1.0, 1.0, 1.0))
POOLINGS: dict[str, type[nn.Module]] = {'mac': MAC, 'spoc': SPoC, 'rmac': RMAC, 'gem': GeM}
WITHOUT_WEIGHTS = ('mac', 'spoc', 'rmac', 'cls', 'seqpool')


@dataclass(frozen=True)
class Parts:
    """What a checkpoint is made of.

    Attributes:
        origin: project whose code wrote it.
        backbone, aggregation: with their weights.
        normalisation: of the input.
        takes: ``grid`` or ``tokens``.
        projection: or None.
        notes: what a user should know.
    """

    origin: str
    backbone: Architecture
    aggregation: nn.Module
    normalisation: Normalisation = IMAGENET
    takes: str = 'grid'
    projection: nn.Linear | None = None
    notes: tuple[str, ...] = field(default=())


def read_parts(state: State, source: str, *, aggregation: str = '', l2: str = '') -> Parts:
    """Recognise a checkpoint's family and take it apart.

    Args:
        state: names and tensors, unwrapped.
        source: named in errors.
        aggregation: for those that leave no trace: mac, spoc, rmac, cls or seqpool.
        l2: of deep-vg-benchmark's poolings, where its names do not tell.

    Raises:
        ModelError: it is of no known family, or incomplete.
        ConfigError: the aggregation must be, or cannot be, chosen.
    """
    heads = {name.split('.')[0] for name in state}
    if {'encoder', 'pool'} <= heads:
        return _encoder_and_pool(state, source)
    if {'base_model', 'net_vlad'} <= heads:
        return _openibl(state, source)
    if 'backbone' in heads:
        return _backbone_and_aggregation(state, source, aggregation, l2)
    shown = ', '.join(sorted(heads)[:6]) or 'nothing'
    raise ModelError(
        f'{source} is of no known family (its names begin with {shown}); known: encoder + pool '
        f'(Patch-NetVLAD, pytorch-NetVlad, Swarm-SLAM), backbone + aggregation '
        f"(deep-vg-benchmark, CosPlace), base_model + net_vlad (OpenIBL), and NetVLAD's .mat"
    )


def _whitening(state: State, layer: NetVLAD, source: str) -> nn.Linear | None:
    """Return the projection behind a NetVLAD layer, where the file has one."""
    if not state:
        return None
    return linear_from(state['weight'], state['bias'], layer.clusters * layer.channels, source)


def _encoder_and_pool(state: State, source: str) -> Parts:
    """Patch-NetVLAD and pytorch-NetVlad; the former may bring a whitening."""
    _check_heads(state, ('encoder.', 'pool.', 'WPCA.0.'), source)
    layer = netvlad_from(part(state, 'pool.'), source)
    projection = _whitening(part(state, 'WPCA.0.'), layer, source)
    origin = 'Patch-NetVLAD' if projection else 'pytorch-NetVlad'
    return _fitting(Parts(origin, recognise_backbone(part(state, 'encoder.'), source), layer,
                          projection=projection), layer, source)


def _openibl(state: State, source: str) -> Parts:
    """OpenIBL; its whitening stands in the released file, not in those of training runs."""
    _check_heads(state, ('base_model.base.', 'net_vlad.', 'pca_layer.'), source)
    layer = netvlad_from(part(state, 'net_vlad.'), source)
    projection = _whitening(part(state, 'pca_layer.'), layer, source)
    backbone = recognise_backbone(part(state, 'base_model.base.'), source)
    return _fitting(Parts('OpenIBL', backbone, layer, MATCONVNET, projection=projection), layer,
                    source)


def _backbone_and_aggregation(state: State, source: str, chosen: str, l2: str) -> Parts:
    """deep-vg-benchmark with any aggregation, and CosPlace."""
    _check_heads(state, ('backbone.', 'aggregation.'), source)
    weights, head = part(state, 'backbone.'), part(state, 'aggregation.')
    origin, projection = 'deep-vg-benchmark', (head.pop('1.weight', None),
                                               head.pop('1.bias', None))
    if '3.weight' in head:  # L2, GeM, flatten, linear, L2
        origin, projection = 'CosPlace', (head.pop('3.weight'), head.pop('3.bias', None))
    elif projection[0] is not None:
        head = {name.removeprefix('0.'): value for name, value in head.items()}
    backbone = recognise_backbone(weights, source)
    takes_tokens = hasattr(backbone, 'tokens')
    takes, length, notes = 'grid', backbone.channels, []
    module: nn.Module
    if 'centroids' in head:
        layer = netvlad_from(head, source, CRN if 'crn.acc_w.weight' in head else NetVLAD)
        module, length = layer, layer.clusters * layer.channels
    elif 'ln1.weight' in head:
        module = RRM(length)
        module.load_state_dict(head)
    elif set(head) in ({'0.p'}, {'1.p'}):
        (where, value), = head.items()
        norm = l2 or ('before_pool' if where == '1.p' else 'after_pool')
        if takes_tokens and norm == 'before_pool':
            norm = 'over_locations'
        module = GlobalPooling(GeM(), norm)
        module.load_state_dict({'pool.p': value.reshape(1)})
    elif head:
        raise ModelError(f'{source} has an aggregation that is not known (it holds '
                         f'{min(head)!r}); known: NetVLAD, CRN, GeM, RRM, and those without '
                         f'weights')
    else:
        name = chosen or ('cls' if 'vit_model.embeddings.cls_token' in weights else '')
        if name not in WITHOUT_WEIGHTS:
            raise ConfigError(f'{source} holds no aggregation, as those without weights leave no '
                              f'trace; say which it was: {", ".join(WITHOUT_WEIGHTS)}')
        if name in POOLINGS:
            module = GlobalPooling(POOLINGS[name](), l2 or 'before_pool')
        elif not takes_tokens:
            raise ConfigError(f'{source} holds a {backbone.name}, which has no tokens for '
                              f'{name!r}; choose mac, spoc or rmac')
        else:
            takes, module = 'tokens', CLS() if name == 'cls' else _seqpool(weights, source)
        chosen = ''
    if chosen:
        raise ConfigError(f'{source} holds the weights of its aggregation; leave the choice of '
                          f'{chosen!r} out')
    if projection[0] is None and isinstance(module, GlobalPooling):
        notes.append('the released code compares these vectors without normalising them; here '
                     'they have unit length, so rankings may differ slightly')
    linear = None
    if projection[0] is not None:
        bias = projection[1] if projection[1] is not None else projection[0].new_zeros(
            projection[0].shape[0])
        linear = linear_from(projection[0], bias, length, source)
    parts = Parts(origin, backbone, module, IMAGENET, takes, linear, tuple(notes))
    return _fitting(parts, module, source) if isinstance(module, NetVLAD) else parts


def _seqpool(weights: State, source: str) -> nn.Module:
    held = part(weights, 'classifier.attention_pool.')
    if not held:
        raise ModelError(f'{source} has no sequence pooling (classifier.attention_pool); it was '
                         f'trained with another aggregation')
    pool = SeqPool(int(held['weight'].shape[1]))
    pool.load_state_dict({f'attention_pool.{name}': value for name, value in held.items()})
    return pool


def _check_heads(state: State, known: tuple[str, ...], source: str) -> None:
    unknown = sorted(name for name in state if not name.startswith(known))
    if unknown:
        raise ModelError(f'{source} holds {unknown[0]!r} besides {", ".join(known)}; it is of a '
                         f'network that is not known here')


def _fitting(parts: Parts, layer: nn.Module, source: str) -> Parts:
    channels = cast(NetVLAD, layer).channels
    if channels != parts.backbone.channels:
        raise ModelError(f'{source} has a {parts.backbone.name} of {parts.backbone.channels} '
                         f'channels and a NetVLAD layer of {channels}; they belong to different '
                         f'networks')
    return parts
