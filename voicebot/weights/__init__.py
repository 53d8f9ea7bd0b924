"""Where weights come from and whether they are whole: a manifest, a store, a verified fetch."""

from voicebot.weights.manifest import Manifest, Weight, load_manifest
from voicebot.weights.store import check, locate, verify

__all__ = ["Manifest", "Weight", "check", "load_manifest", "locate", "verify"]
