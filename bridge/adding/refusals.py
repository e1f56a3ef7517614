"""Why plugins could not be added, kept in the user's cache, for `dafx-bridge scan`.

A reason stands until the plugin is added.
"""

from bridge.kept_answers import keep_answers, read_answers

_FILE = "refused.json"


def refusals() -> dict[str, str]:
    """Reason by source, with `#NAME` behind it where a file holds several plugins."""
    return {source: str(reason) for source, reason in read_answers(_FILE).items()}


def remember(source: str, reason: str) -> None:
    """Keep a reason; an empty one forgets."""
    kept = refusals()
    if kept.get(source, "") == reason:
        return
    kept.pop(source, None)
    if reason:
        kept[source] = reason
    keep_answers(_FILE, kept)
