"""The plan in words: its price, what each watch gets, and what nobody sees."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import Config
from bot.model.feed import FeedSettings
from bot.model.watch import AircraftClass, Place, Watch
from bot.outlook import looking, outlook
from tests.nouns import HL59, HLLB, OSLK, watch

LOL = FeedSettings("lol", "v2", "https://api.adsb.lol", every_s=90.0, spacing_s=30.0)
SKY = FeedSettings("sky", "opensky", "https://os.example", every_s=60.0, spacing_s=5.0, key="{}")
FI = replace(LOL, name="fi", url="https://opendata.adsb.fi/api", spacing_s=1.0, every_s=60.0,
             fallback_for="lol")  # fmt: skip
ROOF = FeedSettings("roof", "readsb", "http://127.0.0.1/aircraft.json", every_s=10.0)
OUT = watch("Out", destination=Place((HL59,)))
BACK = replace(OUT, name="Back", origin=OUT.destination, destination=OUT.origin)
CHANCE = "what is asked for is not yet heard: `airbridge coverage` tells what was"


def config(*feeds: FeedSettings, watches: tuple[Watch, ...] = (OUT, BACK)) -> Config:
    return Config(Path("c.yaml"), feeds, watches, {})


def told(*feeds: FeedSettings, watches: tuple[Watch, ...] = (OUT, BACK)) -> list[list[str]]:
    return [lines for _, lines in outlook(config(*feeds, watches=watches))]


def test_a_plan_of_circles() -> None:
    """Two circles, their price against the spacing, and the sea between them, once for the way
    out and the way back."""
    assert looking(config(LOL)) == [
        "lol: 2 requests a round, 30 s apart (https://api.adsb.lol); a round every 90 s"
    ]
    assert told(LOL) == [
        ["lol: 1,920 requests; no daily limit is documented, and 30 s between two leave room for "
         "2,880 (67%)"],
        ["Out: both ends every 90 s by lol", "Back: both ends every 90 s by lol"],
        ["no feed covers the corridor between 34N 31E and 33N 26E; legs will be joined from both "
         "ends (Out and Back)", CHANCE],
    ]  # fmt: skip


def test_a_plan_of_credits_and_nights() -> None:
    """Credits by day and night against the account's; its boxes hold the ends only."""
    assert looking(config(SKY)) == [
        "sky: 2 boxes a round, 5 s apart (https://os.example); a round every 1 min; once a night "
        "the flights of the last two days"
    ]
    bill, gets, unseen = told(SKY)
    assert bill == ["sky: 2,880 credits, and up to 270 at night, of 4,000 (79%)"]
    assert gets[0] == "Out: both ends every 60 s by sky"
    assert unseen[0].startswith("no feed covers the corridor between 35N 33E and 33N 24E; ")


def test_the_whole_sky_leaves_nothing_out() -> None:
    """An open end takes the whole sky, and the credits set the pace."""
    anywhere = replace(OUT, name="In", origin=None)
    assert looking(config(SKY, watches=(anywhere,))) == [
        "sky: 1 request for the whole sky a round, 5 s apart (https://os.example); its credits "
        "allow a round every 90 s, not the 1 min asked for; once a night the flights of the last "
        "two days"
    ]
    _, gets, unseen = told(SKY, watches=(anywhere,))
    assert gets == ["In: both ends every 90 s by sky"]
    assert unseen == ["nothing between the ends is left out of what is asked for", CHANCE]


def test_a_fallback_is_told_as_one() -> None:
    """What rests costs nothing and sees nothing until it takes over."""
    line = looking(config(LOL, FI))[1]
    assert line.endswith("; a round every 1 min; rests while lol answers")
    bill, gets, unseen = told(LOL, FI)
    assert bill[1].endswith("; none while lol answers")
    assert gets[0] == "Out: both ends every 90 s by lol and 60 s by fi in place of lol"
    assert unseen[0].startswith("no feed covers the corridor"), "though the fallback's plan would"


def test_a_receiver_is_not_counted_on() -> None:
    """Its horizon is not known here: it is said, and no corridor is taken for covered."""
    _, gets, unseen = told(LOL, ROOF)
    assert gets[0] == "Out: both ends every 90 s by lol and 10 s by roof as far as it hears"
    assert unseen[0].startswith("no feed covers the corridor")
    assert unseen[1] == "what your own receiver hears is not known here, and comes on top"


@pytest.mark.parametrize(
    ("kind", "gets"),
    [
        (AircraftClass("t", types=frozenset({"IL76"})), "both ends every 90 s by lol"),
        (AircraftClass("h", hexes=frozenset({"154076"})),
         "anywhere never; Benina and 1 listed address wherever they fly every 90 s by lol"),
        (AircraftClass("c", callsigns=("RFF*",)), "anywhere never; Benina every 90 s by lol"),
    ],
    ids=["types", "addresses", "callsigns"],
)  # fmt: skip
def test_an_open_end(kind: AircraftClass, gets: str) -> None:
    """By type it is asked for world-wide; by callsign it cannot be, and that is said."""
    one = Watch("In", None, Place((HLLB,)), (kind,))
    _, found, unseen = told(replace(LOL, spacing_s=10.0), watches=(one,))
    assert found == [f"In: {gets}"]
    assert any("no feed is asked for the open end" in line for line in unseen) is ("never" in gets)


def test_a_feed_that_can_show_nothing() -> None:
    """Anywhere to anywhere by callsign: circles cannot be drawn, and no round is promised."""
    nowhere = Watch("W", None, None, (AircraftClass("c", callsigns=("RFF*",)),))
    assert looking(config(LOL, watches=(nowhere,))) == [
        "lol: nothing, as no watch names a place or aircraft that it can be asked for"
    ]
    assert told(LOL, watches=(nowhere,))[1] == ["W: both ends never"]


def test_an_unknown_place_is_not_invented() -> None:
    """Hmeimim alone: a watch from there to anywhere has no corridor."""
    one = Watch("Off", Place((OSLK,)), None)
    assert not any("corridor" in line for line in told(LOL, watches=(one,))[2])
