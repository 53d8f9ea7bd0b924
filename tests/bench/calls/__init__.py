"""Scripted callers over real SIP, and bots in processes of their own, measured from tapes."""
