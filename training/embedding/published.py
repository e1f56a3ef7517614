"""The prior work's own probe of its embedding, from its repository.

K. Grant, github.com/kieran-grant/Level5ProjectAudioVAE, src/evaluation: `dafx_latent_extraction`,
`embedding_classifier` (notebooks, and data/embedding_classifier/classifier_metrics.csv),
`param_extraction`, `param_mmi_embeddings` and data/param_mmi_full.csv.
"""

from math import log

EFFECTS = (
    "mda-ambience",
    "mda-combo",
    "mda-delay",
    "mda-dynamics",
    "mda-overdrive",
    "mda-ringmod",
)
CASES = 900
"""Of 6,000 speech clips, 15 % drawn at random: both parts hold clips of the same recordings."""
CORRECT = {
    "mda-ambience": (92, 158),
    "mda-combo": (131, 131),
    "mda-delay": (146, 150),
    "mda-dynamics": (107, 149),
    "mda-overdrive": (154, 157),
    "mda-ringmod": (155, 155),
}
"""How many test clips of each effect were recognised, of how many."""

_NATS = {
    "mda-overdrive": {"muffle": 1.6896, "drive": 0.3981, "output": 0.0160},
    "mda-ringmod": {"freq": 1.6893, "feedback": 0.3693},
    "mda-ambience": {"mix": 0.4058, "size": 0.2725, "hf_damp": 0.2682, "output": 0.0232},
    "mda-combo": {
        "hpf_freq": 1.1784,
        "drive": 0.7010,
        "hpf_reso": 0.2948,
        "bias": 0.0623,
        "output": 0.0134,
    },
    "mda-delay": {
        "fx_mix": 0.6466,
        "l_delay": 0.4850,
        "fb_tone": 0.1722,
        "feedback": 0.0836,
        "r_delay": 0.0809,
    },
    "mda-dynamics": {
        "gate_thr": 0.2721,
        "release": 0.1201,
        "mix": 0.0843,
        "output": 0.0748,
        "gate_rel": 0.0660,
        "thresh": 0.0302,
        "limiter": 0.0272,
        "ratio": 0.0245,
        "attack": 0.0173,
    },
}
"""The most that one coordinate holds about a parameter, by the estimator of `best_coordinate`."""

ACCURACY = sum(right for right, _ in CORRECT.values()) / CASES
RECALLS = {name: right / of for name, (right, of) in CORRECT.items()}
BITS = {
    name: {symbol: nats / log(2) for symbol, nats in found.items()} for name, found in _NATS.items()
}
