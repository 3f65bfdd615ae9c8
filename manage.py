#!/usr/bin/env python
import os
import signal
import sys

if __name__ == "__main__":
    if "run_console" in sys.argv[1:2]:
        # Python's own way, an exception, is swallowed where it meets a callback of the import machinery or the garbage
        # collector: the console then went on starting. Ended by the system instead; the preparation bears kill -9.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailerconsole.settings")
    execute_from_command_line(sys.argv)
