# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The middleware as the environment sets it: RMW, domain, discovery, profile, network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import subprocess
import sys

from vpr_ros.doctor.finding import error, Finding, ok, warning

DEFAULT_RMW = 'rmw_fastrtps_cpp'
PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'
HIGHEST_DOMAIN = 232  # above it, ports of DDS exceed 65535
UP, LOOPBACK, MULTICAST = 0x1, 0x8, 0x1000  # linux/if.h
LOCAL = ('LOCALHOST', 'OFF')


def check_middleware(
    environment: Mapping[str, str], interfaces: Path = Path('/sys/class/net')
) -> list[Finding]:
    """Look at what decides who can hear whom.

    Args:
        environment: the environment variables; the camera's process must have the same ones.
        interfaces: where Linux lists its network interfaces.
    """
    rmw = environment.get('RMW_IMPLEMENTATION') or DEFAULT_RMW
    domain = environment.get('ROS_DOMAIN_ID') or '0'
    findings = _probe(rmw, environment) if environment.get('RMW_IMPLEMENTATION') else []
    if not domain.isdecimal() or int(domain) > HIGHEST_DOMAIN:
        findings.append(error('middleware', f'ROS_DOMAIN_ID is {domain!r}, expected 0 to '
                              f'{HIGHEST_DOMAIN}', 'export ROS_DOMAIN_ID=0, everywhere the same'))
    reach = _reach(environment)
    findings.append(ok('middleware', f'{rmw}, ROS_DOMAIN_ID {domain}, {reach}; every process of '
                       f'the robot must have the same'))
    profile = environment.get(PROFILE)
    if profile and not Path(profile).is_file():
        findings.append(error('dds', f'{PROFILE} names {profile}, which does not exist',
                              'correct or unset it; Fast DDS ignores it silently'))
    if reach == 'all machines' and interfaces.is_dir() and not _multicast(interfaces):
        findings.append(warning(
            'network', 'no network interface is up that can multicast: nodes of other machines '
            'are not discovered', 'ip link set IFACE multicast on, a discovery server, or '
            'ROS_STATIC_PEERS; nodes of this machine are not affected'))
    return findings


def _probe(rmw: str, environment: Mapping[str, str]) -> list[Finding]:
    """Import rclpy in a process of its own: where the RMW is missing, it ends the process."""
    done = subprocess.run(
        [sys.executable, '-c', 'import rclpy'], env=dict(environment), check=False,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
    )
    if done.returncode == 0:
        return []
    return [error('middleware', f'RMW_IMPLEMENTATION is {rmw}, with which rclpy ends at once',
                  'install that implementation, or unset RMW_IMPLEMENTATION, for every process '
                  'of the robot')]


def is_fast_dds(environment: Mapping[str, str]) -> bool:
    """Whether the large-image profile matters."""
    return (environment.get('RMW_IMPLEMENTATION') or DEFAULT_RMW).startswith('rmw_fastrtps')


def _reach(environment: Mapping[str, str]) -> str:
    if environment.get('ROS_LOCALHOST_ONLY') == '1':
        return 'this machine only (ROS_LOCALHOST_ONLY is 1)'
    wanted = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').upper()
    if wanted in LOCAL:
        return f'this machine only (ROS_AUTOMATIC_DISCOVERY_RANGE is {wanted})'
    return 'all machines'


def _multicast(interfaces: Path) -> list[str]:
    found = []
    for flags in sorted(interfaces.glob('*/flags')):
        try:
            value = int(flags.read_text(encoding='ascii'), 16)
        except (OSError, ValueError):
            continue
        if value & UP and value & MULTICAST and not value & LOOPBACK:
            found.append(flags.parent.name)
    return found
