"""What became of a mailing, and what a person can do about it.

- `reasons`: why recipients were not reached, and how many for each reason.
- `follow_up`: acts on those who were not reached.
"""
