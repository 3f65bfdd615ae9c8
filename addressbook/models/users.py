from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who signs in. What they may do is said a book at a time, by `BookMember`."""
