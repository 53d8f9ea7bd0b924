"""Phones on this machine for demos and tests: a scripted caller, a seat, a seat that refuses."""
