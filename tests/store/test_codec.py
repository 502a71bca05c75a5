"""A message keeps its stored form: rows queued by an older program must stay readable."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.model.alert import Kind, Message, Picture, Reason, Section, Span
from bot.store.codec import message_in, message_out

GOLDEN = Path(__file__).parent / "golden" / "message.json"

MESSAGE = Message(
    title="Surge: Hmeimim → eastern Libya",
    sections=(
        Section(
            ((Span("5 legs", "b"), Span(" in 7 days")), (Span("track", "", "https://x.test/?a=1"),)),
            heading="What",
            essential=True,
        ),
        Section(()),
    ),
    pictures=(Picture("chart.png", b"\x89PNG one", "Daily counts"),
              Picture("map.png", b"\x89PNG two", "Map")),
    reason=Reason.FIRST,
    kind=Kind.SURGE,
    silent=True,
    label="RECONSTRUCTION from published reports",
)  # fmt: skip


def test_a_message_has_its_golden_form() -> None:
    """The stored text is the one on file, and reads back to the same message."""
    text, pngs = message_out(MESSAGE)
    assert json.loads(text) == json.loads(GOLDEN.read_text("utf-8"))
    assert message_in(GOLDEN.read_text("utf-8"), pngs) == MESSAGE


def test_the_same_picture_is_kept_once() -> None:
    """Pictures are known by their content, whatever their name."""
    twice = Message("t", (), (Picture("a.png", b"one", ""), Picture("b.png", b"one", "")))
    text, pngs = message_out(twice)
    assert list(pngs.values()) == [b"one"]
    assert message_in(text, pngs) == twice


spans = st.builds(Span, st.text(), st.sampled_from(["", "b", "i", "code"]), st.text())
sections = st.builds(
    Section,
    st.lists(st.lists(spans, max_size=3).map(tuple), max_size=3).map(tuple),
    heading=st.text(),
    essential=st.booleans(),
)
messages = st.builds(
    Message,
    title=st.text(),
    sections=st.lists(sections, max_size=3).map(tuple),
    pictures=st.lists(st.builds(Picture, st.text(), st.binary(), st.text()), max_size=2).map(tuple),
    reason=st.sampled_from(Reason),
    kind=st.sampled_from(Kind),
    silent=st.booleans(),
    label=st.text(),
)


@given(messages)
def test_any_message_survives_its_text(message: Message) -> None:
    """Whatever is said reads back the same."""
    assert message_in(*message_out(message)) == message
