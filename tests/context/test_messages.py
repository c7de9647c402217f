import pytest

from workbench.context.messages import Context, Message, Origin, Segment


@pytest.mark.parametrize(
    ("origin", "name", "called"),
    [
        (Origin.TEMPLATE, "", "template"),
        (Origin.INPUT, "ticket", "ticket"),
        (Origin.EXAMPLE, "3", "example 3"),
        (Origin.EXAMPLE, "examples", "examples"),
        (Origin.ENGINE, "chat template", "chat template"),
    ],
)
def test_a_segment_is_called_by_its_name_and_an_example_by_its_number(origin, name, called):
    assert Segment(origin, name, 0, 1).called == called


def test_what_an_engine_inserts_is_told_from_what_is_sent():
    def of(origin):
        return (Segment(origin, "", 0, 2),)

    messages = (Message("system", "Be"), Message("user", "Hi"), Message("assistant", ""))
    context = Context(messages, (of(Origin.ENGINE), of(Origin.TEMPLATE), ()))
    assert [context.inserted(at) for at in range(3)] == [True, False, False]
