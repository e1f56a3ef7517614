"""What `live` says in the end."""

from bridge.chain import Chain
from bridge.cli.live import _in_words, _outcome
from bridge.engine.session import Summary
from bridge.estimate.closeness import Closeness, Verdict
from bridge.manifest import PluginSpec

NEAR = Closeness(1.2, 0.4, 0.25, 0.6, 0.97)


def test_it_ends_with_how_near_it_has_come(overdrive: PluginSpec) -> None:
    chain, summary = Chain.of_plugin(overdrive), Summary(closeness=NEAR, verdict=Verdict.MATCHED)
    assert _in_words(summary, chain) == "; ".join(("matched", *NEAR.sentences))
    assert _outcome(summary) == {
        "closeness": {"now": 1.2, "expected": 0.4, "low": 0.25, "high": 0.6, "better": 0.97},
        "verdict": "matched",
    }


def test_it_does_not_claim_to_know_what_nobody_has_tried(overdrive: PluginSpec) -> None:
    assert "unknown" in _in_words(Summary(), Chain.of_plugin(overdrive))
    assert _outcome(Summary()) == {"closeness": None, "verdict": None}
