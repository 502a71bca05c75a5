"""An alert's life and who is told of it, as pure functions.

    for finding in findings:                 # of one run, each watch's oldest day first
        step = lifecycle.step(last.get(...), finding, policy, now)
    batch = Batch(items)                     # the steps' alerts, reasons and addresses
    batch = group(dedup(silence(batch, silences, now), policy.cooldown, now))
    for alert_step in told(batch): ...       # to be stored with the messages, in one transaction

Nothing here reads a clock, a store or a config.
"""

from bot.alerts.batch import Batch, Drop, Item, told
from bot.alerts.dedup import dedup
from bot.alerts.group import group
from bot.alerts.lifecycle import Policy, Step, event_key, step
from bot.alerts.silence import is_silenced, silence

__all__ = ["Batch", "Drop", "Item", "Policy", "Step", "dedup", "event_key", "group",
           "is_silenced", "silence", "step", "told"]  # fmt: skip
