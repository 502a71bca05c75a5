"""The steps. Each is written by hand and never changed after a release."""
