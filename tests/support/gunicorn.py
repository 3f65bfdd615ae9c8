"""Settings of the web server, read without importing them: that makes folders and sets the environment."""

import ast
from typing import Any

from tests.support.stack import ROOT


def gunicorn_setting(name: str) -> Any:
    tree = ast.parse((ROOT / "mailerconsole" / "gunicorn_settings.py").read_text())
    assigned = (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
    (value,) = (node.value for node in assigned if node.targets[0].id == name)
    return ast.literal_eval(value)
