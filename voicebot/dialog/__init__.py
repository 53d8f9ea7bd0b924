"""What to do next: scenes, policy, confidence. Pure: events in, actions out."""
