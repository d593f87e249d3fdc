#!/bin/bash
# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
# Runs a command with ROS 2 and vpr_ros in its environment.
set -e
# shellcheck disable=SC1090
source "/opt/ros/$ROS_DISTRO/setup.bash"
# shellcheck disable=SC1091
source /workspace/install/setup.bash
exec "$@"
