"""Evidence as pictures: `chart.chart` and `map.route_map` turn facts into a PNG, with no network.

The only room that knows matplotlib. Importing it costs a second or more (and builds a font cache
on a machine's first run, in `MPLCONFIGDIR`), so the program imports it at start, not in the first
alert, and verbs that draw nothing never do.
"""
