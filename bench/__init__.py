"""Comparisons with other projects; not part of the bot."""
