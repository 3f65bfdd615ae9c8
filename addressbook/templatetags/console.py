from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def number(value: int) -> str:
    """A count as people write it: 363,000."""
    return number_format(value, use_l10n=True, force_grouping=True)
