"""Recordings on disk, in the shapes the world keeps them, to batches of positions.

`Recording.open(paths)` finds out what each path is by looking inside (a gzip may be named .json),
`batches()` streams positions, an aircraft's days together, bounded in memory. A file that cannot
be read is reported and skipped; the rest goes on.
"""

from bot.legs.readers.items import Batch, Noted, Skipped
from bot.legs.readers.recording import Recording

__all__ = ["Batch", "Noted", "Recording", "Skipped"]
