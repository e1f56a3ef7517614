"""Drawn by chance, for minutes: `make fuzz`. No part of `make test`."""
