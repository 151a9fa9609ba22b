"""``python -m macsmith``."""

import sys

from macsmith.cli import main

sys.exit(main())
