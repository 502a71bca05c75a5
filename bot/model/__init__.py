"""Nouns only: what the line carries. No behaviour beyond what a noun knows of itself."""
