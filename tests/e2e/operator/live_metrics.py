"""What the real Prometheus answers for a case's namespace."""

from collections.abc import Callable
from typing import Any

import httpx
from tests.e2e.kubectl import wait_until

HTTP_SECONDS = 120


class LiveMetrics:
    """Series of one namespace, which Prometheus reads each second."""

    def __init__(self, exporter: str, prometheus: str, namespace: str) -> None:
        self._http = httpx.Client(timeout=HTTP_SECONDS)
        self._exporter, self._prometheus, self._namespace = exporter, prometheus, namespace

    def close(self) -> None:
        self._http.delete(f"{self._exporter}/namespaces/{self._namespace}")
        self._http.close()

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a series, and return once Prometheus has it."""
        self._put(name, value, 0.0, labels)
        wait_until(lambda: self.read(self.selector(name, **labels)) == value, f"{name} in Prometheus")

    def counter(self, name: str, per_second: float, **labels: str) -> None:
        """Let a series grow by as much in each second from now on; a new one begins at 0."""
        self._put(name, None, per_second, labels)

    def drop(self, name: str) -> None:
        """End all series of a name, and return once Prometheus has none."""
        self._http.delete(f"{self._exporter}/namespaces/{self._namespace}/{name}").raise_for_status()
        wait_until(lambda: self.read(self.selector(name)) is None, f"the end of {name} in Prometheus")

    def selector(self, name: str, **labels: str) -> str:
        given = {"namespace": self._namespace, **labels}
        matchers = ",".join(f'{key}="{value}"' for key, value in sorted(given.items()))
        return f"{name}{{{matchers}}}"

    def read(self, query: str) -> float | None:
        """Return the value of the first series that a query finds."""
        answer = self._http.get(f"{self._prometheus}/api/v1/query", params={"query": query})
        rows: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return float(rows[0]["value"][1]) if rows else None

    def until(self, query: str, fits: Callable[[float | None], bool]) -> float | None:
        """Return a query's value once it fits."""
        wait_until(lambda: fits(self.read(query)), f"a fitting value of {query}")
        return self.read(query)

    def _put(self, name: str, value: float | None, per_second: float, labels: dict[str, str]) -> None:
        told = {"namespace": self._namespace, **labels}
        body = {"name": name, "labels": told, "value": value, "per_second": per_second}
        self._http.put(f"{self._exporter}/series", json=body).raise_for_status()
