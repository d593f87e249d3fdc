# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foreign models brought into the package's form: CosPlace, MixVPR, SALAD and their like."""

from vpr_ros.model.importing.preprocessing import Preprocessing, stated_preprocessing
from vpr_ros.model.importing.writing import import_model, Imported

__all__ = ['Imported', 'Preprocessing', 'import_model', 'stated_preprocessing']
