"""From documents and FAQ to the right passage, with its source, or an honest refusal."""
