from collections import ChainMap
from typing import Any

from django.http import HttpRequest

import addressbook.limits
import libraries.spreadsheets.limits
import workspace.limits

_LIMITS = (addressbook.limits, workspace.limits, libraries.spreadsheets.limits)


def limits(request: HttpRequest) -> dict[str, Any]:
    """The limits of all packages, for the pages to name: a context processor."""
    return {"limits": ChainMap(*(vars(module) for module in _LIMITS))}
