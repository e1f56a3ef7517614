"""Try all LV2 effects of Debian packages: added, refused, rendered as another host does."""
