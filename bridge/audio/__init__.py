"""Audio in and out: files, resampling, live sources."""
