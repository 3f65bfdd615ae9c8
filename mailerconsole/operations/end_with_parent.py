"""Run a command that ends when its supervisor does: `python -I end_with_parent.py SIGNAL COMMAND...`.

Without this, kill -9 of the supervisor leaves a web server that holds the port, and nobody to stop it. Linux sends the
signal; elsewhere the command just runs. A script and not a module: nothing of the project is loaded before the exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def ask_for(wanted: signal.Signals) -> None:
    """Linux sends this to the process when its parent ends, however it ends; elsewhere nothing does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, wanted)


def main() -> None:
    signal_name, *command = sys.argv[1:]
    if sys.platform == "linux":
        ask_for(signal.Signals[signal_name])
        # The supervisor may have died between its fork and the line above; then no signal will ever come.
        if os.getppid() != int(os.environ["SUPERVISOR_PID"]):
            sys.exit("The supervisor has gone.")
    os.execvp(command[0], command)  # noqa: S606 - the command is a line of our own Procfile


if __name__ == "__main__":
    main()
