"""What the window shows, as plain values: no widgets, no Qt, so tested alone."""
