"""The measures, the simulated worlds, the calibration table and the real series."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import calibration, evaluate, simulate, walk_forward

HERE = Path(__file__).parent
DATA = HERE / "data"


def test_an_always_on_detector_scores_52_a_year() -> None:
    """Alarms within seven days are one false alarm."""
    ok = np.ones((1, 364), bool)
    assert evaluate.false_alarms(ok, ok).tolist() == [52]


def test_delay_counts_from_the_start_and_allows_grace() -> None:
    """Same day is 0; a spike may be found two days late; later is a miss."""
    trial = simulate.sparse_grid(1, per_class=1)
    score = np.zeros(trial.counts.shape)
    s = trial.surges
    i = int(np.flatnonzero(s.kind == "spike")[0])
    for late, want in ((0, 0.0), (2, 2.0), (3, np.inf)):
        score[:] = 0
        score[s.row[i], s.start[i] + late] = 1
        assert evaluate.delays(trial, score, 0.5)[i] == want


def test_the_threshold_meets_the_rate() -> None:
    """At the threshold found, the pooled rate is at or just below the wanted one."""
    rng = np.random.default_rng(1)
    score = rng.normal(size=(50, 700))
    ok = np.ones(score.shape, bool)
    threshold = evaluate.threshold_for(score, ok, 1.0)
    assert 0.9 < evaluate.far_at(score, ok, threshold) <= 1.0


def test_surges_and_their_tails_are_not_clean() -> None:
    """28 days after a surge an alarm is neither right nor wrong."""
    trial = simulate.sparse_grid(2, per_class=1)
    ok = evaluate.clean(trial, np.ones(trial.counts.shape))
    s = trial.surges
    assert not ok[s.row[0], s.start[0] : s.end[0] + 29].any()
    assert not ok[:, : trial.judge_from].any()


@pytest.mark.parametrize("spread", [0.2, 1.0, 2.5])
def test_simulated_counts_have_the_mean_and_dispersion_asked_for(spread: float) -> None:
    """draw() keeps mean and variance, over and under Poisson."""
    mean = np.full(200_000, 4.0 if spread > 0.5 else 8.0)
    y = simulate.draw(np.random.default_rng(3), mean, np.full(200_000, spread))
    assert y.mean() == pytest.approx(mean[0], rel=0.02)
    assert y.var() / y.mean() == pytest.approx(spread, rel=0.05)


def test_the_42_scenarios_are_42() -> None:
    """Seven groups, with and without trend, none to two harmonics; one current outbreak each."""
    trial = simulate.noufaily(1, per_scenario=1)
    assert len(set(trial.group)) == 42
    assert trial.counts.shape == (42, 624)
    assert (trial.surges.start >= 575).all()
    assert trial.step == 7


def test_weekly_seasons_can_keep_step_with_the_calendar() -> None:
    """A year of 365.25 / 7 weeks peaks in one month for ever, the paper's drifts by a fortnight."""
    paper = simulate.noufaily(1, per_scenario=1)
    calendar = simulate.noufaily(1, per_scenario=1, year_weeks=365.25 / 7)
    row = list(paper.group).index("7m1")

    def phase(trial: simulate.Trial) -> float:
        """Days by which the peak of the last two years comes earlier than that of the first."""
        days = np.arange(624) * 7 % 365.25
        tops = [days[w][trial.mean[row, w].argmax()] for w in (slice(26, 78), slice(546, 598))]
        return float((tops[0] - tops[1] + 182) % 365.25 - 182)

    assert abs(phase(calendar)) <= 7
    assert phase(paper) > 10


def test_the_oracle_is_hard_to_beat() -> None:
    """Told the truth, it finds at least what the detector finds (within noise)."""
    trial = simulate.sparse_grid(4, per_class=3)
    best = evaluate.oracle(trial)
    best[:, : trial.judge_from] = np.nan
    own = evaluate.at_far(trial, walk_forward(trial.counts, trial.dates).score, 1.0)
    told = evaluate.at_far(trial, best, 1.0)
    assert told.pod > 0.8
    assert own.pod > 0.9 * told.pod
    assert own.pod < told.pod + 0.05


def test_quiet_series_keep_the_budget() -> None:
    """One false alarm a year was asked for, and no more than that happens."""
    trial = simulate.sparse_grid(5, per_class=8, surges=False)
    alarm = walk_forward(trial.counts, trial.dates).alarm
    far = np.mean(list(evaluate.group_far(trial, alarm).values()))
    assert 0.5 < far < 1.1


def test_an_airlift_is_found_within_days() -> None:
    """From at most 0.1 to one or two legs a day: all found, half of them by the next day."""
    trial = simulate.airlift(6, 100)
    report = evaluate.report(trial, walk_forward(trial.counts, trial.dates).score, 0.0)
    assert report.pod == 1.0
    assert report.delay_median <= 1.5


def _script(name: str) -> Any:
    path = HERE.parent.parent / "bench" / "detect" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_shipped_table_is_what_its_script_makes() -> None:
    """Classes simulated anew keep the rate the shipped table states; plain rare ones keep well
    below it, as the bounds on evidence have it."""
    script = _script("calibrate")
    classes = [
        script.quiet_class(r, s, 40, 77 + i) for i, (r, s) in enumerate(((0.1, 1.0), (2.0, 1.3)))
    ]
    far = script.actual(classes, calibration.table(1), 1.0)
    assert 0.05 < far[0] < 1.0
    assert 0.4 < far[1] < 1.4
    again = script.quiet_class(0.1, 1.0, 40, 77)
    np.testing.assert_array_equal(again.score, classes[0].score)


def test_the_shipped_daily_surges_are_the_kept_fit_lowered() -> None:
    """The script writes what is shipped, to the last digit."""
    text = (Path(calibration.__file__).parent / "data" / "calibration.json").read_text("utf-8")
    assert _script("calibrate").kept() == json.loads(text)["daily"]


def test_the_table_has_its_parts() -> None:
    """Both steps, both directions, nodes rising, slopes positive."""
    text = (Path(calibration.__file__).parent / "data" / "calibration.json").read_text("utf-8")
    assert set(json.loads(text)) == {"daily", "weekly", "lull daily", "lull weekly"}
    for step in (1, 7):
        for sign in (1, -1):
            table = calibration.table(step, sign)
            assert (np.diff(table.rates) > 0).all()
            assert (table.slope > 0).all()


def column(name: str, field: str) -> tuple[np.ndarray, np.ndarray]:
    """Dates and counts of a published series; negative values are the source's errors."""
    with (DATA / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    dates = np.array([next(iter(row.values())) for row in rows], "datetime64[D]")
    counts = np.array([float(row[field]) for row in rows])
    return dates, np.where(counts < 0, np.nan, counts)


def events(kind: str) -> list[dict[str, str]]:
    with (DATA / "events.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


@pytest.mark.parametrize("event", events("surge"), ids=lambda e: f"{e['series']} {e['date_from']}")
def test_every_known_surge_is_raised_in_its_window(event: dict[str, str]) -> None:
    """Football supporters and relief flights alarm while they happen."""
    dates, y = column(event["file"].split("/")[1], event["series"])
    walk = walk_forward(y, dates)
    inside = (dates >= np.datetime64(event["date_from"])) & (
        dates <= np.datetime64(event["date_to"])
    )
    assert walk.alarm[inside].any()


@pytest.mark.parametrize("event", events("drop")[:2], ids=lambda e: e["series"])
def test_a_closed_airspace_is_no_surge(event: dict[str, str]) -> None:
    """A fall is not reported as a rise."""
    dates, y = column(event["file"].split("/")[1], event["series"])
    inside = (dates >= np.datetime64(event["date_from"])) & (
        dates <= np.datetime64(event["date_to"])
    )
    assert not walk_forward(y, dates).alarm[inside].any()


def test_months_absent_at_the_source_are_not_zeros() -> None:
    """After two missing months ordinary traffic neither alarms nor is expected to be low."""
    with (DATA / "airport_pairs_daily_2025_subset.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["HFE_TYPE"] == "KEP"]
    pair = {r["DATE"]: float(r["N"]) for r in rows if (r["ADEP"], r["ADES"]) == ("LTFM", "LPPT")}
    dates = sorted(pair)
    assert "2025-02-15" not in pair
    walk = walk_forward([pair[d] for d in dates], dates)
    first = next(i for i, d in enumerate(dates) if d >= "2025-04-01")
    assert not walk.alarm[first : first + 14].any()
    assert walk.expected[first] > 1
    assert np.isfinite(walk.score[first])


@pytest.mark.parametrize("route", ["HNL", "BUR", "LGB"])
def test_doublings_of_real_scheduled_routes_are_raised_the_same_day(route: str) -> None:
    """One or two legs on every day of the year: twice that is an alarm at once."""
    dates, y = column("nyc_2013_route_daily_counts.csv", route)
    days = [t for t in range(120, 365, 3) if y[t] > 0]
    batch = np.repeat(y[None], len(days), axis=0)
    for k, t in enumerate(days):
        batch[k, t] *= 2
    alarm = walk_forward(batch, dates).alarm
    assert np.mean([alarm[k, t] for k, t in enumerate(days)]) >= 0.8


def test_lulls_keep_the_budget_on_rare_and_regular_routes() -> None:
    """One false lull a year was asked for: quiet routes do not exceed it, clumped or timetabled."""
    script = _script("calibrate")
    cells = ((0.35, 1.0), (1.0, 0.25), (2.0, 1.8))
    classes = [script.quiet_class(r, s, 30, 311 + i, 1, -1) for i, (r, s) in enumerate(cells)]
    far = script.actual(classes, calibration.table(1, -1), 1.0)
    assert all(0.4 < f < 1.5 for f in far)
