"""Language models at arm's length: choices among given options, and drafts for review."""
