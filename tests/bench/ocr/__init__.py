"""The OCR engine beside what people would write without it: CPU time a page and macro-F1, measured in one run."""
