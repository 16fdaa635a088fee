"""What the documents say of each agent is what its module says."""

from __future__ import annotations

import pytest

from toktui.agents import agent, agent_names
from toktui.agents.fact_sheet import KEYS, fact_sheet
from toktui.dev import agents_doc


@pytest.mark.parametrize("name", agent_names())
def test_every_agent_says_what_is_exact_what_is_unknown_and_where_it_looks(name: str):
    sheet = fact_sheet(name)
    assert tuple(sheet.facts) == KEYS
    assert sheet.title


def test_the_document_of_the_agents_is_what_make_docs_writes():
    assert agents_doc.DOCUMENT.read_text() == agents_doc.render()


def test_the_document_names_every_agent():
    for name in agent_names():
        assert f"[{agent(name).label}](#{name})" in agents_doc.render()


def test_nothing_in_a_docstring_is_taken_for_html():
    assert "<home>" not in agents_doc.render()
