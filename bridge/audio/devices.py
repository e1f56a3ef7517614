"""Sound devices by name or index, through PortAudio.

PortAudio is loaded on first use: offline work needs no sound system.
"""

import atexit
from types import ModuleType
from typing import Any, Literal

from bridge.errors import DeviceError
from bridge.system import remedy


def portaudio() -> tuple[ModuleType, ModuleType]:
    """The modules rtmixer and sounddevice. Raises DeviceError without PortAudio."""
    try:
        import rtmixer
        import sounddevice
    except OSError:
        raise DeviceError(
            "sound devices need PortAudio, which is not installed: "
            + remedy(
                linux="apt install libportaudio2",
                mac="brew install portaudio",
                windows="pip install --force-reinstall sounddevice rtmixer",
            )
        ) from None
    return rtmixer, sounddevice


def look_again() -> None:
    """Let PortAudio list the devices anew; every open stream of this process ends.

    It sees what is plugged in later only when it starts again. Raises DeviceError without it.
    """
    _, sounddevice = portaudio()
    # The only way sounddevice has: https://github.com/spatialaudio/python-sounddevice/issues/125
    sounddevice._terminate()
    sounddevice._initialize()


def close_stream(stream: Any) -> None:
    """Close an open stream, unless its device is gone.

    PortAudio's JACK backend would wait ten minutes for a server that has ended, here and when
    Python ends.
    """
    _, sounddevice = portaudio()
    if stream.active or stream.closed:
        stream.close()
    else:
        atexit.unregister(sounddevice._exit_handler)


def list_devices() -> list[dict[str, Any]]:
    """PortAudio's description of every device. Raises DeviceError without PortAudio."""
    _, sounddevice = portaudio()
    return [dict(device) for device in sounddevice.query_devices()]


def find_device(device: str, direction: Literal["input", "output"]) -> dict[str, Any]:
    """PortAudio's description of the device of that index or (part of a) name; `jack` is JACK's.

    Raises DeviceError, naming them, where none fits or where devices of several names do.
    """
    _, sounddevice = portaudio()
    if device == "jack":
        apis = [api for api in sounddevice.query_hostapis() if "JACK" in api["name"]]
        if not apis or apis[0][f"default_{direction}_device"] < 0:
            raise DeviceError(f"JACK is not running or has no {direction}; start it and try again")
        return dict(sounddevice.query_devices(apis[0][f"default_{direction}_device"]))
    usable = [d for d in list_devices() if d[f"max_{direction}_channels"] > 0]
    if device.isdigit():
        fitting = [d for d in usable if d["index"] == int(device)]
    else:
        exact = [d for d in usable if d["name"] == device]
        fitting = exact or [d for d in usable if device.lower() in d["name"].lower()]
    if not fitting:
        known = ", ".join(f"{d['index']} {d['name']}" for d in usable) or "none"
        raise DeviceError(f"no {direction} device {device!r}; there are: {known}")
    # One device is there once for every sound system; Windows' oldest cuts its name.
    first = min((str(d["name"]) for d in fitting), key=len)
    if not all(str(d["name"]).startswith(first) for d in fitting):
        named = ", ".join(f"{d['index']} {d['name']}" for d in fitting)
        raise DeviceError(
            f"{device!r} is the {direction} of several devices: {named}; give more of the name, or"
            " the number"
        )
    return dict(fitting[0])


def device_name(index: str) -> str:
    """Of the device of that index; the index itself where there is no such device any more."""
    names = {str(device["index"]): str(device["name"]) for device in list_devices()}
    return names.get(index, index)


def default_output() -> str | None:
    """The index of the device that sound goes to unless told otherwise; None without one."""
    try:
        _, sounddevice = portaudio()
    except DeviceError:
        return None
    index = sounddevice.default.device["output"]
    return str(index) if index >= 0 else None
