"""After the call: the wrap-up form, its classes, and summaries of any service dialogue."""
