"""Which of a host's plugins the library knows."""

import pytest

from bridge.hosts.base import HostParameter, HostPlugin, HostTrack
from bridge.hosts.connect import FoundPlugin, FoundTrack
from bridge.hosts.known import chains_of, known, named_like
from bridge.manifest import Manifest, PluginSpec


def found(plugin: PluginSpec, name: str | None = None, scale: float = 1.0) -> FoundPlugin:
    parameters = tuple(
        HostParameter(n, p.name.upper(), scale * p.min, scale * p.max, p.default)
        for n, p in enumerate(plugin.parameters)
    )
    return FoundPlugin(HostPlugin(1, name or plugin.name), parameters)


@pytest.mark.parametrize("name", ["mda Overdrive", "MDA overdrive", "mda Overdrive (mono)"])
def test_a_plugin_is_known_by_its_name_and_its_parameters(
    name: str, overdrive: PluginSpec, manifest: Manifest
) -> None:
    assert known(found(overdrive, name), manifest) == overdrive


def test_what_has_other_parameters_or_another_name_is_not(
    overdrive: PluginSpec, manifest: Manifest
) -> None:
    assert known(found(overdrive, scale=2.0), manifest) is None
    assert known(found(overdrive, "Another"), manifest) is None
    # Of two entries of one name, neither is guessed.
    twin = overdrive.model_copy(update={"id": "twin"})
    assert known(found(overdrive), Manifest(schema=1, plugins=(overdrive, twin))) is None


def test_each_known_plugin_and_those_of_a_track_can_be_driven(manifest: Manifest) -> None:
    drive, delay = manifest.plugin("mda-overdrive"), manifest.plugin("mda-delay")
    unknown = found(drive, "Another")
    tracks = [
        FoundTrack(HostTrack(1, "guitar"), (found(drive), unknown, found(delay))),
        FoundTrack(HostTrack(2, "bass"), (found(drive),)),
        FoundTrack(HostTrack(3, "empty"), ()),
    ]
    ids = [chain.id for chain in chains_of(tracks, manifest)]
    assert ids == ["mda-overdrive", "mda-delay", "mda-overdrive,mda-delay"]


def test_the_nearest_name_is_meant_and_none_of_two_alike(overdrive: PluginSpec) -> None:
    plugin = found(overdrive)
    assert named_like(plugin, ["Other", "MDA OVERDRIVE", "mda Overdrive"]) == 2
    assert named_like(plugin, ["Other", "MDA OVERDRIVE"]) == 1
    assert named_like(plugin, ["mda Overdrive", "mda Overdrive"]) is None
    assert named_like(plugin, ["Other"]) is None
