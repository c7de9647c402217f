from __future__ import annotations

import os
import pickle
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.projects import messages_of, version_of
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.context.sharing import folded, unfolded
from workbench.context.worker import RenderWorker
from workbench.errors import PromptError

LONG = "Größe und “Zeichen”, line.\n" * 2_000


@pytest.fixture(scope="module")
def worker():
    made = RenderWorker()
    yield made
    made.close()


def long_document(text, expression="documents.d"):
    return version_of(
        f"---\ndocuments: {{d: d.md}}\n---\nRead:\n{{{{ {expression} }}}}\nuser:\nAnd {{{{ x }}}}",
        {"prompts/d.md": text.encode()},
    )


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("documents.d", LONG.rstrip("\n")),
        ("documents.d|trim", LONG.strip()),
        ("documents.d|upper", LONG.upper().rstrip("\n")),
        ("documents.d ~ documents.d", (LONG * 2).rstrip("\n")),
        ("documents.d[5000:]", LONG[5000:].rstrip("\n")),
    ],
)
def test_a_long_document_comes_back_whole_however_it_is_used(worker, expression, shown):
    for x in "12":  # the second time the process holds the document already
        context = worker.render(long_document(LONG, expression), {"x": x})
        assert messages_of(context) == [
            ("user", f"Read:\n{shown}"),
            ("user", f"And {x}"),
        ]


def test_a_document_that_changes_is_read_anew(worker):
    for text in (LONG, LONG + "more", LONG, "short"):
        found = worker.render(long_document(text), {"x": "1"}).messages[0].content
        assert found == f"Read:\n{text}".rstrip("\n")


def test_a_process_that_replaces_another_is_given_the_documents_again(worker):
    before = worker.render(long_document(LONG), {"x": "1"})
    os.kill(worker._child.pid, signal.SIGKILL)
    for _ in range(2):  # at most one call may notice
        try:
            assert worker.render(long_document(LONG), {"x": "1"}) == before
            return
        except PromptError as error:
            assert "ended unexpectedly" in error.message
    pytest.fail("the process was not replaced")


@settings(deadline=None)
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["d", "e", "gone", ""]), st.text(st.sampled_from("ab\né日"), min_size=1)),
        max_size=6,
    ),
    documents=st.fixed_dictionaries({"d": st.text(st.sampled_from("ab\né日")), "e": st.just("ab")}),
    whole=st.booleans(),
)
def test_what_is_folded_with_the_documents_unfolds_to_the_same(pieces, documents, whole):
    own, content = [], ""
    for name, text in pieces:
        text = (documents.get(name) or text) if whole else text
        origin = Origin.DOCUMENT if name else Origin.TEMPLATE
        own.append(Segment(origin, name, len(content), len(content) + len(text)))
        content += text
    context = Context((Message("user", content), Message("assistant", "")), (tuple(own), ()))
    assert unfolded(pickle.loads(pickle.dumps(folded(context, documents, 2))), documents) == context
