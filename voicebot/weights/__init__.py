"""Model weights: manifest, verified fetch, conversion."""
