"""Who a mailing goes to.

- `sources`: the lines that a draft's recipients are chosen by: groups, a selection, typed addresses, a file.
- `chosen`: the SQL of all that they choose, one person once.
- `counting`: how many that are, and why others are not among them.
"""
