"""From positions to legs: one builder for live polls and for history.

positions -> `sift` (order, doubles, outliers) -> `pieces` (unbroken stretches, as records)
-> `fold` (cuts an airframe's pieces into legs) -> `stop` and `belief` (where it stopped, how sure).
`live` and `history` differ only in how they feed `pieces`.
"""
