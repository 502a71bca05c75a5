"""A configuration in words."""

from dataclasses import replace

import pytest

from bot import airfields, config
from bot.config import Config
from bot.explain import LEARN_DAYS, Facts, explain
from detectors import engine

YAML = """
feeds:
  - {name: lol, kind: v2, url: "https://api.adsb.lol", every: 10s}
  - {name: roof, kind: readsb, url: "http://127.0.0.1/data/aircraft.json"}
  - {name: al, kind: v2, provider: airplanes-live}
airfields:
  HL59: {name: al-Khadim, lat: 31.9985, lon: 21.1918}
areas:
  east: {box: {south: 30, north: 33, west: 20, east: 25}}
  home: {circle: {lat: -1.5, lon: -2, radius_nm: 40}}
aircraft:
  heavy: {types: [IL76, A124], hex: [154076], callsigns: ["RFF*"], military: on,
          only: {registrations: ["RA-*"]}, except: {callsigns: ["VDA*"]}}
audiences:
  desk: [{telegram: {chat: -100123, topic: 7}}, console]
  night: console
operators: desk
timezone: Europe/Paris
quiet_hours: 22:30-06:30
watches:
  - {name: Bridge, from: [HLLB], to: [HL59, east], aircraft: [heavy], usual: 1 per month,
     alerts: {first_after: 90 days, lull: 1 per year}, audience: [desk]}
  - {name: Home, to: [home], alerts: {surge: {false_alarms: 0.5 per year}, sightings: on},
     audience: [night, desk]}
  - {name: Mute, to: [home], alerts: {surge: off}, audience: [night]}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("explain") / "config.yaml"
    path.write_text(YAML, "utf-8")
    return config.load(path, airfields.load(), env={"TELEGRAM_TOKEN": "1:T"})


def block(lines: list[str], heading: str) -> list[str]:
    """The lines under a heading."""
    start = lines.index(heading) + 1
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return lines[start:end]


def test_what_is_watched(settings: Config) -> None:
    """Each watch says where, which aircraft, how sure, and what it fires on."""
    assert block(explain(settings), "What is watched:") == [
        "Bridge → desk",
        "  Benina (HLLB) → al-Khadim (HL59) and east; heavy; both ends 70% sure",
        "  fires on a surge (false alarms: 1 a year, usual is 1 per month), the first flight in 90 "
        "days and a lull (false alarms: 1 a year)",
        "Home → night, desk",
        "  anywhere → home; all aircraft; the end 70% sure",
        "  fires on a surge (false alarms: one in 2 years) and every flight, gathered hourly",
        "Mute → night",
        "  anywhere → home; all aircraft; the end 70% sure",
        "  can never fire: every alert is off",
    ]


def test_kinds_and_areas(settings: Config) -> None:
    """Classes are spelt out; an area says how large it is and where, so that swapped coordinates
    show."""
    lines = explain(settings)
    assert block(lines, "Kinds of aircraft:") == [
        "heavy: type A124 or IL76; or 1 listed address; or callsign RFF*; or flagged military – "
        "but "
        "only with registration RA-* – and not with callsign VDA*"
    ]
    assert block(lines, "Areas:") == [
        "east: 474 km from west to east, 334 km from south to north, around 31.5°N 22.5°E",
        "home: 40 nm around 1.5°S 2.0°W",
    ]


def test_who_looks(settings: Config) -> None:
    """Requests a round and the seconds they take, when that is longer than asked for."""
    lines = block(explain(settings), "Who looks:")
    assert lines[0].startswith("lol: ")
    asked = int(lines[0].split()[1])
    assert asked >= 2
    assert lines[0] == (
        f"lol: {asked} requests a round, 10 s apart (https://api.adsb.lol); a round takes "
        f"{asked * 10} s, longer than the 10 s asked for"
    )
    assert lines[1:] == [
        "roof: all that your receiver hears, every 10 s (http://127.0.0.1/data/aircraft.json)"
    ]


HEADING = "What cannot fire yet, and what rests on your word:"


def test_what_cannot_fire_yet(settings: Config) -> None:
    """Each reason is given once, with the watches it holds for."""
    assert block(explain(settings), HEADING) == [
        "Bridge: a surge is judged by what you call usual, until the days looked at say more",
        "Bridge: no lull before 14 days of looking",
        "Bridge: no “first in 90 days” before somebody has looked for 90 days",
        "Home: no surge before 14 days of looking; `usual:` or imported history ends the wait",
        "Home and Mute: no lull: it is off",
    ]


def test_history_ends_the_waiting(settings: Config) -> None:
    """With days of looking known, the count so far is told, and what is over is left out."""
    lines = block(explain(settings, Facts({"Bridge": 60, "Home": 3})), HEADING)
    assert lines == [
        "Bridge: no “first in 90 days” before somebody has looked for 90 days (60 so far)",
        "Home: no surge before 14 days of looking (3 so far); `usual:` or imported history ends "
        "the "
        "wait",
        "Home and Mute: no lull: it is off",
    ]


def test_who_is_told(settings: Config) -> None:
    """Audiences with their channels, who hears of troubles, and the habits of the house."""
    lines = explain(settings)
    assert block(lines, "Who is told:") == [
        "desk: Telegram chat -100123, topic 7 and the console",
        "night: the console",
        "The bot's own troubles: desk",
    ]
    assert block(lines, "Habits:")[:2] == [
        "Times are shown in Europe/Paris; days are UTC days.",
        "From 22:30 to 06:30 messages come without sound.",
    ]


def test_what_has_no_key_is_said(settings: Config) -> None:
    """A feed left out for want of a key is said at the end."""
    assert block(explain(settings), "Mind:") == [
        "feed al is not asked: airplanes-live needs a key (key_file, or the credential al_key)."
    ]


def test_an_audience_hears_of_its_own_watches(settings: Config) -> None:
    """On start an audience is told of its watches; the bot's troubles only if it is an operator."""
    night = explain(settings, audience="night")
    assert [line for line in night if "→" in line and not line.startswith(" ")] == [
        "Home → night, desk",
        "Mute → night",
    ]
    assert not any("Bridge" in line or "airplanes-live" in line for line in night)
    assert block(explain(settings, audience="desk"), "The bot itself:") == [
        "you hear of its troubles",
        "feed al is not asked: airplanes-live needs a key (key_file, or the credential al_key).",
    ]


def test_an_audience_that_nobody_tells_is_left_in_peace(settings: Config) -> None:
    """No greeting for an audience without watches that is no operator."""
    alone = replace(settings, watches=settings.watches[:1], operators=())
    assert explain(alone, audience="night") == []
    assert "Who looks:" in explain(replace(alone, operators=("night",)), audience="night")


def test_no_block_is_empty(settings: Config) -> None:
    """A heading always has something under it, and no two empty lines follow each other."""
    lines = explain(settings)
    for here, after in zip(lines, [*lines[1:], ""], strict=True):
        assert not (here.endswith(":") and after == "")
        assert (here, after) != ("", "")


def test_learning_takes_as_long_as_the_detectors_say() -> None:
    """The words and the judgement agree on how long a watch learns."""
    assert engine.LEARN_DAYS == LEARN_DAYS


def test_nothing_secret_is_explained(settings: Config) -> None:
    """No token appears in the words."""
    assert "1:T" not in "\n".join(explain(settings))
