"""Candidates side by side: each in a process of its own, turn by turn, CPU seconds a turn.

Apart, because a candidate that makes an object a value leaves a heap in which the next one's
objects lie scattered: in one process the second is slower by half, whoever it is. Turn by turn,
because the machine's speed drifts.
"""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

Step = Callable[[int], object]
Make = Callable[[], Step]


def contest(candidates: Mapping[str, Make], turns: int) -> dict[str, list[float]]:
    """Seconds of each turn but the first, by candidate. `Make` runs in the candidate's process."""
    context = multiprocessing.get_context("fork")
    found: dict[str, list[float]] = {name: [] for name in candidates}
    ends: dict[str, Connection] = {}
    for name, make in candidates.items():
        ends[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(theirs, make), daemon=True).start()
    for k in range(turns):
        for name, end in ends.items():
            end.send(k)
            seconds = end.recv()
            if k:
                found[name].append(seconds)
    for end in ends.values():
        end.send(None)
    return found


def _serve(end: Connection, make: Make) -> None:
    step = make()
    while (k := end.recv()) is not None:
        begin = time.process_time()
        step(k)
        end.send(time.process_time() - begin)
