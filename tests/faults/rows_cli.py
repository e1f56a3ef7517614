"""What the command line prints: whole, in one line, with the README's exit codes."""

from tests.faults.acts import apart, inside, on_terminal
from tests.faults.row import Row

LONGEST_URL = "generic://127.0.0.1:7700/TRACK/PLUGIN?profile=my-host.yaml"

ROWS = (
    Row("no such plugin", inside("host", "--plugin", "fuzz"), 4, "unknown plugin 'fuzz'"),
    Row(
        "hosts in 80 columns has URLs whole",
        on_terminal("hosts", columns=80),
        0,
        f"URL   {LONGEST_URL}\n",
    ),
    Row("hosts in 20 columns has URLs whole", on_terminal("hosts", columns=20), 0, LONGEST_URL),
    Row("hosts in 200 columns is a table", on_terminal("hosts", columns=200), 0, "┃ host"),
    Row("hosts in a pipe has URLs whole", apart("hosts", COLUMNS="80"), 0, f" {LONGEST_URL} "),
    Row("plugins in 80 columns", on_terminal("plugins", columns=80), 0, "│ pedalboard-distortion "),
    Row(
        "plugins in 30 columns has ids whole",
        on_terminal("plugins", columns=30),
        0,
        "plugin      pedalboard-distortion\n",
    ),
    Row("plugins in a pipe", apart("plugins", COLUMNS="20"), 0, "│ pedalboard-distortion "),
)
