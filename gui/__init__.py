"""The desktop GUI: a client of the engine's OSC control surface. Not built yet."""
