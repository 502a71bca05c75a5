"""Fit the weights and the calibration of `bot/legs/belief.py` on simulated flights.

    python -m bench.legs.fit [--seeds 101 102 ...] [--held 103 ...] [--aircraft 300] [--out FILE]

Four steps: run the leg builder over the simulated reports and write down every stop that it
judges, with the airframe's stops around it; label each with the field where the aircraft truly
was; on some seeds fit a conditional logit (scipy) on what was seen of each stop, and on its odds
and the habits a second, small one; on others an isotonic calibration (scikit-learn). The seeds here
are never the judging ones of `bench.legs.run`.
"""

import argparse
import json
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from bench.legs.sim import Day, Flight, simulate
from bot import airfields
from bot.airfields import Airfields
from bot.legs import belief, habits, usage
from bot.legs.belief import Question
from bot.legs.customs import Customs
from bot.legs.history import History
from bot.legs.resolve import Sky
from bot.legs.stop import Stop
from bot.model.air import Between

SEEDS = (101, 102, 104, 105, 106, 107, 108, 111)
HELD = (103, 109, 112, 113, 116, 117)  # for the calibration
WORLDS = ("usual", "lit", "few", "usual")  # by seed
FEW_WEIGHT = 0.15  # such recordings are rarer among what is watched than among the fit's worlds
RIDGE, RIDGE2 = 2.0, 1.0
HOPELESS = 14.0  # candidates this far behind by the weights at hand teach nothing
DOUBT = 50  # cases for which the calibration takes a share at its word
ENOUGH = 200  # cases for a calibration of their own
Array = np.ndarray


@dataclass(slots=True)
class Case:
    """One stop: evidence (n, k) of the candidates, `hit` the row of the truth (-1: elsewhere)."""

    table: str
    x: Array
    rows: Array
    hit: int
    band: int
    doubts: Array
    curves: list[int]  # which calibration holds for each candidate
    itself: bool
    weight: float
    others: "list[tuple[int, Case]]" = field(default_factory=list)  # how many stops away
    odds: dict[int, float] = field(default_factory=dict)  # by row of the airfields, kept ones only


class Truth:
    """Where an airframe was on the ground, and when."""

    def __init__(self, flights: list[Flight]) -> None:
        self.flights = sorted(flights, key=lambda f: f.takeoff)
        self.offs = [f.takeoff for f in self.flights]

    def stop(self, s: Stop) -> str | None:
        """The ident of the one field where it stopped, None when it did not or twice."""
        if s.spell is not None:
            i = bisect_left(self.offs, s.spell.until - 60)
            near = [self.flights[i - 1].destination] if i else []
            near += [self.flights[i].origin] if i < len(self.flights) else []
            return near[-1] if near else None
        if s.before is not None:
            i = bisect_left(self.offs, s.before.t + 1) - 1
            here = self.flights[max(i, 0)]
            if s.after is not None:
                return self.between(s.before.t, s.after.t)
            return here.destination
        assert s.after is not None
        return self.flights[max(bisect_left(self.offs, s.after.t + 1) - 1, 0)].origin

    def between(self, lost_s: float, found_s: float) -> str | None:
        """Where it stopped between two reports from the air."""
        i, j = (bisect_left(self.offs, t + 1) - 1 for t in (lost_s, found_s))
        return self.flights[max(i, 0)].destination if j == i + 1 else None


def recorded(fields: Airfields, seed: int, aircraft: int) -> tuple[Day, float]:
    """The simulated recording of a seed, and how much it counts."""
    like = WORLDS[seed % len(WORLDS)]
    few = like == "few"
    return (simulate(fields, seed, aircraft * (2 if few else 1), world_like=like),
            FEW_WEIGHT if few else 1.0)  # fmt: skip


def cases(history: History, seed: int, aircraft: int) -> list[Case]:
    """Every stop of one simulated recording with its answer."""
    day, weight = recorded(history.sky.places.airfields, seed, aircraft)
    by_craft = by_airframe(day)
    out: list[Case] = []
    addresses = day.positions.icao24
    for address, flights in by_craft.items():
        history.sky.asked = []
        rows = slice(*np.searchsorted(addresses, [address, address + 1]))
        history.add(day.positions.take(np.arange(rows.start, rows.stop)))
        history.flush()
        out += _of_craft(history.sky, Truth(flights), weight)
    return out


def by_airframe(day: Day) -> dict[int, list[Flight]]:
    """The true flights of each airframe."""
    out = defaultdict(list)
    for flight in day.flights:
        out[flight.icao24].append(flight)
    return out


def _of_craft(sky: Sky, truth: Truth, weight: float) -> list[Case]:
    """The stops of one airframe."""
    asked = [(s, others) for s, others in sky.asked or [] if s.odds]
    of = {id(s): _case(sky, s, truth.stop(s), weight) for s, _ in asked}
    for stop, others in asked:
        of[id(stop)].others = [(away, of[id(o)]) for away, o in others if id(o) in of]
    return list(of.values())


def _case(sky: Sky, s: Stop, ident: str | None, weight: float) -> Case:
    # as `Sky` asks: a place on the ground is known to a hundred metres
    ground = (round(s.spell.lat, 3), round(s.spell.lon, 3)) if s.spell else None
    q = Question(None if ground else s.before, None if ground else s.after, ground, s.craft)
    c, x = belief.weigh(sky.places, q)
    true = c.rows == (sky.places.airfields.row_of[ident] if ident else -1)
    score = x @ sky.weights[q.table].evidence
    keep = (score > score.max() - HOPELESS) | true
    hit = np.flatnonzero(true[keep])
    sides = Question(s.before, s.after)
    curve = [sky.curve(sides, int(r)) for r in c.rows[keep]]
    return Case(q.table, x[keep].astype(np.float32), c.rows[keep], int(hit[0]) if len(hit) else -1,
                belief.band(q), belief.doubts(q, len(c.rows)), curve, s.itself, weight)  # fmt: skip


def logit(x: Array, none: Array, starts: Array, hit: Array, centre: Array, ridge: float) -> Array:
    """Weights of a conditional logit by maximum likelihood, drawn towards `centre`.

    x (rows, k): the candidates of all cases, one case after another from `starts`; none (cases, m):
    what 'elsewhere' is made of; hit: the row of each truth, -1 for elsewhere.
    """
    n = x.shape[1]
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(x))))

    def loss(w: Array) -> tuple[float, Array]:
        score, away = (x @ w[:n].astype(x.dtype)).astype(float), none @ w[n:]
        top = np.maximum(np.maximum.reduceat(score, starts), away)
        e, e0 = np.exp(score - top[group]), np.exp(away - top)
        total = np.add.reduceat(e, starts) + e0
        right = np.where(hit >= 0, score[hit], away) - top - np.log(total)
        grad = ((e / total[group]).astype(x.dtype) @ x).astype(float) - x[hit[hit >= 0]].sum(axis=0)
        off = e0 / total - (hit < 0)
        gap = w - centre
        return (-right.sum() + ridge / 2 * gap @ gap,
                np.concatenate([grad, off @ none]) + ridge * gap)  # fmt: skip

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 250})
    return np.asarray(found.x)


def fit_evidence(data: list[Case], table: str) -> tuple[Array, Array]:
    """Weights of the evidence, and what speaks for 'elsewhere'."""
    x = np.concatenate([c.x for c in data])
    starts = np.concatenate([[0], np.cumsum([len(c.x) for c in data])[:-1]])
    hit = np.array([s + c.hit if c.hit >= 0 else -1 for s, c in zip(starts, data, strict=True)])
    bands = np.eye(belief.bands(table))[[c.band for c in data]]
    none = np.column_stack([bands, [c.doubts for c in data]])
    centre = np.concatenate(
        [np.zeros(x.shape[1]), np.full(bands.shape[1], -2.0), np.zeros(belief.DOUBTS)]
    )
    w = logit(x, none, starts, hit, centre, RIDGE)
    return w[: x.shape[1]], w[x.shape[1] :]


def weigh(c: Case, w: Array, elsewhere: Array) -> None:
    """The odds of a case by these weights, as `belief.odds` gives them."""
    score = c.x @ w
    none = elsewhere[c.band] + elsewhere[-belief.DOUBTS :] @ c.doubts
    top = max(score.max(), none)
    e = np.exp(score - top)
    e /= e.sum() + np.exp(none - top)
    best = np.argsort(-e, kind="stable")[: belief.KEPT]
    c.odds = {int(c.rows[i]): float(e[i]) for i in best if e[i] >= belief.KEPT_SHARE}


def around(c: Case) -> tuple[list[int], Array, tuple[float, float]]:
    """The candidates of a case, what its habits say for each, how well those are known."""
    keys = list(c.odds)
    visits = [habits.Visit(away, o.itself, o.odds) for away, o in c.others if o.odds]
    return keys, habits.columns(keys, visits), habits.acquaintance(visits)


def fit_habits(data: list[Case]) -> Array:
    """Trust in the odds, weights of the habits, and what speaks for elsewhere then."""
    columns, starts, hits, none, n = [], [], [], [], 0
    for c in data:
        keys, customs, known = around(c)
        share = list(c.odds.values())
        columns.append(np.column_stack([np.log(share), customs]))
        none.append([np.log(max(1 - sum(share), belief.LEAST)), 1.0, *known])
        true = int(c.rows[c.hit]) if c.hit >= 0 else -1
        hits.append(n + keys.index(true) if true in c.odds else -1)
        starts.append(n)
        n += len(keys)
    centre = np.array([1.0, *[0.0] * len(belief.HABITS), 1.0, 0.0, 0.0, 0.0])
    return logit(np.concatenate(columns), np.array(none), np.array(starts), np.array(hits),
                 centre, RIDGE2)  # fmt: skip


def calibrate(best: Array, right: Array, weight: Array) -> tuple[list[float], list[float]]:
    """A monotone table from share to how often it was right, at most 40 knots."""
    line = np.linspace(0.01, 0.99, DOUBT)  # as good as its word, until many cases say otherwise
    model = IsotonicRegression(y_min=0.005, y_max=0.998, out_of_bounds="clip").fit(
        np.concatenate([best, line]), np.concatenate([right, line]),
        np.concatenate([weight, np.ones(DOUBT)]),
    )  # fmt: skip
    edges = np.unique(np.quantile(best, np.linspace(0, 1, 41)))
    raw = np.unique(np.concatenate([[0.0], (edges[1:] + edges[:-1]) / 2, [1.0]]))
    # averaged over each step, so that a lucky run at the end does not become certainty
    smooth = [float(np.mean(model.predict(np.linspace(max(r - 0.02, 0), min(r + 0.02, 1), 9))))
              for r in raw]  # fmt: skip
    smooth = np.maximum.accumulate(smooth)
    smooth[0] = 0.0
    return [round(v, 4) for v in raw.tolist()], [round(float(v), 4) for v in smooth]


def curves(data: list[Case], told: dict) -> tuple[list, list]:
    """The calibrations of one table, one for each of belief.CURVES."""
    plain = [[0.0, 1.0]] * len(belief.CURVES)
    bare = belief.weights_of(data[0].table, told | {"raw": plain, "right": plain})
    best, right, which = [], [], []
    for c in data:
        keys, customs, known = around(c)
        p = habits.settled(list(c.odds.values()), customs, known, bare, lambda _: 0)
        i = int(np.argmax(p))
        best.append(p[i])
        right.append(float(c.hit >= 0 and keys[i] == c.rows[c.hit]))
        which.append(dict(zip(c.rows.tolist(), c.curves, strict=True))[keys[i]])
    b, r, n = np.array(best), np.array(right), np.array(which)
    weight = np.array([c.weight for c in data])
    print(f"  {data[0].table}: {len(b)} stops held, best right {r.mean():.3f}")
    some = [n == k if (n == k).sum() > ENOUGH else np.full(len(b), True)
            for k in range(len(belief.CURVES))]  # fmt: skip
    found = [calibrate(b[k], r[k], weight[k]) for k in some]
    return [raw for raw, _ in found], [right for _, right in found]


def fitted(train: list[Case], held: list[Case]) -> dict[str, dict]:
    """All tables from the cases of the seeds."""
    out: dict[str, dict] = {}
    for table in belief.TABLES:
        w, elsewhere = fit_evidence([c for c in train if c.table == table], table)
        out[table] = {"evidence": dict(zip(belief.names(table), w.round(4).tolist(), strict=True)),
                      "elsewhere": elsewhere.round(4).tolist()}  # fmt: skip
        for c in train + held:
            if c.table == table:
                weigh(c, w, elsewhere)
    for table, told in out.items():
        some = [c for c in train if c.table == table and c.odds]
        w = fit_habits(some).round(4)
        k = 1 + len(belief.HABITS)
        told["trust"] = float(w[0])
        told["habits"] = dict(zip(belief.HABITS, w[1:k].tolist(), strict=True))
        told["stranger"] = w[k:].tolist()
        told["raw"], told["right"] = curves([c for c in held if c.table == table and c.odds], told)
        print(f"    from {len(some)}: trust {w[0]}, habits {told['habits']}, {told['stranger']}")
    return out


@dataclass(frozen=True, slots=True)
class Asked:
    """A stop that others' flights may tell: what they say, the true row of its odds (-1: none)."""

    between: Between
    column: Array
    hit: int
    weight: float


def asked(history: History, seed: int, aircraft: int) -> list[Asked]:
    """The stops of one recording of which customs are asked."""
    fields = history.sky.places.airfields
    day, weight = recorded(fields, seed, aircraft)
    history.add(day.positions)
    history.close()
    left, customs = history.leave(), Customs(fields)
    customs.take(left.facts)
    customs.asked = []
    customs.named(left.legs)
    truth = {icao24: Truth(flights) for icao24, flights in by_airframe(day).items()}
    out = {}  # both flights that meet at a stop ask of it
    for icao24, b, column in customs.asked:
        ident = truth[icao24].between(b.lost.time_s, b.found.time_s)
        idents = [i for i, _ in b.odds]
        hit = idents.index(ident) if ident in idents else -1
        if not column.any():
            continue
        out[icao24, b.lost.time_s] = Asked(b, column, hit, weight)
    return list(out.values())


def fit_usage(data: list[Asked]) -> dict:
    """How much the flights of others weigh."""
    logs = [np.log(np.maximum([p for _, p in a.between.odds], usage.LEAST)) for a in data]
    x = np.concatenate([np.column_stack([p, a.column])
                        for p, a in zip(logs, data, strict=True)])  # fmt: skip
    starts = np.concatenate([[0], np.cumsum([len(p) for p in logs])[:-1]])
    hit = np.array([s + a.hit if a.hit >= 0 else -1 for s, a in zip(starts, data, strict=True)])
    rest = [max(1 - sum(p for _, p in a.between.odds), usage.LEAST) for a in data]
    none = np.column_stack([np.log(rest), np.ones(len(data))])
    centre = np.array([1.0, *[0.0] * len(usage.NAMES), 1.0, 0.0])
    w = logit(x, none, starts, hit, centre, RIDGE2).round(4)
    shares = [usage.score(a.between, a.column, w) for a in data]
    best = np.array([p.max() for p in shares])
    right = np.array([float(a.hit == int(p.argmax())) for a, p in zip(data, shares, strict=True)])
    raw, sure = calibrate(best, right, np.array([a.weight for a in data]))
    print(f"  usage: {len(data)} stops, best right {right.mean():.3f}, weights {w.tolist()}")
    return {"weights": w.tolist(), "raw": raw, "right": sure}


def main() -> None:
    """Fit and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--held", type=int, nargs="+", default=HELD)
    parser.add_argument("--aircraft", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("bot/data/legs-belief.json"))
    args = parser.parse_args()
    history = History(airfields.load())
    train, held = ([c for seed in seeds for c in cases(history, seed, args.aircraft)]
                   for seeds in (args.seeds, args.held))  # fmt: skip
    told = fitted(train, held)
    history.sky.weights = {name: belief.weights_of(name, told[name]) for name in belief.TABLES}
    told["usage"] = fit_usage(
        [a for seed in args.held for a in asked(history, seed, args.aircraft)]
    )
    args.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
