"""voicebot: a Mandarin hotline bot for companies that sell to companies."""

__version__ = "0.1.0"
