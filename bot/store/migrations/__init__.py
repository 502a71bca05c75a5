"""The schema's history, one file a step; the store runs what is due when it is opened."""
