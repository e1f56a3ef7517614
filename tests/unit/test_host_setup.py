"""What a user copies or writes: REAPER's patterns, URLs, profiles of other hosts."""

import re
from pathlib import Path

import pytest

from bridge.errors import HostError
from bridge.hosts import connect, discover
from bridge.hosts.generic import read_profile
from bridge.manifest import PluginSpec
from tests.fake_hosts import FakeArdour, FakeReaper
from tests.fake_hosts.base import FakePlugin

DOCS = Path(__file__).parents[2] / "docs" / "hosts"


def test_reapers_patterns_hold_all_that_is_said(overdrive: PluginSpec) -> None:
    lines = (DOCS / "DafxBridge.ReaperOSC").read_text().splitlines()
    patterns = {p[1:] for line in lines if not line.startswith("#") for p in line.split()[1:]}
    with FakeReaper(overdrive) as fake, connect(fake.url, overdrive) as host:
        host.set({"drive": 0.5})
        host.bypass(True)
        while fake.plugin.enabled:
            pass
        told = {address for address, *_ in fake._state()}
        said = {address for address, _ in fake.received}
    addresses = {re.sub(r"/\d+", "/@", address) for address in told | said}
    assert addresses <= patterns


def example(page: str) -> str:
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)[0]


def test_the_documented_profile_is_valid(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text(example("generic.md"))
    profile = read_profile(tmp_path / "host.yaml").profile
    assert (profile.reads, profile.bypasses, profile.tracks) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: x", "set: Field required"),
        ("{name: x, set: /a, typo: 1}", "typo: Extra inputs"),
        ("{name: x, set: a}", "set: "),
        ("{name: x, set: '/{track.__class__}'}", "set: "),
        ("{name: x, set: '/{number}'}", "give ask_name, or numbers"),
        ("{name: x, set: /a, arguments: [number]}", "give ask_name, or numbers"),
        ("{name: x, set: /a, bypass: {address: '/{symbol}'}}", "bypass, address: "),
        ("[", "not valid YAML"),
    ],
)
def test_a_wrong_profile_is_one_clear_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "host.yaml"
    path.write_text(text)
    with pytest.raises(HostError) as caught:
        read_profile(path)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ardour://127.0.0.1:3819/a/b/c", "names too much"),
        ("carla://127.0.0.1:22752/a/b", "names too much"),
        ("ardour://127.0.0.1:3819/a?reply=8000", "asks for what is not known"),
        ("reaper://127.0.0.1:8000/a?reply=no", "reply=no is not a port"),
        ("sushi://127.0.0.1:24024?reply=24093", "name the plugin in the URL"),
        ("generic://127.0.0.1:7700/a/b", "a profile is missing"),
        ("generic://127.0.0.1:7700/a/b?profile=/nowhere.yaml", "cannot be read"),
    ],
)
def test_a_wrong_url_is_one_clear_line(overdrive: PluginSpec, url: str, fault: str) -> None:
    with pytest.raises(HostError) as caught:
        connect(url, overdrive)
    assert fault in str(caught.value)


def test_what_cannot_be_listed_says_so() -> None:
    with pytest.raises(HostError, match="SUSHI cannot be asked what it holds"):
        discover("sushi://127.0.0.1:24024?reply=24093")


@pytest.mark.parametrize("wanted", ["guitar/mda%20overdrive", "2/2", "guitar", "2", ""])
def test_names_and_numbers_lead_to_the_same_plugin(overdrive: PluginSpec, wanted: str) -> None:
    with FakeArdour(overdrive) as fake:
        url = f"ardour://127.0.0.1:{fake.port}/{wanted}"
        with connect(url, overdrive) as host:
            assert host.read() == pytest.approx(fake.values())


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ("", "is there 2 times"),
        ("guitar", "is there 2 times|2 plugins"),
        ("bass", "no track 'bass', but 1 'drums', 2 'guitar'"),
        ("guitar/Phaser", "no plugin 'Phaser'"),
        ("drums", "holds no plugin named"),
    ],
)
def test_what_could_be_another_plugin_is_not_touched(
    overdrive: PluginSpec, wanted: str, fault: str
) -> None:
    with FakeArdour(overdrive) as fake:
        fake.tracks[1].plugins.append(FakePlugin(overdrive.name, list(fake.plugin.parameters)))
        with pytest.raises(HostError, match=fault):
            connect(f"ardour://127.0.0.1:{fake.port}/{wanted}", overdrive)
        with connect(f"ardour://127.0.0.1:{fake.port}/guitar/3", overdrive) as host:
            assert host.read()
