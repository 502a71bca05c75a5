"""The pictures of docs/legs.md: the reliability of the confidence, and real tracks with legs."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from bench.legs.real import DATA
from bot.airfields import Airfields
from bot.legs.history import History, legs_of
from bot.legs.readers import raw, states, traces
from bot.model.air import Leg, Positions

mpl.use("Agg")
INK, QUIET, GOOD = "#1b2a3a", "#8a97a6", "#c2452d"
LEGS = ("#2b6cb0", "#c2452d", "#2f855a", "#b7791f", "#6b46c1")


def reliability(sure: np.ndarray, right: np.ndarray, path: Path) -> None:
    """Of ends given a confidence, how many were right; with the number of ends under each point."""
    edges = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0001])
    at = np.digitize(sure, edges) - 1
    figure, (top, low) = plt.subplots(2, 1, figsize=(5.4, 6.0), height_ratios=[3.2, 1], sharex=True)
    top.plot([0.5, 1], [0.5, 1], color=QUIET, lw=1, ls="--", zorder=1)
    for k in range(len(edges) - 1):
        mine = at == k
        if mine.sum() < 5:
            continue
        share, n = right[mine].mean(), mine.sum()
        error = 1.96 * np.sqrt(max(share * (1 - share), 1e-4) / n)
        top.errorbar(sure[mine].mean(), share, error, fmt="o", color=GOOD, ms=6, capsize=3)
        low.bar((edges[k] + min(edges[k + 1], 1)) / 2, n, width=min(edges[k + 1], 1) - edges[k],
                color=LEGS[0], edgecolor="white")  # fmt: skip
    top.set(ylabel="share that was right", ylim=(0.4, 1.02), xlim=(0.5, 1.0))
    top.set_title("Named ends of simulated legs on judging seeds", color=INK, fontsize=11)
    low.set(xlabel="confidence given", ylabel="ends", yscale="log")
    _plain(top, low)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def tracks(fields: Airfields, folder: Path) -> None:
    """Three real tracks with what the builder says of them."""
    history = History(fields)
    for name, path, title in (
        ("airliner", DATA / "traces" / "trace_full_ac671b.json",
         "N899DN, 4-5 February 2025: four legs, the landing at Spokane was never seen"),
        ("picture", DATA / "tracks" / "elal747.json.gz",
         "ELY1747, 3 November 2019: loops south of Cyprus inside one leg"),
        ("spoofing", DATA / "tracks" / "noisy_spoofing.json.gz",
         "THY9BP, 17 September 2024: positions jump under GPS spoofing, the leg stays whole"),
    ):  # fmt: skip
        data = raw.read(path)
        parse = traces.parse if "traces" in str(path) else states.parse_json
        p = parse(data, path.name)
        _track(p, sorted(legs_of(p, history), key=lambda g: g.first_seen), title, fields,
               folder / f"legs-{name}.png")  # fmt: skip


def _track(p: Positions, legs: list[Leg], title: str, fields: Airfields, path: Path) -> None:
    figure, (chart, time) = plt.subplots(2, 1, figsize=(7.2, 7.2), height_ratios=[2.2, 1])
    chart.plot(p.lon_deg, p.lat_deg, ".", color=QUIET, ms=1.2, zorder=1)
    for k, leg in enumerate(legs):
        begin, end = leg.first_seen.timestamp(), leg.last_seen.timestamp()
        mine = (p.time_s >= begin) & (p.time_s <= end)
        colour = LEGS[k % len(LEGS)]
        label = f"{leg.callsign}: {_said(leg.origin)} → {_said(leg.destination)}"
        chart.plot(p.lon_deg[mine], p.lat_deg[mine], ".", ms=2, color=colour, label=label, zorder=2)
        hours = (p.time_s[mine] - p.time_s[0]) / 3600
        time.plot(hours, p.altitude_ft[mine] / 1000, ".", ms=2, color=colour)
        for end_ in (leg.origin, leg.destination):
            field = fields.get(end_.airfield) if end_.airfield else None
            if field is not None:
                chart.plot(field.lon_deg, field.lat_deg, "s", color=INK, ms=5, zorder=3)
                chart.annotate(field.ident, (field.lon_deg, field.lat_deg), xytext=(6, 4),
                               textcoords="offset points", color=INK, fontsize=9)  # fmt: skip
    chart.set_aspect(1 / np.cos(np.radians(np.median(p.lat_deg))), adjustable="datalim")
    chart.legend(fontsize=8, markerscale=4, frameon=False, loc="best")
    chart.set_title(title, color=INK, fontsize=10)
    time.set(xlabel="hours since the first report", ylabel="altitude, 1,000 ft")
    _plain(chart, time)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _said(end: object) -> str:
    ident = getattr(end, "airfield", None)
    if ident is None:
        return "unknown"
    return f"{ident} ({getattr(end, 'how', '')}, {getattr(end, 'confidence', 0):.2f})"


def _plain(*axes: plt.Axes) -> None:
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=INK, labelsize=8)
        axis.grid(color="#e3e8ee", lw=0.6)
        axis.set_axisbelow(True)
