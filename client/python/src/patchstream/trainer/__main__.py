"""`python -m patchstream.trainer`."""

import sys

from patchstream.trainer.command_line import main

if __name__ == "__main__":
    sys.exit(main())
