# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One self-contained HTML page about a replay or an evaluation."""

from vpr_ros.evaluation.report.write import write_report

__all__ = ['write_report']
