"""Two layers: what is shipped, and what the user has added. Models here are cards alone."""

import json
import logging
import os
from pathlib import Path

import pytest

from bridge.chain import ChainSetting, chain_of
from bridge.errors import ManifestError, ModelError
from bridge.library import MANIFEST, MODELS, SHIPPED, Layer, Library, open_library, user_layer
from bridge.manifest import PluginSpec
from bridge.models import load_encoder, load_predictor
from bridge.models.maps import load_networks
from tests.stand_ins import write_models

FUZZ = """
  - id: my-fuzz
    name: My Fuzz
    kind: fuzz
    formats: {builtin: Distortion}
    model: my-fuzz
    parameters:
      - {symbol: drive_db, name: Drive, min: 0.0, max: 40.0, default: 6.0, unit: dB, scale: linear}
"""
RIG = """
rigs:
  - id: my-rig
    name: My Rig
    kind: amplifier
    slots:
      - {slot: push, plugin: pedalboard-peak, start: {gain_db: 6.0}}
      - {slot: dirt, plugin: pedalboard-distortion}
"""


@pytest.fixture
def own(tmp_path: Path) -> Layer:
    return Layer(tmp_path / MANIFEST.name, tmp_path / "models")


@pytest.fixture
def library(own: Layer) -> Library:
    return Library((SHIPPED, own))


def write(layer: Layer, entries: str) -> None:
    layer.manifest.write_text(f"schema: 1\n{entries}")


def write_encoder(models: Path, folder: str, sha256: str) -> Path:
    made = models / folder
    made.mkdir(parents=True)
    (made / "card.json").write_text(json.dumps({"sha256": sha256}))
    return made


def ids(library: Library) -> list[str]:
    return [plugin.id for plugin in library.manifest.plugins]


def test_without_anything_of_the_users_all_is_as_shipped(library: Library) -> None:
    assert library.manifest == Library().manifest
    assert library.faults == ()


def test_the_users_layer_lies_in_the_systems_folder_for_data(user_data: Path) -> None:
    folder = user_data / "dafx-bridge"
    assert user_layer() == Layer(folder / "plugins_manifest.yaml", folder / "models")
    assert open_library().layers == (SHIPPED, user_layer())


def test_a_plugin_of_the_users_stands_beside_the_shipped_ones(own: Layer, library: Library) -> None:
    write(own, f"plugins:{FUZZ}")
    assert ids(library) == [*ids(Library()), "my-fuzz"]
    assert library.faults == ()


def test_the_example_in_the_documentation_is_valid(own: Layer, library: Library) -> None:
    text = (MANIFEST.parent / "docs" / "plugins.md").read_text()
    own.manifest.write_text(text.split("```yaml\n")[1].split("```")[0])
    assert library.faults == ()
    assert [slot.id for slot in chain_of("my-rig", library.manifest).slots] == [
        *("tighten", "fuzz", "room")
    ]


def test_the_users_entry_takes_the_place_of_the_shipped_one(own: Layer, library: Library) -> None:
    write(own, "plugins:" + FUZZ.replace("id: my-fuzz", "id: pedalboard-distortion"))
    assert ids(library) == ids(Library())
    distortion = library.manifest.plugin("pedalboard-distortion")
    assert (distortion.name, distortion.parameters[0].max) == ("My Fuzz", 40.0)
    # A shipped rig is then made of the user's.
    amp = chain_of("guitar-amp", library.manifest)
    assert amp.slot("drive").plugin == distortion


def test_a_rig_of_shipped_plugins_needs_no_plugin_of_the_users(
    own: Layer, library: Library
) -> None:
    write(own, RIG)
    chain = chain_of("my-rig", library.manifest)
    assert [slot.id for slot in chain.slots] == ["push", "dirt"]
    assert ChainSetting.start(chain).values["push/gain_db"] == pytest.approx(6.0)
    assert "guitar-amp" in [rig.id for rig in library.manifest.rigs]


def test_a_rig_of_the_users_takes_the_place_of_the_shipped_one(
    own: Layer, library: Library
) -> None:
    write(own, RIG.replace("my-rig", "vocal"))
    assert [slot.slot for slot in library.manifest.rig("vocal").slots] == ["push", "dirt"]
    assert len(library.manifest.rigs) == len(Library().manifest.rigs)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("plugins: [", "line"),
        ("plugins:" + FUZZ.replace("max: 40.0", "max: 4.0"), ", my-fuzz, drive_db: default 6"),
        (RIG.replace("pedalboard-peak", "no-peak"), ", rig my-rig, slot push: unknown plugin"),
        (RIG.replace("gain_db: 6.0", "gain_db: 60.0"), "gain_db starts at 60, outside -18..18"),
        (RIG.replace("gain_db: 6.0", "tone: 6.0"), "has no parameter 'tone'"),
        (RIG.replace("id: my-rig", "id: mda-delay"), "id of a plugin and of a rig"),
        # What a shipped rig starts with is gone.
        ("plugins:" + FUZZ.replace("my-fuzz", "pedalboard-delay"), "rig guitar-amp, slot delay"),
    ],
)
def test_a_broken_table_of_the_users_is_told_and_the_shipped_plugins_stay(
    own: Layer, library: Library, caplog: pytest.LogCaptureFixture, entries: str, says: str
) -> None:
    write(own, entries)
    with caplog.at_level(logging.WARNING):
        assert library.manifest == Library().manifest
        (fault,) = library.faults
    assert fault.startswith(str(own.manifest))
    assert says in fault
    assert "\n" not in fault
    # Told once, however often it is asked for.
    assert caplog.messages == [fault]


def test_what_is_shipped_must_be_valid(own: Layer, tmp_path: Path) -> None:
    write(own, "plugins: [")
    with pytest.raises(ManifestError, match=str(own.manifest)):
        _ = Library((own,)).manifest
    gone = Layer(tmp_path / "gone.yaml", tmp_path)
    with pytest.raises(ManifestError, match="cannot be read"):
        _ = Library((gone,)).manifest


def test_changes_are_noticed(own: Layer, library: Library) -> None:
    before = ids(library)
    write(own, f"plugins:{FUZZ}")
    assert ids(library) == [*before, "my-fuzz"]
    write(own, "plugins: [")
    assert ids(library) == before
    assert library.faults
    # Mended within one tick of the clock of the file system, to another length.
    stamp = own.manifest.stat().st_mtime_ns
    write(own, f"plugins:{FUZZ}{RIG}")
    os.utime(own.manifest, ns=(stamp, stamp))
    assert ids(library) == [*before, "my-fuzz"]
    assert library.manifest.rig("my-rig")
    assert not library.faults
    own.manifest.unlink()
    assert library.manifest == Library().manifest


def test_the_manifest_is_read_once_as_long_as_it_stays(library: Library) -> None:
    assert library.manifest is library.manifest


def test_a_plugin_without_a_predictor_is_normal(library: Library) -> None:
    assert library.predictor_folder(library.manifest.plugin("pedalboard-gain")) is None


def test_a_model_is_found_in_the_users_layer_first(own: Layer, library: Library) -> None:
    write(own, f"plugins:{FUZZ}")
    fuzz, overdrive = (library.manifest.plugin(name) for name in ("my-fuzz", "mda-overdrive"))
    with pytest.raises(ModelError, match=f"'my-fuzz' is not below {MODELS} or {own.models}"):
        library.predictor_folder(fuzz)
    assert library.predictor_folder(overdrive) == MODELS / "mda-overdrive"
    for name in ("my-fuzz", "mda-overdrive"):
        (own.models / name).mkdir(parents=True)
    assert library.predictor_folder(fuzz) == own.models / "my-fuzz"
    assert library.predictor_folder(overdrive) == own.models / "mda-overdrive"


def test_encoders_lie_side_by_side_and_are_found_by_hash(own: Layer, tmp_path: Path) -> None:
    shipped = Layer(MANIFEST, tmp_path / "shipped")
    library = Library((shipped, own))
    first = write_encoder(shipped.models, "encoder", "1" * 64)
    second = write_encoder(own.models, "encoder", "2" * 64)
    third = write_encoder(own.models, "encoder-of-last-year", "3" * 64)
    assert [library.encoder_folder(n * 64) for n in "123"] == [first, second, third]
    assert library.encoder_folder() == second
    with pytest.raises(ModelError, match="no encoder of sha256 444444444444… below"):
        library.encoder_folder("4" * 64)


def write_critic(models: Path, folder: str, encoder_sha256: str) -> Path:
    made = models / folder
    made.mkdir(parents=True)
    (made / "card.json").write_text(json.dumps({"encoder_sha256": encoder_sha256}))
    return made


def test_a_critic_is_found_by_its_encoder_in_the_users_layer_first(
    own: Layer, tmp_path: Path
) -> None:
    shipped = Layer(MANIFEST, tmp_path / "shipped")
    library = Library((shipped, own))
    first = write_critic(shipped.models, "critic", "1" * 64)
    assert library.critic_folder("1" * 64) == first
    other = write_critic(own.models, "critic", "2" * 64)
    assert library.critic_folder("1" * 64) == first
    assert library.critic_folder("2" * 64) == other
    newer = write_critic(own.models, "critic-2", "1" * 64)
    assert library.critic_folder("1" * 64) == newer
    (newer / "card.json").write_text("{")
    assert library.critic_folder("1" * 64) == first
    with pytest.raises(ModelError, match=r"no critic for the encoder 333333333333….*dafx-train"):
        library.critic_folder("3" * 64)


def test_every_model_of_a_chain_is_watched(own: Layer, library: Library) -> None:
    """So that an engine that runs notices a newer critic too."""
    for folder in ("encoder-2", "critic", "mda-overdrive"):
        (own.models / folder).mkdir(parents=True)
    files = library.model_files([library.manifest.plugin("mda-overdrive")])
    for folder in ("encoder-2", "critic", "mda-overdrive"):
        assert own.models / folder / "card.json" in files
    for folder in ("encoder", "critic", "mda-overdrive"):
        assert MODELS / folder / "model.onnx" in files


def test_a_card_that_cannot_be_read_hides_no_other_encoder(own: Layer, library: Library) -> None:
    broken = write_encoder(own.models, "encoder", "1" * 64)
    wanted = write_encoder(own.models, "encoder-2", "2" * 64)
    for text in ("{", "[]", "\udcff"):
        (broken / "card.json").write_bytes(text.encode(errors="surrogateescape"))
        assert library.encoder_folder("2" * 64) == wanted


def test_predictor_and_sound_map_take_the_encoder_they_were_made_with(
    own: Layer, library: Library, overdrive: PluginSpec
) -> None:
    """Beside the user's newer encoder, the shipped models still find theirs."""
    fuzz = overdrive.model_copy(update={"id": "my-fuzz", "model": "my-fuzz"})
    write_models(own.models, fuzz)
    newest, shipped = load_encoder(library), load_encoder(Library())
    assert newest.card.sha256 != shipped.card.sha256
    assert load_predictor(fuzz, newest, library).card.plugin == "my-fuzz"
    with pytest.raises(ModelError, match="encoder_sha256 is"):
        load_predictor(overdrive, newest, library)
    needed = load_encoder(library, shipped.card.sha256)
    assert load_predictor(overdrive, needed, library).card.encoder_sha256 == needed.card.sha256
    assert load_networks(overdrive, library).card.encoder_sha256 == needed.card.sha256
