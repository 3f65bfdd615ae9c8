"""The group that is made in the popup "Register address", beside the choice of one that is there."""

from uuid import UUID, uuid5

from addressbook.forms.groups import name_problem
from addressbook.models import Group
from addressbook.services.addresses import groups
from addressbook.services.addresses.groups import GroupNameTakenError, InvalidGroupNameError
from workspace.views.pages import sentences
from workspace.views.pages.access import Access


def group_to_register_into(access: Access, *, into: int | None, new_group: str, token: UUID) -> tuple[int | None, str]:
    """The id of the group, made now where it is new, and what is wrong with its name ("": nothing)."""
    name = new_group.strip()
    if not name:
        return into, ""
    try:
        made = groups.create_group(book=access.book, name=name, token=uuid5(token, "group"), by=access.by)
    except GroupNameTakenError:
        there = Group.objects.filter(edition=access.edition, name=groups.clean_name(name)).first()
        return (there.pk, "") if there else (None, sentences.too_many_groups())
    except InvalidGroupNameError as error:
        return into, name_problem(error, name=name)
    except groups.TooManyGroupsError:
        return into, sentences.too_many_groups()
    except groups.GroupGoneError:
        return into, ""
    return made.pk, ""
