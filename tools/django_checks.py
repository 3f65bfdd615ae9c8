"""Django's own checks, as for a deployment: migrations complete, `check --deploy` without a warning.

Run as a module, so that nothing needs to be exported first: the environment of a deployment is set here.
"""

import os
import secrets
import sys
import tempfile

DEPLOYED = {
    "SITE_URL": "https://mailer.example.com",
    "HSTS_INCLUDE_SUBDOMAINS": "true",
    "HSTS_PRELOAD": "true",
    "DJANGO_SETTINGS_MODULE": "mailerconsole.settings",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as data_dir:
        os.environ |= DEPLOYED | {"DATA_DIR": data_dir, "SECRET_KEY": secrets.token_urlsafe(64)}
        from django.core.management import execute_from_command_line

        execute_from_command_line([sys.argv[0], "makemigrations", "--check", "--dry-run"])
        execute_from_command_line([sys.argv[0], "check", "--deploy", "--fail-level", "WARNING"])


if __name__ == "__main__":
    main()
