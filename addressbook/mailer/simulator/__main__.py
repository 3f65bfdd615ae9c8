"""`python -m addressbook.mailer.simulator --port 8025`: the simulator without Django."""

import argparse

from addressbook.mailer.simulator.command import add_arguments, serve

parser = argparse.ArgumentParser(prog="python -m addressbook.mailer.simulator", description=__doc__)
add_arguments(parser)
serve(**vars(parser.parse_args()), say=lambda line: print(line, flush=True))  # noqa: T201  # a command speaks
