from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in. What they may do is said a book at a time, by `BookMember`."""

    # Names of hints (services/hints.py) that are not to be shown to them any more.
    hints_put_away = models.JSONField(default=list, blank=True, editable=False)
