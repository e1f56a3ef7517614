"""Build the awkward LV2 plugins of tests/plugins/awkward: one bundle, one library."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "plugins" / "awkward" / "awkward.c"
URI = "urn:dafx-bridge:awkward:"
_PREFIXES = """\
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix atom: <http://lv2plug.in/ns/ext/atom#> .
@prefix units: <http://lv2plug.in/ns/extensions/units#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
_IN = "a lv2:InputPort, lv2:AudioPort"
_OUT = "a lv2:OutputPort, lv2:AudioPort"
_CONTROL = "a lv2:InputPort, lv2:ControlPort"
_GAIN = (
    f'{_CONTROL} ; lv2:symbol "gain" ; lv2:name "Gain" ;'
    " lv2:default 1.0 ; lv2:minimum 0.0 ; lv2:maximum 2.0"
)
_MODE = (
    f'{_CONTROL} ; lv2:symbol "mode" ; lv2:name "Mode" ; lv2:portProperty lv2:integer ;'
    " lv2:default 0 ; lv2:minimum 0 ; lv2:maximum 3"
)


def _named(kind: str, symbol: str) -> str:
    return f'{kind} ; lv2:symbol "{symbol}" ; lv2:name "{symbol}"'


_PLAIN = (_named(_IN, "in"), _named(_OUT, "out"), _GAIN, _MODE)
_PORTS: dict[str, tuple[str, ...]] = {
    name: _PLAIN
    for name in (
        *("plain", "crash", "crash-at-once", "hang", "hang-at-once", "exit", "nan", "memory"),
        *("prints", "random", "meter", "needs"),
    )
} | {
    "dangerous": (
        *_PLAIN[:3],
        f"{_named(_CONTROL, 'boost')} ; lv2:default 1.0 ; lv2:minimum 0.0 ; lv2:maximum 100.0",
        f"{_named(_CONTROL, 'feedback')} ; lv2:default 0.0 ; lv2:minimum 0.0 ; lv2:maximum 1.01",
    ),
    "six": (
        *(_named(_IN, f"in{n}") for n in range(6)),
        *(_named(_OUT, f"out{n}") for n in range(6)),
        _GAIN,
    ),
    "worker": (
        *_PLAIN[:3],
        _named("a lv2:InputPort, atom:AtomPort", "events_in"),
        _named("a lv2:OutputPort, atom:AtomPort", "events_out"),
        _named("a lv2:InputPort, lv2:CVPort", "voltage"),
    ),
    "sidechain": (
        *_PLAIN[:3],
        f"{_named(_IN, 'side')} ; lv2:portProperty lv2:isSideChain",
    ),
    "ranges": (
        *_PLAIN[:2],
        f'{_named(_CONTROL, "gain")} ; lv2:default "NaN"^^xsd:float ;'
        " lv2:minimum 0.5 ; lv2:maximum 2.0",
        f"{_named(_CONTROL, 'fixed')} ; lv2:default 5.0 ; lv2:minimum 5.0 ; lv2:maximum 5.0",
        f"{_named(_CONTROL, 'cutoff')} ; lv2:default 0.2 ; lv2:minimum 0.001 ; lv2:maximum 0.45 ;"
        " lv2:portProperty lv2:sampleRate ; units:unit units:hz",
    ),
}
_MORE = {
    "needs": "lv2:requiredFeature <urn:dafx-bridge:nobody-has-this> ;",
    "worker": (
        "lv2:requiredFeature <http://lv2plug.in/ns/ext/urid#map> ,"
        " <http://lv2plug.in/ns/ext/worker#schedule> ;"
    ),
}


def build(folder: Path) -> Path:
    """The folder, for LV2_PATH, with the bundle in it."""
    bundle = folder / "awkward.lv2"
    bundle.mkdir(parents=True)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", bundle / "awkward.so", SOURCE, "-lm"],
        check=True,
        timeout=120,
    )
    manifest = [
        f"<{URI}{name}> a lv2:Plugin ; lv2:binary <awkward.so> ; rdfs:seeAlso <awkward.ttl> ."
        for name in _PORTS
    ]
    (bundle / "manifest.ttl").write_text(_PREFIXES + "\n".join(manifest) + "\n")
    (bundle / "awkward.ttl").write_text(_PREFIXES + "".join(map(_described, _PORTS)))
    return folder


def _described(name: str) -> str:
    ports = " ,\n".join(f"  [ {p} ; lv2:index {n} ]" for n, p in enumerate(_PORTS[name]))
    return (
        f'<{URI}{name}> a lv2:Plugin ; doap:name "Awkward {name}" ; {_MORE.get(name, "")}\n'
        f"  lv2:port\n{ports} .\n"
    )
