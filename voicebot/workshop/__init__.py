"""Supplement work: edits of a pack as checked, kept versions, and drafts made of kept calls."""
