"""Fit the weights and the calibration of `bot/legs/belief.py` on simulated flights.

    python -m bench.legs.fit [--seeds 101 102 ...] [--aircraft 400] [--out FILE]

Three steps: run the leg builder over the simulated reports and write down every question it asks
itself about a stop; label each with the field where the aircraft truly was; fit a conditional
logit (scipy) on two thirds of the seeds and an isotonic calibration (scikit-learn) on the rest.
The seeds here are never the judging ones of `bench.legs.run`.
"""

import argparse
import json
import pickle
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from bench.legs.sim import Flight, simulate
from bot import airfields
from bot.legs import belief
from bot.legs.belief import Question
from bot.legs.history import History
from bot.legs.stop import Spell

SEEDS = tuple(range(101, 113))
RIDGE = 2.0
FEW_WEIGHT = 0.15  # such recordings are rarer among what is watched than among the fit's worlds
HOPELESS = 12.0  # candidates this far behind by the weights at hand teach nothing
Case = tuple[
    np.ndarray, int, int, float
]  # evidence, row of the truth (-1: elsewhere), band, patience


class Truth:
    """Where an airframe was on the ground, and when."""

    def __init__(self, flights: list[Flight]) -> None:
        self.flights = sorted(flights, key=lambda f: f.takeoff)
        self.offs = [f.takeoff for f in self.flights]

    def stop(self, q: Question, spell: Spell | None) -> str | None:
        """The ident of the one field where it stopped, None when it did not or twice."""
        if spell is not None:
            i = bisect_left(self.offs, spell.until - 60)
            near = [self.flights[i - 1].destination] if i else []
            near += [self.flights[i].origin] if i < len(self.flights) else []
            return near[-1] if near else None
        if q.before is not None:
            i = bisect_left(self.offs, q.before.t + 1) - 1
            here = self.flights[max(i, 0)]
            if q.after is not None:
                j = bisect_left(self.offs, q.after.t + 1) - 1
                return here.destination if j == i + 1 else None
            return here.destination
        assert q.after is not None
        return self.flights[max(bisect_left(self.offs, q.after.t + 1) - 1, 0)].origin


def cases(history: History, seed: int, aircraft: int) -> dict[str, list[Case]]:
    """Every question of one simulated day with its answer."""
    few = of_few(seed)
    day = simulate(history.sky.places.airfields, seed, aircraft * (2 if few else 1), few=few)
    by_craft = defaultdict(list)
    for flight in day.flights:
        by_craft[flight.icao24].append(flight)
    out: dict[str, list[Case]] = defaultdict(list)
    row_of = history.sky.places.airfields.row_of
    addresses = day.positions.icao24
    for address, flights in by_craft.items():
        history.sky.asked = asked = []
        rows = slice(*np.searchsorted(addresses, [address, address + 1]))
        history.add(day.positions.take(np.arange(rows.start, rows.stop)))
        history.flush()
        truth = Truth(flights)
        for q, spell in asked:
            ident = truth.stop(q, spell)
            c, x = belief.weigh(history.sky.places, q)
            if not len(c.rows):
                continue
            true = c.rows == (row_of[ident] if ident else -1)
            score = x @ history.sky.weights[q.context].evidence
            keep = (score > score.max() - HOPELESS) | true
            x, true = x[keep], true[keep]
            hit = np.flatnonzero(true)
            out[q.context].append((x.astype(np.float32), int(hit[0]) if len(hit) else -1,
                                   belief.band(q), belief.doubts(q, len(c.rows)),
                                   q.craft in belief.LIGHT))  # fmt: skip
    return out


def of_few(seed: int) -> bool:
    """Every fourth world is heard by a few receivers only."""
    return seed % 4 == 2


def fit_logit(data: list[Case], context: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the evidence and the constants of 'elsewhere' by maximum likelihood."""
    x = np.concatenate([c[0] for c in data])
    sizes = np.array([len(c[0]) for c in data])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    group = np.repeat(np.arange(len(data)), sizes)
    hit = np.array([s + c[1] if c[1] >= 0 else -1 for s, c in zip(starts, data, strict=True)])
    bands, wait = np.array([c[2] for c in data]), np.array([c[3] for c in data])
    n, n_bands = x.shape[1], belief.bands(context)
    centre = np.concatenate([np.zeros(n), np.full(n_bands, -2.0), np.zeros(2)])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        score, none = (x @ w[:n].astype(np.float32)).astype(float), w[n:-2][bands] + wait @ w[-2:]
        top = np.maximum(np.maximum.reduceat(score, starts), none)
        e, e0 = np.exp(score - top[group]), np.exp(none - top)
        total = np.add.reduceat(e, starts) + e0
        share, share0 = e / total[group], e0 / total
        right = np.where(hit >= 0, score[hit], none) - top - np.log(total)
        grad_x = (share.astype(np.float32) @ x).astype(float) - x[hit[hit >= 0]].sum(axis=0)
        off = share0 - (hit < 0)
        grad0 = np.concatenate([np.bincount(bands, off, n_bands), off @ wait])
        gap = w - centre
        return -right.sum() + RIDGE / 2 * gap @ gap, np.concatenate([grad_x, grad0]) + RIDGE * gap

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 250})
    return found.x[:n], found.x[n:]


def shares(data: list[Case], w: np.ndarray, elsewhere: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the best candidate of each case, and whether it was the truth."""
    best, right = [], []
    for x, hit, band, wait, _ in data:
        score = x @ w
        none = elsewhere[band] + elsewhere[-2:] @ wait
        top = max(score.max(), none)
        e = np.exp(score - top)
        i = int(e.argmax())
        best.append(e[i] / (e.sum() + np.exp(none - top)))
        right.append(i == hit)
    return np.array(best), np.array(right, float)


def calibrate(best: np.ndarray, right: np.ndarray,
              weight: np.ndarray) -> tuple[list[float], list[float]]:  # fmt: skip
    """A monotone table from share to how often it was right, at most 25 knots."""
    model = IsotonicRegression(y_min=0.005, y_max=0.995, out_of_bounds="clip").fit(
        best, right, weight
    )
    edges = np.unique(np.quantile(best, np.linspace(0, 1, 41)))
    raw = np.unique(np.concatenate([[0.0], (edges[1:] + edges[:-1]) / 2, [1.0]]))
    # averaged over each step, so that a lucky run at the end does not become certainty
    smooth = [float(np.mean(model.predict(np.linspace(max(r - 0.02, 0), min(r + 0.02, 1), 9))))
              for r in raw]  # fmt: skip
    smooth = np.maximum.accumulate(smooth)
    smooth[0] = 0.0
    return [round(v, 4) for v in raw.tolist()], [round(float(v), 4) for v in smooth]


def main() -> None:
    """Fit all contexts; habits are what the weights at hand believe, so rounds refine them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--aircraft", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the questions here, or read them from here")
    parser.add_argument("--out", type=Path, default=Path("bot/data/legs-belief.json"))
    args = parser.parse_args()
    history = History(airfields.load())
    for number in range(args.rounds):
        if args.keep and args.keep.exists():
            found = pickle.loads(args.keep.read_bytes())
        else:
            found = [cases(history, seed, args.aircraft) for seed in args.seeds]
        if args.keep:
            args.keep.write_bytes(pickle.dumps(found))
        table = {}
        for context in belief.CONTEXTS:
            train = [c for i, f in enumerate(found) if i % 3 != 2 for c in f[context]]
            held = [c for i, f in enumerate(found) if i % 3 == 2 for c in f[context]]
            w, elsewhere = fit_logit(train, context)
            best, right = shares(held, w, elsewhere)
            light = np.array([c[4] for c in held], bool)
            weight = np.array([FEW_WEIGHT if of_few(seed) else 1.0
                               for i, (seed, f) in enumerate(zip(args.seeds, found, strict=True))
                               if i % 3 == 2 for _ in f[context]])  # fmt: skip
            curves = [calibrate(best[some], right[some], weight[some]) for some in (~light, light)]
            print(f"round {number} {context}: {len(train)} + {len(held)} stops, "
                  f"best candidate right {right.mean():.3f}")  # fmt: skip
            names = belief.names(context)
            table[context] = {
                "evidence": {k: round(float(v), 4) for k, v in zip(names, w, strict=True)},
                "elsewhere": [round(float(v), 4) for v in elsewhere],
                "raw": [c[0] for c in curves], "right": [c[1] for c in curves],
            }  # fmt: skip
        args.out.write_text(json.dumps(table, indent=1) + "\n")
        history.sky.weights = {k: belief.weights_of(k, v) for k, v in table.items()}


if __name__ == "__main__":
    main()
