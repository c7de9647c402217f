from hypothesis import given
from hypothesis import strategies as st

from workbench.bench.breakdown import OVERHEAD, SCHEMA, breakdown, by_cost, by_source
from workbench.bench.previews import ModelPreview
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import Place
from workbench.models.correction import Correction
from workbench.models.estimate import estimate
from workbench.models.model import Model, Prices, Tier
from workbench.models.tokens import TokenCount, corrected

TIERED = Prices(150_000, 600_000, tiers=(Tier(100, 300_001, 900_000), Tier(1_000, 7, 9)))


def context_of(*messages):
    """Return a context; each message is a role and its segments, each an origin, a name and a text."""
    made, segments = [], []
    for role, *parts in messages:
        made.append(Message(role, "".join(text for _, _, text in parts)))
        own, start = [], 0
        for origin, name, text in parts:
            own.append(Segment(origin, name, start, start + len(text), Place("prompts/p.md", 7)))
            start += len(text)
        segments.append(tuple(own))
    return Context(tuple(made), tuple(segments))


def count_of(segments, overhead, schema=0):
    """Return the count of a context whose segments have these tokens."""
    messages = tuple(sum(own) for own in segments)
    total = sum(messages) + overhead + schema
    return TokenCount(
        total=total,
        messages=messages,
        segments=tuple(map(tuple, segments)),
        overhead=overhead + schema,
        exact=not schema,
        observations=0,
        raw_total=total,
        schema=schema,
    )


def preview_of(context, count, model):
    cost = estimate(model, {}, count.total) if count else None
    return ModelPreview(model, {}, context, count, cost)


SORTED = context_of(
    ("system", (Origin.TEMPLATE, "", "You sort. "), (Origin.PARTIAL, "_tone.md", "Be kind.")),
    ("user", (Origin.TEMPLATE, "", "<ticket>"), (Origin.INPUT, "ticket", "Card"), (Origin.TEMPLATE, "", ".")),
)
COUNTED = count_of([[3, 4], [2, 9, 1]], overhead=11)
PRICED = Model("mini", "openai/mini", prices=Prices(150_000, 600_000))


def leaves(part):
    return [part] if not part.children else [leaf for child in part.children for leaf in leaves(child)]


def check_sums(part):
    if part.children:
        assert part.tokens == sum(child.tokens for child in part.children)
        if part.cost is not None:
            assert part.cost == sum(child.cost for child in part.children)
    for child in part.children:
        check_sums(child)


def shape(part):
    return (part.label, part.tokens, [shape(child) for child in part.children])


def test_the_whole_is_its_messages_with_their_segments_and_the_overhead():
    whole = breakdown(preview_of(SORTED, COUNTED, PRICED))
    assert shape(whole) == (
        "context",
        30,
        [
            ("system", 7, [("template", 3, []), ("_tone.md", 4, [])]),
            ("user", 12, [("template", 2, []), ("ticket", 9, []), ("template", 1, [])]),
            (OVERHEAD, 11, []),
        ],
    )
    ticket = whole.children[1].children[1]
    assert (ticket.origin, ticket.share, ticket.place) == (Origin.INPUT, 9 / 30, Place("prompts/p.md", 7))
    assert ticket.cost == 9 * 150_000
    assert whole.share == 1


def test_a_schema_is_a_part_of_its_own_and_not_of_the_overhead():
    whole = breakdown(preview_of(SORTED, count_of([[3, 4], [2, 9, 1]], 11, schema=40), PRICED))
    assert [(part.label, part.tokens) for part in whole.children[2:]] == [(SCHEMA, 40), (OVERHEAD, 11)]
    check_sums(whole)


def test_by_source_has_one_part_a_source_over_all_messages():
    whole = by_source(preview_of(SORTED, COUNTED, PRICED))
    assert shape(whole) == (
        "context",
        30,
        [("template", 6, []), ("_tone.md", 4, []), ("ticket", 9, []), (OVERHEAD, 11, [])],
    )
    check_sums(whole)


def test_an_input_and_a_document_of_one_name_are_two_sources():
    context = context_of(("user", (Origin.INPUT, "refunds", "a"), (Origin.DOCUMENT, "refunds", "b")))
    whole = by_source(preview_of(context, count_of([[5, 6]], 3), PRICED))
    assert [(part.origin, part.tokens) for part in whole.children] == [
        (Origin.INPUT, 5),
        (Origin.DOCUMENT, 6),
        (None, 3),
    ]


def test_by_cost_puts_the_most_expensive_first_at_each_level():
    whole = by_cost(breakdown(preview_of(SORTED, COUNTED, PRICED)))
    assert [part.label for part in whole.children] == ["user", OVERHEAD, "system"]
    assert [part.tokens for part in whole.children[0].children] == [9, 2, 1]


def test_what_is_not_known_is_none_and_what_is_free_costs_nothing():
    uncounted = breakdown(preview_of(SORTED, None, PRICED))
    unpriced = breakdown(preview_of(SORTED, COUNTED, Model("lab", "openai/lab")))
    free = breakdown(preview_of(SORTED, COUNTED, Model("smol", "local/smol", free=True)))
    for part in (uncounted, *leaves(uncounted)):
        assert (part.tokens, part.share, part.cost) == (None, None, None)
    assert {part.cost for part in (unpriced, *leaves(unpriced))} == {None}
    assert unpriced.tokens == 30
    assert {part.cost for part in (free, *leaves(free))} == {0}
    assert {part.cost for part in leaves(breakdown(preview_of(SORTED, None, free_model())))} == {0}


def free_model():
    return Model("smol", "local/smol", free=True)


def test_what_the_engine_inserts_is_a_message_like_the_others():
    context = context_of(
        ("system", (Origin.ENGINE, "chat template", "You are helpful")), ("user", (Origin.TEMPLATE, "", "Hi"))
    )
    whole = breakdown(preview_of(context, count_of([[17], [1]], 13), free_model()))
    assert whole.children[0].children[0].origin is Origin.ENGINE
    check_sums(whole)


contexts = st.lists(
    st.tuples(
        st.sampled_from(["system", "user", "assistant"]),
        st.lists(
            st.tuples(st.sampled_from(list(Origin)), st.sampled_from(["", "a", "b"]), st.text(max_size=5)),
            max_size=4,
        ),
    ),
    max_size=5,
)


@given(contexts, st.data())
def test_tokens_and_pico_dollars_add_up_at_every_level(messages, data):
    context = context_of(*((role, *parts) for role, parts in messages))
    sizes = st.integers(0, 2_000)
    segments = [[data.draw(sizes) for _ in own] for own in context.segments]
    count = count_of(segments, data.draw(sizes), data.draw(st.integers(0, 500)))
    if data.draw(st.booleans()):
        factor, offset = data.draw(st.floats(0.1, 9)), data.draw(st.floats(-99, 99))
        count = corrected(count, Correction(factor, 1.5, offset, 0.01, 3))
    found = preview_of(context, count, Model("m", "openai/m", prices=TIERED))
    for whole in (breakdown(found), by_source(found), by_cost(breakdown(found))):
        check_sums(whole)
        assert (whole.tokens, whole.cost) == (count.total, found.cost.input)
        assert sum(leaf.tokens for leaf in leaves(whole)) == count.total
        assert sum(leaf.cost for leaf in leaves(whole)) == found.cost.input
