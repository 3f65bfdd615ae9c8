"""`python -m tests.support.browser_install`: a browser for the tests where there is none.

Going on without is no error."""

import subprocess
import sys

from tests.support.browser import find_chromium


def main() -> None:
    if find_chromium() is None:
        done = subprocess.run(
            [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"], capture_output=True, text=True
        )
        if done.returncode:
            sys.stdout.write("No browser was found or could be installed: tests that need one are skipped.\n")


if __name__ == "__main__":
    main()
