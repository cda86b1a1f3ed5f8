"""`python -m engine.cli` is `wallstreet`."""

from . import main

main()
