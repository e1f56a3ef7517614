"""The main job on bundled recordings, with real processes and real OSC on this computer."""
