"""Which files are documents, by the end of their names."""

TEXT_SUFFIXES = (".md", ".markdown", ".txt", ".csv", ".tsv", ".jsonl")
RICH_SUFFIXES = (".pdf", ".docx", ".xlsx", ".xlsm", ".html", ".htm")  # read in a process apart
SUFFIXES = (*TEXT_SUFFIXES, *RICH_SUFFIXES)
OLD = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pdf", ".pptx": ".pdf", ".wps": ".docx"}
