"""The bench of serving: the predictor beside other model servers, and the transformer's overhead and liveness."""
