"""Secrets from the environment, or from files that it names: `SECRET_KEY_FILE=/run/secrets/secret_key`.

An environment is easily shown, a file has an owner; container engines hand secrets over as files.
"""

import os
from pathlib import Path


class SecretFileError(Exception):
    """The message is a sentence for the person who started us."""


def env_secret(name: str) -> str:
    """The value of the variable, else the content of the file named by `NAME_FILE` without the line end; else empty.

    Raises SecretFileError for a file that is named but not there: an empty secret would open a door.
    """
    if value := os.environ.get(name, ""):
        return value
    file = os.environ.get(f"{name}_FILE", "")
    if not file:
        return ""
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise SecretFileError(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error
