"""A kind of background work of its own, as an app brings it along. Installed by tests/workspace/test_new_kind.py."""
