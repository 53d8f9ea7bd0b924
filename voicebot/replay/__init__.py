"""The tester's bench: recordings through the same code, measured from the tape."""
