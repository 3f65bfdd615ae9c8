from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac


class User(AbstractUser):
    """A person who signs in. What they may do is said a book at a time, by `BookMember`.

    A session is bound to `session_epoch` as it is to the password: when either changes, all others end.
    """

    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # Names of hints (services/hints.py) that are not to be shown to them any more.
    hints_put_away = models.JSONField(default=list, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        app_label = "addressbook"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's, on which its handling of a new SECRET_KEY relies, with the epoch."""
        text = f"{self.session_epoch}:{self.password}"
        return salted_hmac("addressbook.session", text, secret=secret, algorithm="sha256").hexdigest()
