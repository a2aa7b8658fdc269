"""python -m smoothsym is the command line."""

import sys

from smoothsym.cli import main

if __name__ == "__main__":
    sys.exit(main())
