"""Skies to try the bot on: a small honest simulator, a reconstruction, and one real day.

Everything made here says so: reconstructed material carries `airlift.LABEL` and its sources.
"""
