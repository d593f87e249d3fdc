# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of what was learnt: importance, embeddings, and the course of a training run."""
