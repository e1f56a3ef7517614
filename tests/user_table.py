"""What a user may have added: a plugin and a rig of it."""

USER_TABLE = """\
schema: 1
plugins:
  - id: my-gain
    name: My Gain
    kind: gain
    formats: {builtin: Gain}
    parameters:
      - {symbol: gain_db, name: Gain, min: -24.0, max: 24.0, default: 0.0, unit: dB, scale: linear}
rigs:
  - {id: my-rig, name: My Rig, kind: gain, slots: [{slot: first, plugin: my-gain}]}
"""
