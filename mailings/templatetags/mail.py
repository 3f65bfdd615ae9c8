from django import template

from mailings.models import Mailing

register = template.Library()


@register.filter
def settled(mailing: Mailing) -> int:
    """Of how many recipients it is known what became of them."""
    return mailing.planned - mailing.open - mailing.unknown
