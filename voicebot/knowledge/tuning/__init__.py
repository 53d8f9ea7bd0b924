"""Fine-tuning an embedder on a company's own approved questions, with an honest measure."""
