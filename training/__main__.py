# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the command line."""

import sys

from training.cli import main

sys.exit(main())
