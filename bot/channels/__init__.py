"""How a message reaches a human: one file per channel, all behind `base.Channel`."""
