# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop. A killed run that is started again ends with the same weights.

What a step does depends only on (seed, step), the weights and the descriptor memory, so a
checkpoint needs no random state besides these.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import json
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training import checkpoint, sources
from training.augment import augment, draw_camera
from training.cluster import initialise_head
from training.data import EvaluationSet, FrameTable
from training.evaluate import centre, recalls
from training.frames import load_frames
from training.images import load_all
from training.losses import LOSSES, batch_loss
from training.mining import DescriptorMemory, choose_partners, choose_places
from training.model import PlaceNetwork
from training.onnx_weights import load_backbone
from training.recipe import Recipe, dump_recipe
from vpr_ros.types import ImageArray

STORED_HEIGHT, STORED_WIDTH = 288, 384
INPUT_HEIGHT, INPUT_WIDTH = 240, 320
INITIALISATION_IMAGES = 700
EARLY_LAYERS = tuple(f'backbone.features.{index}.' for index in (0, 3, 4))
Report = Callable[[str], None]


def learning_rate_factor(recipe: Recipe, step: int) -> float:
    """Rise over ``warmup``, stay, fall to 0 over the last ``decay`` steps."""
    rise = min(1.0, (step + 1) / max(recipe.warmup, 1))
    fall = (recipe.steps - step) / recipe.decay if recipe.decay else 1.0
    return min(rise, fall, 1.0)


class Trainer:
    """One run in one folder.

    Args:
        recipe: all settings.
        folder: receives ``recipe.yaml``, ``last.pt``, ``best.pt`` and ``metrics.jsonl``.
        report: is given one line at a time.
    """

    def __init__(self, recipe: Recipe, folder: Path, report: Report = print) -> None:
        self.recipe, self.folder, self.report = recipe, folder, report
        folder.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(0)
        torch.manual_seed(recipe.seed)
        frames = load_frames(recipe)
        self.table = FrameTable(frames)
        report(f'{len(frames)} frames of {len(self.table.environment_names)} environments')
        self.images = load_all([f.path for f in frames], STORED_HEIGHT, STORED_WIDTH)
        self.validation = self._load_validation()
        self.network = PlaceNetwork(recipe.architecture)
        self.memory = DescriptorMemory(len(frames), recipe.architecture.dim)
        self.step, self.best, self.seconds = 0, -1.0, 0.0
        last = folder / 'last.pt'
        state = checkpoint.load(last) if last.is_file() else None
        if state is None:
            self._initialise()
        else:
            self.network.load_state_dict(state['network'])
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimizer = self._make_optimizer()
        loss = LOSSES[recipe.loss]
        self.loss = functools.partial(loss, **recipe.loss_options)
        if state is not None:
            self._restore(state)
        (folder / 'recipe.yaml').write_text(dump_recipe(recipe), encoding='utf-8')

    def _load_validation(self) -> tuple[EvaluationSet, list[ImageArray]] | None:
        if not self.recipe.validation:
            return None
        dataset = sources.ie_tower_validation(Path(self.recipe.validation),
                                              self.recipe.validation_floors)
        return dataset, load_all(dataset.database, INPUT_HEIGHT, INPUT_WIDTH)

    def _initialise(self) -> None:
        recipe = self.recipe
        if recipe.initial_checkpoint:
            source = checkpoint.load_network(Path(recipe.initial_checkpoint))
            self.network.load_state_dict(source.state_dict())
            return
        if recipe.initial_weights:
            load_backbone(self.network.backbone, Path(recipe.initial_weights))
        skip = max(1, len(self.images) // INITIALISATION_IMAGES)
        chosen = [cv2.resize(image, (INPUT_WIDTH, INPUT_HEIGHT), interpolation=cv2.INTER_AREA)
                  for image in self.images[::skip]]
        summary = initialise_head(
            self.network,
            lambda: (np.stack(chosen[i : i + 16]) for i in range(0, len(chosen), 16)),
            seed=recipe.seed, power=recipe.whitening,
        )
        self.report(f'head initialised from {len(chosen)} images: {summary}')

    def _make_optimizer(self) -> torch.optim.AdamW:
        recipe = self.recipe
        groups: list[dict[str, Any]] = []
        for name, parameter in self.network.named_parameters():
            if name.startswith('projection.') and not recipe.learn_projection:
                parameter.requires_grad_(False)
                continue
            rate = recipe.backbone_rate if name.startswith('backbone.') else recipe.head_rate
            rate *= recipe.early_factor if name.startswith(EARLY_LAYERS) else 1.0
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.append({'params': [parameter], 'lr': rate, 'weight_decay': decay,
                           'initial_lr': rate})
        return torch.optim.AdamW(groups, fused=True)

    def _restore(self, state: dict[str, Any]) -> None:
        self.optimizer.load_state_dict(state['optimizer'])
        self.average = state['average']
        self.memory.descriptors = state['memory'].numpy()
        self.memory.seen = state['seen'].numpy()
        self.step, self.best, self.seconds = state['step'], state['best'], state['seconds']
        self.report(f'resumed at step {self.step}')

    def _save(self, name: str) -> None:
        state = checkpoint.network_state(self.network)
        state |= {'average': self.average, 'step': self.step, 'best': self.best,
                  'seconds': self.seconds, 'recipe': dump_recipe(self.recipe)}
        if name == 'last.pt':
            state |= {'optimizer': self.optimizer.state_dict(),
                      'memory': torch.from_numpy(self.memory.descriptors),
                      'seen': torch.from_numpy(self.memory.seen)}
        checkpoint.save(self.folder / name, state)

    def make_batch(self) -> tuple[Tensor, Tensor, np.ndarray]:
        """Images uint8 (2 * places, H, W, 3), their relation, and the frames' indices."""
        recipe = self.recipe
        rng = np.random.default_rng((recipe.seed, self.step))
        anchors = choose_places(self.table, self.memory, rng, recipe.places, recipe.negatives)
        indices = np.concatenate([anchors, choose_partners(self.table, anchors, rng)])
        camera = draw_camera(rng)
        images = [
            augment(self.images[index], self.images[rng.integers(len(self.images))], rng, camera,
                    recipe.height, recipe.width, severity=rng.random() ** 1.5)
            for index in indices
        ]
        relation = torch.from_numpy(self.table.relation(indices, indices))
        return torch.from_numpy(np.stack(images)), relation, indices

    def train_step(self) -> float:
        """One step of the optimizer; returns the loss."""
        recipe = self.recipe
        images, relation, indices = self.make_batch()
        factor = learning_rate_factor(recipe, self.step)
        for group in self.optimizer.param_groups:
            group['lr'] = group['initial_lr'] * factor
        with torch.autocast('cpu', torch.bfloat16, enabled=recipe.bfloat16):
            vlad = self.network.aggregate(images)
        descriptors = self.network.project(vlad) if recipe.learn_projection else vlad
        moved = functional.normalize(descriptors - descriptors.mean(0), dim=1)
        loss = (1 - recipe.centred_share) * batch_loss(self.loss, descriptors, relation)
        loss = loss + recipe.centred_share * batch_loss(self.loss, moved, relation)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        decay = min(recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)
        with torch.no_grad():
            self.memory.update(indices, self.network.project(vlad).numpy())
        self.step += 1
        return float(loss.detach())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Recalls of the averaged network on the held-out floors, centred."""
        if self.validation is None:
            return {}
        dataset, images = self.validation
        network = PlaceNetwork(self.recipe.architecture)
        network.load_state_dict(self.average)
        network.eval()
        found = []
        with torch.autocast('cpu', torch.bfloat16, enabled=self.recipe.bfloat16):
            for i in range(0, len(images), 16):
                vlad = network.aggregate(torch.from_numpy(np.stack(images[i : i + 16])))
                found.append(network.project(vlad).numpy() if self.recipe.learn_projection
                             else vlad.numpy())
        database = np.concatenate(found)
        database = centre(database, database.mean(0))
        row_of = {path: row for row, path in enumerate(dataset.database)}
        queries = database[[row_of[path] for path in dataset.queries]]
        return recalls(database, queries, dataset.correct, dataset.ignored)

    def run(self) -> None:
        """Train until ``steps``; validate and save every ``validate_every`` steps."""
        start, before = time.monotonic(), self.seconds
        losses: list[float] = []
        if self.step == 0:
            self.report(f'step 0: {self.validate()}')
        while self.step < self.recipe.steps:
            losses.append(self.train_step())
            if self.step % 20 == 0:
                self.seconds = before + time.monotonic() - start
                self.report(f'step {self.step} loss {np.mean(losses[-20:]):.4f} '
                            f'{self.seconds:.0f} s')
            if self.step % self.recipe.validate_every == 0 or self.step == self.recipe.steps:
                self._validate_and_save(float(np.mean(losses)))
                losses.clear()

    def _validate_and_save(self, loss: float) -> None:
        found = self.validate()
        score = found.get('5', 0.0) + 1e-3 * found.get('1', 0.0)
        line = {'step': self.step, 'loss': loss, 'seconds': round(self.seconds), **found}
        with (self.folder / 'metrics.jsonl').open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')
        self.report(f'validation {line}')
        if score > self.best:
            self.best = score
            self._save('best.pt')
        self._save('last.pt')
