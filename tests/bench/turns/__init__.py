"""How well do turns work? Two-party audio through the real turn code, in virtual time."""
