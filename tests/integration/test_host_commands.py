"""`dafx-bridge hosts` and `discover`, as a user runs them."""

from bridge.chain import Chain
from bridge.hosts import PROFILES
from bridge.manifest import PluginSpec
from tests.fake_hosts import FakeArdour
from tests.integration.commands import run, run_json


def test_hosts_lists_what_each_can_do() -> None:
    listed = {row["scheme"]: row for row in run_json("hosts")}
    assert set(listed) == {profile.scheme for profile in PROFILES}
    assert len(listed) == 9
    assert (listed["ardour"]["discovers"], listed["sushi"]["discovers"]) == (True, False)
    table = run("hosts").stdout
    assert all(profile.name.split()[0] in table for profile in PROFILES)


def test_discover_lists_tracks_plugins_and_ranges(overdrive: PluginSpec) -> None:
    with FakeArdour(Chain.of_plugin(overdrive)) as fake:
        fake.plugin.enabled = False
        url = f"ardour://127.0.0.1:{fake.port}"
        drums, guitar = run_json("discover", "--host", url)
        table = run("discover", "--host", url).stdout
    assert (drums["name"], guitar["key"], guitar["name"]) == ("drums", 2, "guitar")
    _, plugin = guitar["plugins"]
    assert (plugin["name"], plugin["bypassed"]) == (overdrive.name, True)
    told = [(p["name"], p["min"], p["max"], p["value"]) for p in plugin["parameters"]]
    assert told == [(p.name, p.min, p.max, p.default) for p in overdrive.parameters]
    assert plugin["library"] == {"state": "known", "detail": overdrive.id}
    assert f"guitar/{overdrive.name}: known: {overdrive.id}" in table
    assert "bypassed" in table
    assert "Muffle" in table


def test_discover_of_nobody_is_one_line() -> None:
    done = run("discover", "--host", "sushi://127.0.0.1:24024?reply=24097")
    assert done.returncode == 7
    assert done.stderr.startswith("error: SUSHI cannot be asked")
    assert done.stderr.count("\n") == 1
