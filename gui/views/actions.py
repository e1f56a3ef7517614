"""Everything a player can do, as one table: menus, shortcuts, their sheet, MIDI derive from it."""

from dataclasses import dataclass

from bridge.control.nodes import SNAPSHOTS
from bridge.osc import Argument


@dataclass(frozen=True)
class Action:
    """One thing to do; where neither `sends` nor `toggles` says how, the window knows."""

    id: str
    menu: str
    text: str
    keys: str
    """Qt's name of the shortcut."""
    sends: tuple[Argument, ...] = ()
    """The address and arguments that do it."""
    toggles: str = ""
    """The address of the switch it turns over."""
    midi: bool = False
    """Whether a MIDI message may trigger it."""


def _snapshots() -> tuple[Action, ...]:
    recall = tuple(
        Action(
            f"recall_{n}",
            "Sound",
            f"Recall snapshot {n}",
            f"F{5 + i}",
            ("/snapshot/recall", n),
            midi=True,
        )
        for i, n in enumerate(SNAPSHOTS)
    )
    store = tuple(
        Action(
            f"store_{n}",
            "Sound",
            f"Store snapshot {n}",
            f"Shift+F{5 + i}",
            ("/snapshot/store", n),
            midi=True,
        )
        for i, n in enumerate(SNAPSHOTS)
    )
    names = Action("name_snapshots", "Sound", "Name the snapshots…", "Ctrl+N")
    return (*recall, *store, names)


ACTIONS: tuple[Action, ...] = (
    Action("open_reference", "File", "Open a reference…", "Ctrl+O"),
    Action("save_preset", "File", "Save a preset…", "Ctrl+S"),
    Action("load_preset", "File", "Presets…", "Ctrl+Shift+O"),
    Action("export", "File", "Export the setting for a DAW…", "Ctrl+E"),
    Action("demo", "File", "Run the demo", "Ctrl+D"),
    Action("background", "File", "Keep following when the window is closed", "Ctrl+K"),
    Action("quit", "File", "Quit", "Ctrl+Q"),
    Action("match", "Play", "Match once", "M", ("/match",), midi=True),
    Action("follow", "Play", "Follow", "F", toggles="/follow", midi=True),
    Action("freeze", "Play", "Freeze", "Z", toggles="/freeze", midi=True),
    Action("bypass", "Play", "Bypass", "B", toggles="/bypass", midi=True),
    Action(
        "panic",
        "Play",
        "Panic: stop and give everything back",
        "Shift+Esc",
        ("/panic",),
        midi=True,
    ),
    Action("revert", "Play", "Give the host its own values back", "Ctrl+R", ("/revert",)),
    Action("arm", "Play", "Hand all parameters back to the model", "H", ("/arm",), midi=True),
    Action("amount_up", "Play", "More amount", "Ctrl+Up"),
    Action("amount_down", "Play", "Less amount", "Ctrl+Down"),
    Action("rendering", "Play", "Try settings in the background", "Ctrl+B", toggles="/rendering"),
    Action("add_slot", "Chain", "Add a plugin…", "A"),
    Action("suggest", "Chain", "Which of my plugins?", "W"),
    Action("slot_open", "Chain", "Open or close the plugin", "O"),
    Action("slots_open", "Chain", "Open or close all plugins", "Shift+O"),
    Action("slot_up", "Chain", "Move the plugin up", "Ctrl+Shift+Up"),
    Action("slot_down", "Chain", "Move the plugin down", "Ctrl+Shift+Down"),
    Action("slot_remove", "Chain", "Remove the plugin", "Ctrl+Shift+Del"),
    Action("slot_bypass", "Chain", "Bypass the plugin", "Shift+B"),
    Action("slot_lock", "Chain", "Keep the model off its bypass", "Shift+L"),
    Action("slot_arm", "Chain", "Hand the plugin back to the model", "Shift+H"),
    Action("undo", "Sound", "Undo", "Ctrl+Z", ("/undo",)),
    Action("redo", "Sound", "Redo", "Ctrl+Shift+Z", ("/redo",)),
    Action("sound", "Sound", "Sound on or off", "S", toggles="/output/playing", midi=True),
    Action("hear_dry", "Sound", "Hear the dry input", "1", ("/audition", "dry")),
    Action("hear_matched", "Sound", "Hear the matched sound", "2", ("/audition", "matched")),
    Action("hear_reference", "Sound", "Hear the reference", "3", ("/audition", "reference")),
    *_snapshots(),
    Action("go_input", "Go to", "Input", "Alt+1"),
    Action("go_reference", "Go to", "Reference", "Alt+2"),
    Action("go_chain", "Go to", "Plugin or rig", "Alt+3"),
    Action("go_host", "Go to", "Host", "Alt+4"),
    Action("go_parameters", "Go to", "Parameters", "P"),
    Action("tab_spectrum", "Go to", "Spectrum", "Ctrl+1"),
    Action("tab_history", "Go to", "History", "Ctrl+2"),
    Action("tab_map", "Go to", "Sound map", "Ctrl+3"),
    Action("tab_changes", "Go to", "Changes", "Ctrl+4"),
    Action("learn", "Setup", "Learn the reference from the input", "L"),
    Action("discover", "Setup", "Discover the host's tracks and plugins", "Ctrl+H"),
    Action("rescan", "Setup", "Look for sound devices again", "F9", ("/devices/rescan",)),
    Action("midi", "Setup", "MIDI…", "Ctrl+M"),
    Action("theme", "View", "Next theme: system, light, dark", "Ctrl+T"),
    Action("scale_up", "View", "Larger", "Ctrl++"),
    Action("scale_down", "View", "Smaller", "Ctrl+-"),
    Action("clear", "Engine", "Clear overflows and clipping", "Ctrl+L", ("/clear",)),
    Action("restart_engine", "Engine", "Restart the engine", "Ctrl+Shift+R"),
    Action("log", "Engine", "Open the log file", "Ctrl+G"),
    Action("daw", "Help", "Use it with a DAW…", "F2"),
    Action("shortcuts", "Help", "Keyboard shortcuts", "F1"),
)


def action(action_id: str) -> Action:
    """The action of that id."""
    return next(one for one in ACTIONS if one.id == action_id)
