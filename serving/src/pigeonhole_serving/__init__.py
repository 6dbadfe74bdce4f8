"""The KServe model servers: OCR transformer and text predictor."""
