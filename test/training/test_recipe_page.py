# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tables in ``docs/training.md`` are those of the code."""

from __future__ import annotations

import re

from training.recipe_page import PAGE, tables, with_tables


def test_the_page_is_that_of_the_code():
    text = PAGE.read_text(encoding='utf-8')
    assert set(re.findall(r'<!-- (\w+) -->', text)) - {'end'} == set(tables())
    assert with_tables(text) == text, 'run python -m training.recipe_page'


def test_tables_are_renewed_between_their_marks():
    found = with_tables('before\n<!-- aggregations -->\nold\n<!-- end -->\nafter\n')
    names = tables()['aggregations']
    assert found == f'before\n<!-- aggregations -->\n{names}\n<!-- end -->\nafter\n'
