"""Every fault that was found by use, each a row: see `tests/faults/row.py`."""

from pathlib import Path

import pytest

from tests.faults import (
    rows_cli,
    rows_control,
    rows_files,
    rows_hosts,
    rows_names,
    rows_plugins,
    rows_signals,
    rows_state,
    rows_training,
)
from tests.faults.row import Room, Row

MODULES = (
    rows_cli,
    rows_control,
    rows_files,
    rows_hosts,
    rows_names,
    rows_plugins,
    rows_signals,
    rows_state,
    rows_training,
)
ROWS = [
    pytest.param(row, id=f"{module.__name__.rsplit('rows_')[-1]}: {row.name}")
    for module in MODULES
    for row in module.ROWS
]


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_is_told(row: Row, tmp_path: Path) -> None:
    room = Room(tmp_path / "room", tmp_path / "home")
    for folder in (room.folder, room.home):
        folder.mkdir()
    row.judge(room)
