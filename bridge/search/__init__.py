"""Try settings by rendering them, and choose."""
