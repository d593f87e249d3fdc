# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hand-made descriptors to compare with: RootSIFT-VLAD, bag of binary words, HOG, thumbnails.

Each is a model with a card, as networks are, so that every command and the node take it by name.
"""
