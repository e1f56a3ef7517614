"""A probed plugin as an entry of the manifest, with what was found as comments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import yaml

from bridge.adding.draft import Draft
from bridge.adding.probe import AUDIBLE_DB, Findings
from bridge.manifest import ParamSpec, PluginSpec
from bridge.version import __version__


@dataclass(frozen=True)
class Entry:
    """What is written, and the plugin that it makes."""

    plugin: PluginSpec
    text: str
    """YAML: one item of the manifest's list of plugins, not indented; it ends with a new line."""
    held: dict[str, str]
    """By symbol: why a parameter is held at its default."""


def entry_of(draft: Draft, findings: Findings) -> Entry:
    """The entry of a plugin; what is not worth a search is held, and it is said why."""
    held = {
        spec.symbol: reason
        for spec in draft.plugin.parameters
        if (reason := _reason_to_hold(spec.symbol, draft, findings))
    }
    parameters = tuple(
        spec.model_copy(update={"predicted": spec.symbol not in held})
        for spec in draft.plugin.parameters
    )
    plugin = draft.plugin.model_copy(
        update={
            "parameters": parameters,
            "fixed_block": draft.plugin.fixed_block or findings.fixed_block,
        }
    )
    lines = [*_head(draft, findings), *_body(plugin, held, findings)]
    return Entry(plugin, "\n".join(lines) + "\n", held)


def _reason_to_hold(symbol: str, draft: Draft, findings: Findings) -> str:
    heard = findings.parameters[symbol]
    if symbol in draft.held:
        return draft.held[symbol]
    if heard.fault:
        return heard.fault
    if symbol in findings.untried:
        return "not tried, for lack of time"
    if heard.moved_db <= max(AUDIBLE_DB, 2 * findings.noise_db):
        return "inaudible"
    return ""


def _head(draft: Draft, findings: Findings) -> Iterator[str]:
    yield f"# Added by dafx-bridge {__version__} on {date.today().isoformat()}. {draft.channels};"
    late = f"{findings.latency_frames} frames late" if findings.latency_frames else "not late"
    same = (
        f"differs by {findings.noise_db:.2f} dB from render to render"
        if findings.noise_db
        else "the same from render to render"
    )
    yield f"# {late}; {same}{_of_reset(findings)}."
    for each in findings.remarks:
        yield f"# It is {_one_line(each)}."
    for each in draft.left_out:
        yield f"# Not listed: {_one_line(each)}"


def _of_reset(findings: Findings) -> str:
    if findings.reset_is_fresh is None:
        return ""
    return "; as new after a reset" if findings.reset_is_fresh else "; not as new after a reset"


def _body(plugin: PluginSpec, held: dict[str, str], findings: Findings) -> Iterator[str]:
    yield f"- id: {plugin.id}"
    yield f"  name: {_scalar(plugin.name)}"
    yield f"  kind: {_scalar(plugin.kind)}"
    yield f"  formats: {_flow(plugin.formats.model_dump(exclude_none=True))}"
    yield "  isolated: true"
    if plugin.fixed_block:
        yield "  fixed_block: true"
    yield "  parameters:"
    for spec in plugin.parameters:
        moved = f"moves the sound by up to {findings.parameters[spec.symbol].moved_db:.1f} dB"
        reason = held.get(spec.symbol)
        yield f"    # {_one_line(f'held: {reason}' if reason else moved)}"
        yield f"    - {_flow(_fields(spec))}"


def _fields(spec: ParamSpec) -> dict[str, object]:
    """The keys that are not what they are by themselves."""
    fields = spec.model_dump(mode="json", exclude_defaults=True)
    if spec.choices:
        fields["choices"] = [choice.model_dump() for choice in spec.choices]
    return fields


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return _first_document(text)


def _scalar(text: str) -> str:
    return _flow([text])[1:-1]


def _first_document(text: str) -> str:
    return text.strip().removesuffix("...").strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
