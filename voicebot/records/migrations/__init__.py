"""The schema's history; run when a store is opened for writing."""
