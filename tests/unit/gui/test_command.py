import subprocess
import sys

from bridge.library import MANIFEST


def test_without_qt_the_command_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['PyQt6'] = None\n"
        "from bridge.cli import main\n"
        "sys.argv = ['dafx-bridge', 'gui']; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=MANIFEST.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == "error: the window needs PyQt6; pip install 'dafx-bridge[gui]'\n"
