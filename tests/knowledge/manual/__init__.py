"""A server manual of our own invention, built by script, whose every fact is asked for."""
