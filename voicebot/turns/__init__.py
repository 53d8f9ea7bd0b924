"""When to listen and when to speak: VAD, endpoint, barge-in, budget. Sans I/O."""
