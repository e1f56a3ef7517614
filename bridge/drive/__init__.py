"""Turn parameters in a host, and leave alone what the musician takes."""
