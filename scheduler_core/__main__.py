"""``python -m scheduler_core``: the command line where its script is not on the path."""

import sys

from scheduler_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
