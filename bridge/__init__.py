"""What runs beside a DAW: listen, compare with a reference, turn the plugin's knobs.

The data walks one way: source → window → features → encoder → predictor → smoothing → host.
"""

__version__ = "0.1.0"
