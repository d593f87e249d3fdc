# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verbs of ``python -m training``, one module each; ``training/cli.py`` lists them."""
