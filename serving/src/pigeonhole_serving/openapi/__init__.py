"""The OpenAPI documents of the two model servers."""

from pigeonhole_serving.openapi.documents import predictor_document, transformer_document

__all__ = ["predictor_document", "transformer_document"]
