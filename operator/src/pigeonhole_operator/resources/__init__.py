"""The operator's two kinds of resources, as typed models and as CRDs."""
