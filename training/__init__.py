# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training half: learns place recognition networks and hands over an ``.onnx`` and its card.

Run from a checkout as ``python -m training VERB``. The robot half (``vpr_ros``) never imports it.
"""
