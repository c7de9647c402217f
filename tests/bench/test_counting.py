from workbench.bench.counting import NO_PAST, Counting
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.models.composed import Composed
from workbench.models.model import Model
from workbench.models.tokens import Tokenizers
from workbench.store.store import Store

SMOL = Model("smol", "local/smollm2-135m", free=True, window=100, encoding=None, exact=True)


class Embedded:
    """An engine whose tokens are letters, and which tells what it was given."""

    def __init__(self):
        self.composed = []

    async def engine(self, model):
        return self

    async def compose(self, messages):
        self.composed.append(messages)
        (message,) = messages
        letters = tuple(range(len(message.content)))
        return Composed(letters, letters, message.content, ((0, len(letters)),), (False,) * len(letters))


def context_of(text):
    return Context((Message("user", text),), ((Segment(Origin.TEMPLATE, "", 0, len(text)),),))


async def test_a_context_far_past_the_window_is_estimated_without_the_engine(tmp_path):
    embedded = Embedded()
    counting = Counting(Tokenizers(), embedded, Store(tmp_path / "runs.db"), lambda model: None)
    near, far = context_of("so it goes " * 12), context_of("so it goes " * 50)
    (_, exact), (same, estimate) = await counting.count([near, far], SMOL, None, NO_PAST)
    assert [message for (message,) in embedded.composed] == [near.messages[0]]
    assert (exact.total, exact.exact) == (132, True)
    assert same == far
    assert 150 < estimate.total < 200
    assert not estimate.exact


async def test_a_long_text_of_few_tokens_is_counted_by_the_engine(tmp_path):
    embedded = Embedded()
    counting = Counting(Tokenizers(), embedded, Store(tmp_path / "runs.db"), lambda model: None)
    await counting.count([context_of("a" * 500)], SMOL, None, NO_PAST)
    assert len(embedded.composed) == 1
