from typing import Any

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, Any]:
    """What every page may say of the product: a context processor."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "product_path": settings.PRODUCT_PATH,
        "product_url": settings.PRODUCT_URL,
        # Each under its own name: somebody who cannot read the page finds their language all the same.
        "languages": settings.LANGUAGES,
    }
