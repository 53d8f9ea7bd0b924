"""Telling other systems (CRM, tickets) what happened in a call: signed, and until it arrives."""
