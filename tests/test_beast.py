"""The frames that the tests send are those that aircraft send."""

from hypothesis import given
from hypothesis import strategies as st

from tests import beast

ICAO = st.integers(0, 0xFFFFFF)


def test_the_textbook_frame_comes_out() -> None:
    """The published example of an even position frame is encoded to the bit."""
    frame = beast.position(0x40621D, 52.2572, 3.91937, 38_000, odd=False)
    assert frame.hex().upper() == "8D40621D58C382D690C8AC2863A7"


def test_a_callsign_is_sent_in_six_bits_a_letter() -> None:
    """The published example of an identification frame carries KLM1023 in the same bits."""
    frame = beast.identification(0x4840D6, "KLM1023")
    assert frame[5:11].hex().upper() == "2CC371C32CE0"


@given(ICAO, st.floats(-85, 85), st.floats(-180, 180), st.floats(-1000, 45_000), st.booleans())
def test_every_frame_passes_its_own_parity(
    icao24: int, lat: float, lon: float, altitude_ft: float, odd: bool
) -> None:
    """The remainder over a whole frame is nought, wherever the aircraft is."""
    frame = beast.position(icao24, lat, lon, altitude_ft, odd)
    assert len(frame) == 14
    assert beast.parity(frame[:11]) == int.from_bytes(frame[11:], "big")


@given(st.binary(min_size=14, max_size=14))
def test_an_escape_in_the_body_is_doubled(frame: bytes) -> None:
    """A reader that halves doubled escapes gets the frame back."""
    sent = beast.beast(frame, ticks=0x1A1A)
    assert sent[:2] == b"\x1a3"
    assert sent[2:].replace(b"\x1a\x1a", b"\x1a")[7:] == frame
