# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the interfaces with pip alone, where no ROS 2 distribution is installed.

On a distribution colcon reads package.xml and CMakeLists.txt and never comes here. With pip, the
rosidl generators come as wheels (pyproject.toml) and this file runs them in order::

    .msg .srv .action -> .idl -> type hashes -> C structs and type supports -> Python module

Four shared libraries and one extension module are compiled from that, side by side in
``site-packages/vpr_msgs``. A type support is found at run time by the bare name of its library;
the extension module is linked to all of them, so that each is loaded before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import importlib
import importlib.util
import json
import os
from pathlib import Path
import shutil
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = 'vpr_msgs'
VERSION = '0.1.0'
ROOT = Path(__file__).resolve().parent
KINDS = ('msg', 'srv', 'action')

# Every interface package that ours reach, directly or through services and actions, with the
# version of its wheel. The same versions build (pyproject.toml) and run.
DEPENDENCIES = {
    'builtin_interfaces': '2.3.0',
    'service_msgs': '2.3.0',
    'action_msgs': '2.3.0',
    'unique_identifier_msgs': '2.7.0',
    'std_msgs': '5.5.1',
    'geometry_msgs': '5.5.1',
    'sensor_msgs': '5.5.1',
}
RUNTIME = {
    'rosidl_generator_py': '0.24.2',
    'rosidl_typesupport_c': '3.3.3',
    'rosidl_typesupport_fastrtps_c': '3.8.1',
    'rosidl_typesupport_introspection_c': '4.9.5',
}
RUNTIME_LIBRARIES = (
    'rosidl_typesupport_c',
    'rosidl_typesupport_fastrtps_c',
    'rosidl_typesupport_fastrtps_cpp',
    'rosidl_typesupport_introspection_c',
    'rosidl_dynamic_typesupport',
    'rosidl_runtime_c',
    'rmw',
    'rcutils',
    'fastcdr',
)

STRUCTS = 'rosidl_generator_c'
FASTRTPS = 'rosidl_typesupport_fastrtps_c'
INTROSPECTION = 'rosidl_typesupport_introspection_c'
TYPESUPPORT = 'rosidl_typesupport_c'
PYTHON = 'rosidl_generator_py'
HASHES = 'rosidl_generator_type_description'

# What is compiled, in the order of building: generator -> the kinds of our own libraries, and the
# kinds of every dependency's libraries, that its output is linked to.
LINKS = {
    STRUCTS: ((), (STRUCTS,)),
    FASTRTPS: ((STRUCTS,), (STRUCTS, FASTRTPS)),
    INTROSPECTION: ((STRUCTS,), (STRUCTS, INTROSPECTION)),
    TYPESUPPORT: ((STRUCTS,), (STRUCTS, TYPESUPPORT)),
    PYTHON: ((STRUCTS, FASTRTPS, INTROSPECTION, TYPESUPPORT), (STRUCTS, TYPESUPPORT, PYTHON)),
}


def tool(module: str, name: str = 'generate_c') -> Callable[..., Any]:
    """Look up a function of a build requirement late: reading the metadata needs none."""
    return getattr(importlib.import_module(module), name)


def ros_prefix() -> Path:
    """Find the folder with share/, include/ and lib/ of the ROS wheels.

    Found from an imported generator: while pip isolates the build this is not sys.prefix.
    """
    spec = importlib.util.find_spec('rosidl_adapter')
    if spec is None or spec.origin is None:
        raise SystemExit(
            'vpr_msgs needs the rosidl generators to build: run "pip install ./vpr_msgs" '
            'without --no-build-isolation, or build it with colcon'
        )
    for parent in Path(spec.origin).resolve().parents:
        if (parent / 'share' / STRUCTS / 'resource').is_dir():
            return parent
    raise SystemExit(f'no share/{STRUCTS} above {spec.origin}: the ROS wheels are incomplete')


def interfaces() -> list[Path]:
    """Paths of all interface files, relative to the package, such as ``msg/MapInfo.msg``."""
    found = (path for kind in KINDS for path in sorted((ROOT / kind).glob(f'*.{kind}')))
    return [path.relative_to(ROOT) for path in found]


@dataclass(frozen=True)
class Generated:
    """Where the generators wrote.

    Attributes:
        prefix: of the ROS wheels.
        idl: folder with the .idl files, below msg/, srv/ and action/.
        code: generator -> its folder ``.../vpr_msgs``. One each: some write equal file names.
    """

    prefix: Path
    idl: Path
    code: dict[str, Path]

    def sources(self, generator: str) -> list[str]:
        """C and C++ files of a generator, relative to the package as setuptools wants them."""
        files = (p for suffix in ('c', 'cpp') for p in self.code[generator].rglob(f'*.{suffix}'))
        return sorted(os.path.relpath(path, ROOT) for path in files)

    def includes(self) -> list[str]:
        """Header folders: ours, NumPy's, and of every wheel the flat and the nested layout."""
        numpy = tool('numpy', 'get_include')()
        wheels = self.prefix / 'include'
        nested = sorted(path for path in wheels.iterdir() if path.is_dir())
        ours = [path.parent for path in self.code.values()]
        return [str(path) for path in (*ours, numpy, wheels, *nested)]


def write_idl(idl: Path) -> None:
    """Convert each interface file to .idl and put its text beside it, as the hashes need."""
    for path in interfaces():
        kind = path.parent.name
        folder = idl / kind
        folder.mkdir(parents=True, exist_ok=True)
        convert = tool(f'rosidl_adapter.{kind}', f'convert_{kind}_to_idl')
        convert(ROOT, PACKAGE, path, folder)
        shutil.copy(ROOT / path, folder)


def generate(out: Path) -> Generated:
    """Run all generators into the folder ``out``, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    prefix = ros_prefix()
    share = prefix / 'share'
    os.environ['AMENT_PREFIX_PATH'] = str(prefix)  # the generators look their resources up there
    code = {name: out / name / PACKAGE for name in (HASHES, *LINKS)}
    made = Generated(prefix, out / 'idl', code)
    write_idl(made.idl)
    idls = [path.with_suffix('.idl') for path in interfaces()]
    common = {
        'package_name': PACKAGE,
        'idl_tuples': [f'{made.idl}:{path.as_posix()}' for path in idls],
        'ros_interface_dependencies': [
            f'{name}:{path}'
            for name in DEPENDENCIES
            for path in sorted((share / name).glob('*/*.idl'))
        ],
        'target_dependencies': [],
    }
    hashes = {
        'type_description_tuples': [
            f'{path.as_posix()}:{made.code[HASHES] / path.with_suffix(".json")}' for path in idls
        ]
    }

    def arguments(generator: str, **more: object) -> str:
        """Write the arguments file of a generator and make the folders that it fills."""
        for kind in KINDS:
            (made.code[generator] / kind / 'detail').mkdir(parents=True, exist_ok=True)
        folders = {
            'output_dir': str(made.code[generator]),
            'template_dir': str(share / generator / 'resource'),
        }
        path = out / f'{generator}.json'
        path.write_text(json.dumps({**common, **folders, **more}), encoding='utf-8')
        return str(path)

    folders = [f'{name}:{share / name}' for name in DEPENDENCIES]
    texts = [str(made.idl / path) for path in interfaces()]
    tool(HASHES, 'generate_type_hash')(arguments(HASHES, include_paths=folders))
    tool(STRUCTS)(arguments(STRUCTS, ros_interface_files=texts, **hashes))
    tool(FASTRTPS, 'generate_typesupport_fastrtps_c')(arguments(FASTRTPS))
    tool(INTROSPECTION)(arguments(INTROSPECTION))
    tool(TYPESUPPORT)(arguments(TYPESUPPORT), [FASTRTPS, INTROSPECTION])
    tool(PYTHON, 'generate_py')(arguments(PYTHON, **hashes), [TYPESUPPORT])
    (made.code[PYTHON] / '__init__.py').touch()
    for generator in (STRUCTS, FASTRTPS, INTROSPECTION):  # CMake configures these headers
        header = f'{generator}__visibility_control.h'
        text = (share / generator / 'resource' / f'{header}.in').read_text(encoding='utf-8')
        for variable, value in (('NAME_UPPER', PACKAGE.upper()), ('NAME', PACKAGE)):
            text = text.replace(f'@PROJECT_{variable}@', value)
        (made.code[generator] / 'msg' / header).write_text(text, encoding='utf-8')
    return made


class BuildInterfaces(build_ext):
    """Generates the code, then compiles one extension for each entry of LINKS."""

    def get_ext_filename(self, fullname: str) -> str:
        """Plain ``libNAME.so`` for the libraries, the interpreter's own suffix for the module."""
        *folders, name = fullname.split('.')
        if name.startswith('lib'):
            return str(Path(*folders, f'{name}.so'))
        return super().get_ext_filename(fullname)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """None by name: a library has no PyInit function to ask for."""
        return ext.export_symbols

    def run(self) -> None:
        """Build everything anew: a stale file would end up in the wheel."""
        work = Path(self.build_temp).resolve()
        package = Path(self.build_lib).resolve() / PACKAGE
        shutil.rmtree(package, ignore_errors=True)
        made = generate(work / 'rosidl')
        for generator, extension in zip(LINKS, self.extensions, strict=True):
            self.configure(extension, generator, made, package)
        super().run()
        python = made.code[PYTHON]
        for path in sorted(python.rglob('*.py')):
            target = package / path.relative_to(python)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        self.add_shared_files(made, work / 'index')

    def configure(self, extension: Extension, generator: str, made: Generated, out: Path) -> None:
        """Fill in what is only known once the code is there."""
        own_kinds, their_kinds = LINKS[generator]
        ours = [f'{PACKAGE}__{kind}' for kind in own_kinds]
        theirs = [f'{name}__{kind}' for name in DEPENDENCIES for kind in their_kinds]
        extension.sources = made.sources(generator)
        extension.include_dirs = made.includes()
        extension.library_dirs = [str(out), str(made.prefix.joinpath('lib'))]
        extension.libraries = [*ours, *theirs, *RUNTIME_LIBRARIES]
        extension.define_macros = [(f'ROSIDL_GENERATOR_C_BUILDING_DLL_{PACKAGE}', None)]
        extension.extra_compile_args = ['-O2', '-g0', '-w']
        # $ORIGIN is site-packages/vpr_msgs and ../../.. the wheels' lib. DT_RPATH, unlike
        # DT_RUNPATH, also serves the libraries that are loaded on behalf of this one.
        extension.extra_link_args = [
            '-Wl,--disable-new-dtags',
            '-Wl,-rpath,$ORIGIN:$ORIGIN/../../..',
        ]
        if generator == PYTHON:  # keep those that only a name refers to
            extension.extra_link_args.append('-Wl,--no-as-needed')
            extension.extra_link_args += [f'-l{PACKAGE}__{k}' for k in (FASTRTPS, INTROSPECTION)]
        else:
            extension.extra_link_args.append(f'-Wl,-soname,lib{PACKAGE}__{generator}.so')

    def add_shared_files(self, made: Generated, index: Path) -> None:
        """Installs interface texts and the ament index entries, as ament_cmake would."""
        files = self.distribution.data_files
        for kind in KINDS:
            folders = ((ROOT, kind), (made.idl, 'idl'), (made.code[HASHES], 'json'))
            found = [p for root, suffix in folders for p in (root / kind).glob(f'*.{suffix}')]
            files.append((f'share/{PACKAGE}/{kind}', sorted(map(str, found))))
        names = {p.as_posix() for path in interfaces() for p in (path, path.with_suffix('.idl'))}
        for entry, text in (('packages', ''), ('rosidl_interfaces', '\n'.join(sorted(names)))):
            (index / entry).mkdir(parents=True, exist_ok=True)
            (index / entry / PACKAGE).write_text(text, encoding='utf-8')
            folder = f'share/ament_index/resource_index/{entry}'
            files.append((folder, [str(index / entry / PACKAGE)]))


def extension_name(generator: str) -> str:
    """Return the module name of what a generator's code is compiled to."""
    if generator == PYTHON:
        return f'{PACKAGE}.{PACKAGE}_s__{TYPESUPPORT}'
    return f'{PACKAGE}.lib{PACKAGE}__{generator}'


def wheel_name(package: str) -> str:
    """Name under which the package index carries a ROS package."""
    return 'ros-' + package.replace('_', '-')


setup(
    name='vpr-msgs',
    version=VERSION,
    description='ROS 2 interfaces of vpr_ros: visual place recognition and loop closure',
    license='Apache-2.0',
    packages=[],
    ext_modules=[Extension(extension_name(generator), sources=[]) for generator in LINKS],
    cmdclass={'build_ext': BuildInterfaces},
    data_files=[(f'share/{PACKAGE}', ['package.xml'])],
    python_requires='>=3.10',
    install_requires=[
        'numpy',
        *(f'{wheel_name(name)}~={version}' for name, version in (DEPENDENCIES | RUNTIME).items()),
    ],
    zip_safe=False,
)
