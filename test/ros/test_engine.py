# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser as the node opens and closes it."""

import gc
from pathlib import Path

from helpers import tiny_model

from vpr_ros.parameters import PARAMETERS
from vpr_ros.ros.engine import Engine


def test_what_was_loaded_is_left_out_of_collections_until_it_is_closed(tmp_path: Path) -> None:
    values = {parameter.name: parameter.default for parameter in PARAMETERS}
    engine = Engine({**values, 'mode': 'localization', 'model': str(tiny_model(tmp_path))})
    engine.open('')
    loaded = gc.get_freeze_count()
    engine.close()
    assert loaded > 0
    assert gc.get_freeze_count() == 0
