"""A parameter's value to type in: real units, which screen readers speak too."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

from bridge.manifest import ParamSpec
from gui.views.numbers import decimals, real_text
from gui.widgets.basics import Combo

_STEP = 0.01
"""Of the range, for the arrow keys."""


class NumberField(QDoubleSpinBox):
    """A real value with its unit."""

    chosen = pyqtSignal(float)
    """By the player: a real value."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self.setDecimals(max(decimals(spec, spec.min), decimals(spec, spec.max)))
        self.setRange(spec.min, spec.max)
        self.setSuffix(f" {spec.unit}" if spec.unit else "")
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.valueChanged.connect(self.chosen.emit)

    def show_value(self, real: float) -> None:
        """The host's value; not while the player types."""
        edit = self.lineEdit()
        if edit is None or (edit.hasFocus() and edit.isModified()):
            return
        blocked = self.blockSignals(True)
        self.setValue(real)
        self.blockSignals(blocked)

    def textFromValue(self, v: float) -> str:
        """With as many digits as can be heard."""
        return f"{v:.{decimals(self._spec, v)}f}"

    def stepBy(self, steps: int) -> None:
        """Hundredths of the range, on its own scale."""
        spec = self._spec
        if spec.scale == "integer":
            super().stepBy(steps)
        else:
            self.setValue(spec.to_real(spec.to_normalised(self.value()) + steps * _STEP))

    def wheelEvent(self, e: QWheelEvent | None) -> None:
        """Left to the list that scrolls."""
        if e:
            e.ignore()


class ChoiceField(Combo):
    """The label of a choice, or Off and On."""

    chosen = pyqtSignal(float)
    """By the player: a real value."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self._reals = [
            spec.to_real(spec.normalised_of_class(number)) for number in range(spec.classes)
        ]
        self.addItems([real_text(spec, real) for real in self._reals])
        self.activated.connect(lambda index: self.chosen.emit(self._reals[index]))

    def show_value(self, real: float) -> None:
        """The host's value."""
        self.setCurrentIndex(self._spec.class_of(self._spec.to_normalised(real)))
        self.setToolTip(self.currentText())

    def wheelEvent(self, e: QWheelEvent | None) -> None:
        """Left to the list that scrolls."""
        if e:
            e.ignore()


def value_field(spec: ParamSpec) -> NumberField | ChoiceField:
    """What fits the parameter."""
    return ChoiceField(spec) if spec.classes else NumberField(spec)
