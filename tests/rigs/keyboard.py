"""Which controls of a window the Tab key reaches."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

_KINDS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def controls(window: QWidget) -> set[QWidget]:
    """What can be worked with now: seen, enabled, and not a part that Qt makes itself."""
    return {
        widget
        for kind in _KINDS
        for widget in window.findChildren(kind)
        if widget.isVisible()
        and widget.isEnabled()
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget, QScrollBar)
        and widget.metaObject().className() not in ("QToolButton", "QExpandingLineEdit")
    }


def reached(window: QWidget) -> set[QWidget]:
    """What Tab comes to, from one to the next until it is back."""
    found: set[QWidget] = set()
    widget = window.nextInFocusChain()
    while widget is not None and widget is not window:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.add(widget)
        widget = widget.nextInFocusChain()
    return found
