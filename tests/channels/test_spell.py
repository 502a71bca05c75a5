"""How a message is spelt: what fits, what goes first, and that nothing is cut in half."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import spell
from bot.model.alert import Message, Picture, Section, Span
from tests.channels.conftest import CHART, LONG, MAP, SHORT, line
from tests.telegram_rules import parse_html, units

TEXT = st.text(max_size=60) | st.sampled_from(["<b>", "a&amp;b", "📈" * 40, "x" * 500, "\ud800"])
SPANS = st.builds(
    Span, TEXT, st.sampled_from(["", "b", "i", "code"]), st.sampled_from(["", "h://x?a&b"])
)
LINES = st.lists(SPANS, max_size=4).map(tuple)
SECTIONS = st.builds(
    Section, st.lists(LINES, max_size=40).map(tuple), st.text(max_size=20), st.booleans()
)
MESSAGES = st.builds(
    Message,
    title=st.text(max_size=30) | st.just("word " * 600),
    sections=st.lists(SECTIONS, max_size=6).map(tuple),
    pictures=st.sampled_from([(), (CHART,), (CHART, MAP)]),
    label=st.sampled_from(["", "RECONSTRUCTION", "long " * 900]),
)


def rows(n: int, essential: bool = False, text: str = "row") -> Section:
    return Section(tuple(line(f"{text} {i}") for i in range(n)), "Rows", essential)


@given(MESSAGES)
@settings(max_examples=60, deadline=None)
def test_every_piece_fits_and_parses(message: Message) -> None:
    """Whatever is said, each piece is within the server's limit and is markup it accepts."""
    found = spell.pieces(message)
    assert 1 <= len(found) <= 2
    for piece in found:
        limit = 1024 if piece.pictures else 4096
        assert units(parse_html(piece.html())) <= limit
        assert units(piece.plain()) <= limit
        for shorter in piece.shorter():
            assert units(parse_html(shorter.html())) <= limit or not shorter.pictures


@given(MESSAGES)
@settings(max_examples=25, deadline=None)
def test_shortening_ends(message: Message) -> None:
    """However often the server says 'too long', there is an end to trying."""
    todo = list(spell.pieces(message))
    for _ in range(40):
        if not todo:
            return
        todo[:1] = todo[0].shorter()
    raise AssertionError("still shortening")


@given(st.text())
def test_clean_text_can_be_sent(text: str) -> None:
    """What is clean can be UTF-8 and moves no terminal's cursor."""
    clean = spell.clean(text)
    clean.encode()
    assert not any(c < " " and c != "\n" for c in clean)
    assert spell.clean(clean) == clean


def test_markup_is_made_of_escaped_parts() -> None:
    """A value can neither open nor close a tag, nor leave its attribute."""
    span = Span("<b>&", "code", 'https://x/?a="><script>')
    html = spell.line_html((span,))
    assert html == (
        '<a href="https://x/?a=&quot;&gt;&lt;script&gt;"><code>&lt;b&gt;&amp;</code></a>'
    )
    assert parse_html(html) == "<b>&"


def test_the_least_important_goes_first() -> None:
    """From the end: optional sections are shortened, then dropped, before essential ones."""
    message = Message(
        "Title", (rows(50, True, "fact"), rows(300, text="leg"), rows(300, text="note"))
    )
    (piece,) = spell.pieces(message)
    text = piece.plain()
    assert "fact 49" in text
    assert "leg 299" in text
    assert "note 299" not in text
    assert "more lines" in text.splitlines()[-1]
    full = Message("Title", (rows(500, True, "fact"), rows(300, text="leg")))
    text = spell.pieces(full)[0].plain()
    assert "leg" not in text
    assert "fact 0" in text


def test_nothing_is_cut_inside_a_word() -> None:
    """A line too long for a message ends after a whole word, with an ellipsis."""
    sentence = " ".join(f"word{i}" for i in range(2000))
    message = Message("Title", (Section(((Span(sentence, "b"),),), essential=True),))
    shown = spell.pieces(message)[0].plain().removeprefix("Title\n\n")
    assert shown.endswith(" …")
    assert sentence.startswith(shown.removesuffix(" …") + " ")


def test_a_caption_takes_whole_sections() -> None:
    """What fits a caption stays with the pictures; the rest follows from its heading on."""
    photo, words = spell.pieces(LONG)
    assert photo.plain() == "RECONSTRUCTION\n7 legs in 3 days\n\nexpected 0.2"
    assert photo.pictures == (CHART, MAP)
    assert words.plain().startswith("RECONSTRUCTION\n\nLegs\nleg 0 ")
    assert not words.pictures


def test_essentials_too_long_for_a_caption_follow() -> None:
    """Then the picture has the title alone."""
    message = Message("Title", (rows(200, essential=True),), (Picture("a.png", b"", ""),))
    photo, words = spell.pieces(message)
    assert photo.plain() == "Title"
    assert "row 199" in words.plain()


def test_addresses_are_written_out_where_there_is_no_markup() -> None:
    """Plain text shows where a link leads, as long as there is room."""
    link = (Span("track", "", "https://adsb.lol/?icao=154076"),)
    short = spell.pieces(Message("T", (Section((link,)),)))[0]
    assert short.plain() == "T\n\ntrack https://adsb.lol/?icao=154076"
    many = spell.pieces(Message("T", (Section((link,) * 300),)))[0]
    assert "adsb.lol" not in many.plain()


def test_short_messages_are_one_piece() -> None:
    """No reply for what fits."""
    assert len(spell.pieces(SHORT)) == 1
