"""``python -m localcloud``: the same command as ``localcloud``."""

from localcloud.cli import main

main()
