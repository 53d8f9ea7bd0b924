"""What a seat is shown while it talks: next checks, passages, contradictions."""
