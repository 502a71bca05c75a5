"""A trouble is told once it has lasted, and once more when it is over."""

from datetime import timedelta

from bot.health import BLIND_AFTER, Health, blind
from bot.lane import LaneState, Mood
from bot.store import LookHour
from tests.nouns import at

START = at("2024-12-26 12:00")


def lane(mood: Mood, why: str = "HTTP 503") -> LaneState:
    return LaneState("adsb-lol", mood, START, why, None, None, 10.0, 1)


def minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def test_a_feed_dark_for_half_an_hour_is_told_once() -> None:
    """Operators hear of a dark feed once, with the reason, not every half minute."""
    health = Health()
    assert health.examine([lane(Mood.FAILING)], START + minutes(1)) == []
    ((title, lines),) = health.examine([lane(Mood.FAILING)], START + minutes(31))
    assert title == "Feed adsb-lol is dark"
    assert lines[0] == "HTTP 503"
    assert "unobserved, not as zero" in lines[1]
    assert health.examine([lane(Mood.FAILING)], START + minutes(32)) == []


def test_its_return_is_told() -> None:
    """Who heard that a feed is dark hears that it is back, and for how long it was gone."""
    health = Health()
    health.examine([lane(Mood.FAILING)], START + minutes(31))
    ((title, lines),) = health.examine([lane(Mood.OK)], START + minutes(45))
    assert title == "Feed adsb-lol answers again"
    assert "45 min" in lines[0]


def test_a_short_hiccup_is_nobodys_news() -> None:
    """A feed that comes back before anybody heard of it is not mentioned."""
    health = Health()
    health.examine([lane(Mood.FAILING)], START + minutes(1))
    assert health.examine([lane(Mood.OK)], START + minutes(5)) == []


def test_a_refusal_is_told_at_once() -> None:
    """A 403 does not pass by waiting: a human must act."""
    ((title, _),) = Health().examine([lane(Mood.REFUSED, "403: ask for a key")], START)
    assert title == "Feed adsb-lol refuses us"


def test_a_job_that_keeps_failing_is_told() -> None:
    """Three failures in a row are told once, and the recovery too."""
    health = Health()
    for _ in range(3):
        health.failed("assess", ValueError("boom"), START)
    ((title, lines),) = health.examine([], START)
    assert title == "assess keeps failing"
    assert lines[0] == "ValueError: boom"
    assert health.examine([], START) == []
    health.worked("assess")
    ((title, _),) = health.examine([], START)
    assert title == "assess works again"
    assert health.examine([], START) == []


def test_one_failure_is_not_news() -> None:
    """A job that failed once and then worked is not mentioned."""
    health = Health()
    health.failed("assess", ValueError("boom"), START)
    health.worked("assess")
    assert health.examine([], START) == []


def hour(feed: str, key: str, ok: int, failed: int, why: str = "") -> LookHour:
    return LookHour(feed, key, START, ok, failed, 0, 0, why)


def test_a_question_that_is_never_answered_is_told() -> None:
    """One circle that always fails hides behind the others that work: named, with the last
    reason; a feed that is wholly dark is told otherwise, and a few failures are weather."""
    asked = {"lol": ["near:1", "near:2", "near:3"], "fi": ["near:1"]}
    hours = [hour("lol", "near:1", 60, 0), hour("lol", "near:2", 0, BLIND_AFTER, "HTTP 404"),
             hour("lol", "near:3", 0, BLIND_AFTER - 1, "HTTP 503"),
             hour("lol", "near:0", 0, 99, "of an older plan"),
             hour("fi", "near:1", 0, 99, "HTTP 503")]  # fmt: skip
    ((title, lines),) = blind(hours, asked)
    assert title == "Feed lol never answers 1 of 3 questions"
    assert lines[0] == f"near:2: {BLIND_AFTER} times, HTTP 404"
    assert "not observed" in lines[-1]
    assert blind([*hours, hour("lol", "near:2", 1, 0)], asked) == []


def test_no_token_is_told_to_operators() -> None:
    """What a job died of may hold the address it asked, and that the bot's token."""
    health = Health()
    for _ in range(3):
        health.failed("deliver", OSError(f"POST /bot12345678:{'A' * 35}/sendMessage"), START)
    ((_, lines),) = health.examine([], START)
    assert lines[0] == "OSError: POST /bot<token>/sendMessage"
