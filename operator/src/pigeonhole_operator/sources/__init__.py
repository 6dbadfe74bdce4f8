"""Where facts come from that the cluster does not hold: MLflow, the artefact store, Prometheus, the predictors."""
