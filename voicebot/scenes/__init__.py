"""The scene language: what a fault scene is, how it is read from YAML, and its lint."""
