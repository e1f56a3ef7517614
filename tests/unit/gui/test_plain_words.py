"""Names are shown as they are: nothing in them is markup or a shortcut."""

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.widgets.basics import Elided, as_tip, label

NAME = "take <b>2</b> & [remix].wav"


def test_labels_take_no_markup(qtbot: QtBot) -> None:
    cut = Elided()
    made = label(NAME)
    for widget in (made, cut):
        qtbot.addWidget(widget)
        assert widget.textFormat() is Qt.TextFormat.PlainText
    cut.resize(20, 20)
    cut.show_text(NAME)
    assert "take &lt;b&gt;2&lt;/b&gt; &amp; [remix].wav" in cut.toolTip()


def test_a_tip_without_markup_stays_as_it_is() -> None:
    assert as_tip("song [remix] & more") == "song [remix] & more"
