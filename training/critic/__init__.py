"""The critic: rows of cases whose target is known, the network that learns of them, its export."""
