"""Real programs that tests and measurements start: JACK, Ardour and SuperCollider."""
