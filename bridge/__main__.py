"""`python -m bridge` is `dafx-bridge`."""

from bridge.cli import main

main()
