from django import template

from addressbook.views import sentences

register = template.Library()
register.filter("number", sentences.number)
