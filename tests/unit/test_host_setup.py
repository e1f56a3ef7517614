"""What a user copies or writes: REAPER's patterns, URLs, profiles of other hosts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.chain import Chain, chain_of
from bridge.errors import HostError
from bridge.hosts import PROFILES, connect, discover
from bridge.hosts.generic import read_profile
from bridge.manifest import Manifest, PluginSpec
from tests.fake_hosts import FakeArdour, FakeReaper, FakeSushi
from tests.fake_hosts.base import FakeParameter, FakePlugin, FakeTrack, fake_plugin

DOCS = Path(__file__).parents[2] / "docs" / "hosts"
DRIVE = "mda-overdrive/drive"


@pytest.fixture
def one(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


def test_reapers_patterns_hold_all_that_is_said(one: Chain) -> None:
    lines = (DOCS / "DafxBridge.ReaperOSC").read_text().splitlines()
    patterns = {p[1:] for line in lines if not line.startswith("#") for p in line.split()[1:]}
    with FakeReaper(one) as fake, connect(fake.url, one) as host:
        host.set({DRIVE: 0.5, "mda-overdrive/bypass": 1.0})
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
        ("sushi://127.0.0.1:24024/a,b?reply=24093", "names 2 plugins and mda-overdrive has 1"),
        ("generic://127.0.0.1:7700/a/b", "a profile is missing"),
        ("generic://127.0.0.1:7700/a/b?profile=/nowhere.yaml", "cannot be read"),
    ],
)
def test_a_wrong_url_is_one_clear_line(one: Chain, url: str, fault: str) -> None:
    with pytest.raises(HostError) as caught:
        connect(url, one)
    assert fault in str(caught.value)


def test_what_cannot_be_listed_says_so() -> None:
    with pytest.raises(HostError, match="SUSHI cannot be asked what it holds"):
        discover("sushi://127.0.0.1:24024?reply=24093")


@pytest.mark.parametrize(
    "wanted",
    ["guitar/mda%20overdrive", "2/2", "guitar", "2", "", "drums,guitar", "guitar,drums/2"],
)
def test_names_and_numbers_lead_to_the_same_plugin(one: Chain, wanted: str) -> None:
    with FakeArdour(one) as fake:
        url = f"ardour://127.0.0.1:{fake.port}/{wanted}"
        with connect(url, one) as host:
            assert host.read() == pytest.approx(fake.values() | {"mda-overdrive/bypass": 0.0})
            assert host.places == {"mda-overdrive": f"guitar/{fake.plugin.name}"}


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ("", "is there 2 times"),
        ("guitar", "is there 2 times"),
        ("guitar/mda%20overdrive", "is there 2 times .*2 'guitar/.*3 'guitar/"),
        ("bass", "no track 'bass', but 1 'drums', 2 'guitar'"),
        ("guitar/Phaser", "no plugin 'Phaser', but 1 'guitar/Tuner'"),
        ("drums", "holds no plugin named"),
        ("guitar/2,3", "names 2 plugins and mda-overdrive has 1 slots"),
    ],
)
def test_what_could_be_another_plugin_is_not_touched(one: Chain, wanted: str, fault: str) -> None:
    with FakeArdour(one) as fake:
        fake.tracks[1].plugins.append(fake_plugin(one.slots[0]))
        with pytest.raises(HostError, match=fault):
            connect(f"ardour://127.0.0.1:{fake.port}/{wanted}", one)
        with connect(f"ardour://127.0.0.1:{fake.port}/guitar/3", one) as host:
            assert host.read()


@pytest.fixture
def three(manifest: Manifest) -> Chain:
    """Two plugins of one kind with another between them."""
    return chain_of("mda-overdrive,mda-delay,mda-overdrive", manifest)


FIRST, DELAY, SECOND = "mda-overdrive", "mda-delay", "mda-overdrive-2"


def url(fake: FakeArdour, path: str = "") -> str:
    return f"ardour://127.0.0.1:{fake.port}/{path}"


def test_two_of_one_kind_are_told_apart_by_their_place(three: Chain) -> None:
    with FakeArdour(three) as fake, connect(url(fake), three) as host:
        wanted = {f"{FIRST}/drive": 0.25, f"{SECOND}/drive": 0.75}
        host.set(wanted)
        assert host.read().items() >= wanted.items()
        assert fake.values().items() >= wanted.items()


def test_slots_lie_on_several_tracks_in_the_order_of_the_url(three: Chain) -> None:
    with FakeArdour(three) as fake:
        second = fake.plugins[SECOND]
        fake.tracks[1].plugins.remove(second)
        fake.tracks.append(FakeTrack("amp, left", [second]))
        with connect(url(fake), three) as host:
            assert [place.split("/")[0] for place in host.places.values()] == [
                "guitar",
                "guitar",
                "amp, left",
            ]
        # In this order of tracks the amplifier's is the first of its kind.
        with pytest.raises(HostError, match="mda-overdrive-2, mda-delay, and in the chain"):
            connect(url(fake, "amp%2C%20left,guitar"), three)
        fake.tracks[1].plugins.reverse()
        with connect(url(fake, "amp%2C%20left,guitar"), three) as host:
            host.set({f"{FIRST}/drive": 0.25})
            host.read()
        assert second.parameters[0].value == 0.25
        with pytest.raises(HostError, match=r"takes 2 plugins named .* holds 1 "):
            connect(url(fake, "guitar"), three)


def test_names_and_numbers_in_the_url_say_which_of_more_than_the_slots(three: Chain) -> None:
    with FakeArdour(three) as fake:
        fake.tracks[1].plugins.append(fake_plugin(three.slots[0]))
        with pytest.raises(HostError, match=r"is there 3 times .* name 2, with commas"):
            connect(url(fake), three)
        # A tuner, the chain's three, and the one that is too many.
        with connect(url(fake, "guitar/2,mda%20delay,5"), three) as host:
            host.set({f"{FIRST}/drive": 0.25, f"{SECOND}/drive": 0.75})
            host.read()
        driven = [plugin.parameters[0].value for plugin in fake.tracks[1].plugins]
        assert (driven[1], driven[4]) == (0.25, 0.75)
        assert driven[3] == three.parameter(f"{SECOND}/drive").spec.default


def test_a_plugin_of_that_name_with_other_parameters_is_not_meant(three: Chain) -> None:
    with FakeArdour(three) as fake:
        other = FakePlugin("MDA Overdrive", [FakeParameter("Bite", 0.0, 1.0, 0.5)])
        fake.tracks[1].plugins.insert(1, other)
        with connect(url(fake), three) as host:
            host.set({f"{FIRST}/drive": 0.25})
            host.read()
        assert fake.plugins[FIRST].parameters[0].value == 0.25
        assert other.parameters[0].value == 0.5


def test_a_name_inside_another_goes_to_the_plugin_that_is_nearer(manifest: Manifest) -> None:
    chain = chain_of("mda-delay,mda-overdrive", manifest)
    with FakeArdour(chain) as fake:
        fake.plugins[DELAY].name = "mda Delay"
        fake.plugins[FIRST].name = "My mda Overdrive (warm)"
        with connect(url(fake), chain) as host:
            assert host.places == {
                DELAY: "guitar/mda Delay",
                FIRST: "guitar/My mda Overdrive (warm)",
            }


@pytest.mark.parametrize("path", ["", "guitar", "guitar/mda%20delay,mda%20overdrive", "2/3,2"])
def test_another_order_than_the_chains_tells_both(manifest: Manifest, path: str) -> None:
    held = chain_of("mda-overdrive,mda-delay", manifest)
    wanted = chain_of("mda-delay,mda-overdrive", manifest)
    told = "on 'guitar' sound goes through mda-overdrive, mda-delay, and in the chain through"
    with (
        FakeArdour(held) as fake,
        pytest.raises(HostError, match=f"{told} mda-delay, mda-overdrive"),
    ):
        connect(url(fake, path), wanted)


def test_one_plugin_cannot_be_two_slots(manifest: Manifest) -> None:
    two = chain_of("mda-overdrive,mda-overdrive", manifest)
    with FakeArdour(two) as fake:
        with pytest.raises(HostError, match="takes 2 plugins named '2', and the host holds 1"):
            connect(url(fake, "guitar/2,2"), two)
        with pytest.raises(HostError, match="names one plugin twice"):
            connect("sushi://127.0.0.1:24024/a,a?reply=24093", two)


def test_what_cannot_be_asked_takes_a_name_a_slot(manifest: Manifest) -> None:
    two = chain_of("mda-overdrive,mda-delay", manifest)
    with (
        FakeSushi(two) as fake,
        pytest.raises(HostError, match=r"names 1 plugins and .* has 2 slots"),
    ):
        connect(f"sushi://127.0.0.1:{fake.port}/mda%20Overdrive?reply={fake.reply_port}", two)


def found_again(fake: FakeArdour, chain: Chain, path: str, change: Callable[[], object]) -> None:
    with connect(url(fake, path), chain) as host:
        change()
        host.find()
        wanted = {address: 0.375 for address in (f"{FIRST}/drive", f"{SECOND}/drive")}
        host.set(wanted)
        assert host.read().items() >= wanted.items()
        assert fake.values().items() >= wanted.items()


@pytest.mark.parametrize("path", ["", "guitar", "guitar/2,3,4", "2"])
@pytest.mark.parametrize("what", ["insert above", "insert below", "remove above", "other track"])
def test_slots_are_found_again_where_they_have_gone(three: Chain, path: str, what: str) -> None:
    with FakeArdour(three) as fake:
        guitar = fake.tracks[1].plugins
        changes: dict[str, Callable[[], object]] = {
            "insert above": fake.insert_above,
            "insert below": lambda: guitar.insert(3, FakePlugin("Gate", [])),
            "remove above": lambda: guitar.pop(0),
            "other track": fake.tracks.reverse,
        }
        found_again(fake, three, path, changes[what])


def test_a_plugin_that_goes_to_another_track_is_found_where_the_url_leaves_that_open(
    three: Chain,
) -> None:
    with FakeArdour(three) as fake:

        def move() -> None:
            fake.tracks[1].plugins.remove(fake.plugins[SECOND])
            fake.tracks.append(FakeTrack("amp", [fake.plugins[SECOND]]))

        found_again(fake, three, "", move)
    with FakeArdour(three) as fake, pytest.raises(HostError, match=r"is there 1 times .* 2 times"):
        found_again(fake, three, "guitar", move)


@pytest.mark.parametrize("path", ["", "guitar"])
def test_what_could_be_another_one_is_not_found_again(three: Chain, path: str) -> None:
    with FakeArdour(three) as fake, connect(url(fake, path), three) as host:
        guitar = fake.tracks[1].plugins
        guitar.insert(1, fake_plugin(three.slots[0]))
        with pytest.raises(HostError, match="is there 3 times"):
            host.find()
        guitar.pop(1)
        guitar.remove(fake.plugins[DELAY])
        with pytest.raises(HostError, match=r"Delay' is gone|no plugin named .*Delay'"):
            host.find()
        guitar.insert(1, fake.plugins[DELAY])
        with pytest.raises(HostError, match="mda-delay, mda-overdrive, mda-overdrive-2"):
            host.find()
        guitar.insert(2, guitar.pop(1))
        host.find()
        assert host.read()


def test_what_a_host_keeps_to_itself_is_told() -> None:
    kept = {profile.scheme: len(profile.untold) for profile in PROFILES}
    assert {scheme: count for scheme, count in kept.items() if count} == {"sushi": 2, "generic": 1}


def test_the_table_of_hosts_says_what_each_can_do() -> None:
    lines = (DOCS / "README.md").read_text().splitlines()
    head, _, *rows = ([c.strip() for c in x.split("|")[1:-1]] for x in lines if x.startswith("|"))
    abilities = ("discovers", "reads", "follows", "bypasses", "follows_bypass")
    named = ("discover", "read back", "follow", "bypass", "follow bypass")
    columns = [head.index(name) for name in named]
    offered = [[row[column][:4] in ("real", "fake") for column in columns] for row in rows]
    assert offered == [[getattr(p, name) for name in abilities] for p in PROFILES]
