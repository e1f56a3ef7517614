"""The embedded effect host, for people without a DAW."""
