"""What the control surface tells of the running engine."""

from dataclasses import astuple, fields
from math import log

from bridge.analysis.spectrum import spectrum_db
from bridge.control.nodes import UNKNOWN
from bridge.control.reference import Reference, as_json
from bridge.control.resources import Resources
from bridge.control.slots import as_json as slots_as_json
from bridge.control.surface import Surface
from bridge.engine.live import LiveEngine
from bridge.estimate.closeness import Closeness


def tell_input(surface: Surface, engine: LiveEngine, overflows: int) -> None:
    """Levels, faults and the spectrum of what is listened to."""
    hearing = engine.hearing
    surface.tell("/state", engine.state)
    surface.tell("/input/connected", int(hearing is not None and hearing.source.connected))
    if hearing is None:
        return
    surface.tell("/input/device", hearing.source.name)
    surface.tell("/input/rate", hearing.source.sample_rate)
    surface.tell("/input/block", hearing.source.block_frames)
    surface.tell("/input/level", round(hearing.level_db, 1))
    surface.tell("/input/peak", round(hearing.peak_db, 1))
    surface.tell("/input/clipped", int(hearing.clipped))
    surface.tell("/input/overflows", overflows)
    if engine.statistics and engine.estimator:
        spectrum = spectrum_db(engine.statistics, engine.estimator.features)
        surface.tell("/spectrum/input", *(round(level, 1) for level in spectrum))


def tell_work(surface: Surface, engine: LiveEngine) -> None:
    """How fast the engine works, and what it has done."""
    settings, refinement = engine.settings, engine.refinement
    if last_ms := engine.summary.compute_ms.last:
        surface.tell("/latency/compute", round(last_ms, 2))
    if engine.estimator:
        # A change has to fill half of the window; averaging and glide add theirs.
        half_s = engine.estimator.features.window_s / 2
        half_s += log(2) * (settings.averaging_s + settings.glide.attack_s)
        surface.tell("/latency/adaptation", round(half_s, 2))
    surface.tell("/decisions", refinement.decisions, round(float(refinement.last_s), 2))


def tell_closeness(surface: Surface, engine: LiveEngine, resources: Resources) -> None:
    """How near the newest decision comes; unknown where another thing is wanted than is heard."""
    closeness, verdict = None, None
    if resources.settled:
        closeness, verdict = engine.closeness, engine.verdict
    told = astuple(closeness) if closeness else (UNKNOWN,) * len(fields(Closeness))
    surface.tell("/closeness", *told)
    surface.tell("/verdict", verdict.value if verdict else "")


def tell_host(surface: Surface, engine: LiveEngine, resources: Resources) -> None:
    """Whether there is a host, what it is sent, and where it has the chain's slots."""
    connected, driver = resources.connected, engine.control.driver if engine.control else None
    state = "connecting" if "host" in resources.busy else "none"
    if connected and resources.on_trial:
        state = "connected"
    if driver:
        state = "lost" if driver.lost else "connected"
        surface.tell("/host/sends", driver.sends_per_s)
        surface.tell("/host/bypassed", int(driver.own.dry))
    surface.tell("/host/state", state)
    if resources.loaded:
        places = connected.host.places if connected else {}
        surface.tell("/slots", slots_as_json(resources.loaded.chain, places))


def tell_reference(surface: Surface, reference: Reference | None) -> None:
    """What there is to say of the reference."""
    levels = reference.spectrum_db if reference else []
    surface.tell("/spectrum/reference", *(round(level, 1) for level in levels))
    surface.tell("/reference/report", as_json(reference.report) if reference else "{}")
