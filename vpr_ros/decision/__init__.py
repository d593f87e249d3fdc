# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From candidates to a decision: neighbourhoods, sequences, probability, reasons."""
