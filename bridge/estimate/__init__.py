"""What a recording sounds like, and which setting a network takes it for."""
