# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Everything happens in a virtual environment of this folder; nothing of ROS 2 needs to be there.
# A step is done once: it leaves a stamp in $(VENV)/.made and runs again when what it read changes.

PYTHON ?= python3
VENV ?= .venv
OUT ?= demo_out
BAG ?=
TORCH ?= yes
ARGS ?=

made := $(VENV)/.made
bin := $(VENV)/bin
pip := $(bin)/python -m pip --disable-pip-version-check
interfaces := $(wildcard vpr_msgs/msg/* vpr_msgs/srv/* vpr_msgs/action/*) \
  vpr_msgs/setup.py vpr_msgs/pyproject.toml vpr_msgs/package.xml
shared_files := $(shell find launch config models security -type f -not -path '*/__pycache__/*' 2>/dev/null)
checked := $(wildcard vpr_ros training)

# A shell in which a ROS 2 distribution was sourced, or a process of another environment with ROS
# wheels, would lend its libraries and its middleware to ours, and the versions would mix.
unexport PYTHONPATH PYTHONHOME LD_LIBRARY_PATH AMENT_PREFIX_PATH RMW_IMPLEMENTATION
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

.PHONY: help demo test lint pytest install prerequisites clean distclean
.DELETE_ON_ERROR:

help: ## say what there is
	@echo 'make TARGET [NAME=VALUE ...]'
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
	@echo
	@echo '  PYTHON=python3  interpreter to begin with, 3.10 to 3.13'
	@echo '  VENV=.venv      the virtual environment'
	@echo '  BAG=PATH        demo: a rosbag2 of your own in place of the rendered drive'
	@echo '  OUT=demo_out    demo: where the report goes'
	@echo '  TORCH=no        test: without torch; the tests of training/ are skipped'
	@echo '  ARGS="-k map"   test: further arguments for pytest'

demo: $(made)/package ## render a drive, run the node on it, write a report
	$(bin)/vpr demo --out '$(OUT)' $(if $(BAG),--bag '$(BAG)')

test: lint pytest ## lint, types, and all tests

lint: $(made)/tools ## ruff and mypy
	$(bin)/ruff check .
	$(bin)/mypy $(checked)
	$(bin)/mypy setup.py
	$(bin)/mypy vpr_msgs/setup.py

pytest: $(made)/tools $(if $(filter yes,$(TORCH)),$(made)/torch) ## all tests
	$(bin)/python -m pytest $(ARGS)

install: $(made)/package ## the environment alone: vpr, the node, ROS 2 as wheels

prerequisites: ## check Python, its venv module and headers, and the compilers
	@sh .ci/prerequisites '$(PYTHON)'

clean: ## remove what was built and measured
	rm -rf build install log dist vpr_msgs/build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf ./*.egg-info vpr_msgs/*.egg-info '$(OUT)'

distclean: clean ## clean, and remove the environment
	rm -rf '$(VENV)'

# --- the environment, step by step ---

$(made)/venv:
	@sh .ci/prerequisites '$(PYTHON)'
	'$(PYTHON)' -m venv '$(VENV)'
	@mkdir -p $(made) && touch $@

$(made)/interfaces: $(interfaces) | $(made)/venv
	@echo 'Building vpr_msgs with ROS 2 as wheels (about a minute).'
	$(pip) install --quiet ./vpr_msgs
	@touch $@

$(made)/package: setup.py setup.cfg package.xml pyproject.toml $(shared_files) | $(made)/interfaces
	@echo 'Installing vpr_ros and what it runs on (about a minute).'
	$(pip) install --quiet --editable '.[cpu,ros]'
	@touch $@

$(made)/tools: $(made)/package
	$(pip) install --quiet --editable '.[cpu,ros,test]'
	$(pip) install --quiet --editable '.[cpu,ros,test,fleet]' || \
	  echo 'Milvus (the extra fleet) cannot be installed here; the tests of it are skipped.'
	@touch $@

$(made)/torch: $(made)/tools
	@echo 'Installing torch for the tests of training/: up to 5 GB from the package index, some'
	@echo 'minutes; where pip finds a CPU wheel of it, 0.2 GB. "make test TORCH=no" does without.'
	$(pip) install --quiet --editable '.[cpu,ros,test,train]'
	@touch $@
