"""Sound maps: squares in which every place is a setting of a plugin and neighbours sound alike.

How settings sound is learned from all that training has heard (`sounds`), laid out by UMAP
(`layout`), and taught to small networks (`fitting`) that are exported beside the predictor
(`building`). What a map is worth is measured on renders (`measuring`, `ear`).
"""

from training.sound_map.run import Settings, make_maps

__all__ = ["Settings", "make_maps"]
