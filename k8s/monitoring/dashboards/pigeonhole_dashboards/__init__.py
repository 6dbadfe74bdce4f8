"""Pigeonhole's Grafana dashboards, as code; `python -m pigeonhole_dashboards FOLDER` writes their JSON."""
