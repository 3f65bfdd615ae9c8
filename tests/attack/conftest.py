"""Left out of an ordinary run: `make attack` takes minutes."""

import os

collect_ignore = [] if os.environ.get("ATTACK") else ["test_attacks.py"]
