"""One call from ring to hang-up: the async glue between line, turns, dialog and voice."""
