"""From audio to parameters: the match of whole files, and the live loop."""
