# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between cameras and the pipeline: distortion, the robot's own body, several cameras."""
