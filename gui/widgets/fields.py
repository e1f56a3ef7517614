"""A parameter's value to type in: real units, which screen readers speak too."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QValidator, QWheelEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

from bridge.manifest import ParamSpec
from gui.views.numbers import (
    decimals,
    number_text,
    real_of,
    real_text,
    shown,
    shown_range,
    typed,
    unit_of,
)
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
        low, high = shown_range(spec)
        self.setDecimals(max(decimals(spec, low), decimals(spec, high)))
        self.setRange(low, high)
        self.setSuffix(f" {unit_of(spec)}" if unit_of(spec) else "")
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.valueChanged.connect(lambda value: self.chosen.emit(real_of(spec, value)))

    def show_value(self, real: float) -> None:
        """The host's value; not while the player types."""
        edit = self.lineEdit()
        if edit is None or (edit.hasFocus() and edit.isModified()):
            return
        blocked = self.blockSignals(True)
        self.setValue(shown(self._spec, real))
        self.blockSignals(blocked)

    def textFromValue(self, v: float) -> str:
        """With as many digits as can be heard."""
        return number_text(self._spec, v)

    def validate(self, input: str | None, pos: int) -> tuple[QValidator.State, str, int]:
        """What is being typed may become a number with a unit; what is none yet stays."""
        words = input or ""
        number = self._typed(words)
        good = number is not None and self.minimum() <= number <= self.maximum()
        state = QValidator.State.Acceptable if good else QValidator.State.Intermediate
        return state, words, pos

    def valueFromText(self, text: str | None) -> float:
        """A number of another unit is understood, too."""
        number = self._typed(text)
        return self.value() if number is None else number

    def fixup(self, str: str | None) -> str:
        """What means nothing here is the value from before; what is too far is the end."""
        number = self._typed(str)
        if number is None:
            return self.textFromValue(self.value()) + self.suffix()
        return self.textFromValue(min(max(number, self.minimum()), self.maximum())) + self.suffix()

    def _typed(self, text: str | None) -> float | None:
        # What is typed stands before the field's own unit.
        return typed(self._spec, (text or "").removesuffix(self.suffix()))

    def stepBy(self, steps: int) -> None:
        """Hundredths of the range, on its own scale."""
        spec = self._spec
        if spec.scale == "integer":
            super().stepBy(steps)
        else:
            real = real_of(spec, self.value())
            self.setValue(shown(spec, spec.to_real(spec.to_normalised(real) + steps * _STEP)))

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
