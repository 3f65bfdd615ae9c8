"""`python -m benchmarks [--engine sqlite|postgresql] [SUBJECT...]`."""

import argparse
import os
import pkgutil
import sys
import tempfile
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import benchmarks


def main() -> None:
    subjects = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("subjects", nargs="*", help=f"of {', '.join(subjects)}; all without any")
    arguments = parser.parse_args()
    if unknown := set(arguments.subjects) - set(subjects):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    with ExitStack() as installation:
        prepare(arguments.engine, installation)
        sys.stdout.write(f"Measured on {arguments.engine}.\n\n| what | result | floor |\n| --- | --- | --- |\n")
        for subject in arguments.subjects or subjects:
            for row in import_module(f"benchmarks.{subject}").rows():
                sys.stdout.write(f"| {' | '.join(row)} |\n")
                sys.stdout.flush()


def prepare(engine: str, installation: ExitStack) -> None:
    """A new installation in a folder that goes with `installation`; Django is set up for it."""
    data_dir = Path(installation.enter_context(tempfile.TemporaryDirectory(prefix="mailer-console-benchmark-")))
    os.environ |= {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "mailerconsole.settings"}
    # The table alone.
    os.environ["LOG_LEVEL"] = "WARNING"
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    if engine == "postgresql":
        from tests.support.postgresql import PostgresServer

        server = PostgresServer()
        installation.callback(server.stop)
        os.environ["DATABASE_URL"] = server.start()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    installation.callback(connections.close_all)
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
