"""An act knows what it does and what it says; what the screen shows is drawn after it."""

import sys
from types import FrameType
from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook.models import Address
from tests.support.house import PACKAGES
from tests.support.stack import ROOT

# The door, the form, the service with what it writes, and what those tell of the change (decisions/0024).
_MOST_FILES = 22


class Entered:
    """Our files whose functions run from the door of the book until the screen is drawn, and after that."""

    def __init__(self) -> None:
        self.by_the_act: set[str] = set()
        self.by_the_screen: set[str] = set()
        self._into: set[str] | None = None

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        path = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        if event != "call" or path.split("/")[0] not in PACKAGES:
            return
        if path.endswith("views/pages/access.py") and frame.f_code.co_name == "guarded":
            self._into = self.by_the_act
        if path.endswith("views/screen/drawing.py"):
            self._into = self.by_the_screen
        if self._into is not None:
            self._into.add(path)


@pytest.mark.engine_independent
def test_edit_group_enters_few_files_and_none_of_the_screen(book, bob, client_of, make_group, register) -> None:
    group = make_group("Gold")
    register("a@example.com b@example.com")
    ticked = list(Address.objects.values_list("pk", flat=True))
    client = client_of(bob)

    def post(headers: dict[str, str]) -> Entered:
        entered = Entered()
        data = {"address": ticked, "add": [group.pk], "token": uuid4()}
        before = sys.getprofile()
        sys.setprofile(entered)
        try:
            answer = client.post(reverse("edit_groups", args=[book.slug]), data, headers=headers)
        finally:
            sys.setprofile(before)
        assert answer.status_code == 200
        return entered

    for headers in ({"HX-Request": "true"}, {}):
        post(headers)  # what is read once in a process
        entered = post(headers)
        assert not [path for path in entered.by_the_act if "/views/screen/" in path]
        assert len(entered.by_the_act) <= _MOST_FILES, sorted(entered.by_the_act)
        assert "addressbook/views/screen/listing.py" in entered.by_the_screen
