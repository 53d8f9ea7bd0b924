"""Adapting Whisper to a telephone line and a company's callers, as a small verified delta.

`delta` and `ct2_file` need only numpy and are what a user's machine runs. Training needs the
extra `adapt` (torch); nothing else in this project imports those modules. See docs/adapt.md.
"""
