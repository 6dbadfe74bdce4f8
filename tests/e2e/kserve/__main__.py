"""Stand in for KServe's controller on the cluster that KUBECONFIG names, until SIGTERM."""

import argparse
import asyncio
import logging

import kopf
from lightkube import AsyncClient

from .cluster import FIELD_MANAGER, Cluster
from .controller import StandIn, registry
from .ingress import Outside


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(prog="kserve-stand-in", description=__doc__)
    parser.add_argument("--namespace", action="append", default=[], help="name or pattern; default: all of them")
    parser.add_argument("--initializer-image", required=True, help="what downloads a model from s3")
    parser.add_argument("--ingress-domain", default=Outside.domain)
    parser.add_argument("--ingress-class", default=Outside.ingress_class)
    parser.add_argument("--liveness", help="URL to answer on, such as http://127.0.0.1:8090/healthz")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for noisy in ("httpx2", "aiohttp.access", "kopf.objects"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> None:
    cluster = Cluster(AsyncClient(field_manager=FIELD_MANAGER))
    outside = Outside(arguments.ingress_domain, arguments.ingress_class)
    await kopf.operator(
        registry=registry(StandIn(cluster, arguments.initializer_image, outside)),
        clusterwide=not arguments.namespace,
        namespaces=arguments.namespace,
        standalone=True,
        liveness_endpoint=arguments.liveness,
    )


if __name__ == "__main__":
    main()
