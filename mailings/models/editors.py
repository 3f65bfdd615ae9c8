from django.db import models
from django.utils.translation import gettext_lazy as _


class Editor(models.TextChoices):
    SIMPLE = "simple", _("Simple")
    HTML = "html", _("HTML")
