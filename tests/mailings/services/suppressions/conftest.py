from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone


@pytest.fixture
def refuse(book, by) -> Callable:
    """Registers unsubscribes as typed."""
    from mailings.services.suppressions import unsubscribes

    return lambda text, **more: unsubscribes.register_typed(
        book=book, text=text, **{"token": uuid4(), "by": by, **more}
    )


@pytest.fixture
def consent(book, by) -> Callable:
    """Removes unsubscribes."""
    from mailings.services.suppressions import unsubscribes

    return lambda text, **more: unsubscribes.remove_typed(
        book=book, text=text, **{"reason": "Form of 27 November", "token": uuid4(), "by": by, **more}
    )


@pytest.fixture
def tell(book) -> Callable:
    """Turns of a worker until there is nothing to tell; every wait is taken to be over."""
    from mailings.models import Telling
    from mailings.services.suppressions import telling

    def tell(turns: int = 5) -> Telling:
        for _ in range(turns):
            row = Telling.objects.get(book=book)
            if row.next_at is None and row.lease_until is None:
                break
            Telling.objects.update(next_at=timezone.now() - timedelta(seconds=1), lease_until=None)
            telling.run(book.pk)
        return Telling.objects.get(book=book)

    return tell


@pytest.fixture
def at_service(practice) -> Callable:
    """Who is unsubscribed at the simulated service, in all of its accounts."""
    from libraries.outbound_mailer.simulator.blocks import UNSUBSCRIBER

    def at_service() -> list[str]:
        with practice._gateway.lock:
            places = [place for (place,) in practice._database.rows("SELECT DISTINCT place FROM documents")]
            return sorted(key for place in places for key, _ in practice._database.documents(UNSUBSCRIBER, place))

    return at_service
