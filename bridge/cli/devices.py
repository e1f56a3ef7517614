"""`dafx-bridge devices`: what --input and --play can name."""

from bridge.audio.devices import list_devices
from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table

EXAMPLES = """\
  dafx-bridge devices
  dafx-bridge devices --json"""

_COLUMNS = {
    "index": "index",
    "name": "name",
    "max_input_channels": "inputs",
    "max_output_channels": "outputs",
    "default_samplerate": "rate in Hz",
}


def command(as_json: JsonOption = False) -> None:
    """List the sound devices by the index and name that --input and --play take."""
    rows = [{name: device[key] for key, name in _COLUMNS.items()} for device in list_devices()]
    if as_json:
        echo_json(rows)
        return
    if not rows:
        print(
            "There is no sound device. Connect an interface or start JACK; without one, --input"
            " takes a file, which is played as if live."
        )
        return
    cells = [tuple(str(value) for value in row.values()) for row in rows]
    print_table(tuple(_COLUMNS.values()), cells, whole=("index", "name"))
