"""`python -m libraries.outbound_mailer.simulator --port 8025`: the simulator without Django.

The token of its control API comes from SIMULATOR_TOKEN: in the arguments every user of the machine could read it.
"""

import argparse
import os

from libraries.outbound_mailer.simulator.command import add_arguments, serve

parser = argparse.ArgumentParser(prog="python -m libraries.outbound_mailer.simulator", description=__doc__)
add_arguments(parser)
serve(
    **vars(parser.parse_args()),
    token=os.environ.get("SIMULATOR_TOKEN"),
    say=lambda line: print(line, flush=True),  # noqa: T201  # a command speaks
)
