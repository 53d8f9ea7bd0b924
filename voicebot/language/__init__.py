"""Language-model engines, choice scoring, drafts and the grounding check."""
