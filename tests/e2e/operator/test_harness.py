"""What the cases of the operator rely on: pods, proxies, servers and rights do what a case says they do."""

import asyncio
import json
import signal
import time
from pathlib import Path

import aiohttp
import httpx
import pytest
from lightkube import ApiError

from .cluster import Cluster
from .commons import Commons
from .fault_proxy import Fault, FaultProxy, Upstream
from .invariants import CANDIDATE
from .loop_thread import LoopThread
from .manifests import ROUTING, SERVICE
from .model_registry import Scores, digest_of
from .operator_process import OperatorProcess
from .shop import Shop

pytestmark = pytest.mark.e2e
LIMIT = 0.5


def test_a_predictor_answers_under_its_name_in_the_cluster_with_its_version(shop: Shop) -> None:
    shop.serving("1", operator=False)
    made = shop.registered("2")
    identity = shop.answers_as("1")
    assert identity["digest"] == digest_of("1")
    assert identity["run_id"] not in ("", made.run_id)
    change = {"spec": {"predictor": {"model": {"storageUri": made.uri, "env": environment("2")}}}}
    shop.cluster.merge("InferenceService", SERVICE, shop.namespace, change)
    assert shop.answers_as("2")["digest"] == digest_of("2")
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]


def environment(version: str) -> list[dict[str, str]]:
    return [{"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": version}]


def on_trial(shop: Shop, uri: str, version: str) -> None:
    """Make a candidate's service, as the operator would."""
    stable = shop.cluster.get("InferenceService", SERVICE, shop.namespace)
    labels, annotations = (stable["metadata"][field] for field in ("labels", "annotations"))
    predictor = stable["spec"]["predictor"]
    model = {**predictor["model"], "storageUri": uri, "env": environment(version)}
    metadata = {"name": CANDIDATE, "namespace": shop.namespace, "labels": labels, "annotations": annotations}
    shop.cluster.create(
        {
            "apiVersion": stable["apiVersion"],
            "kind": stable["kind"],
            "metadata": metadata,
            "spec": {"predictor": {**predictor, "model": model}},
        }
    )


@pytest.mark.parametrize("behaves", ["crash", "unready"])
def test_a_candidate_that_cannot_serve_never_becomes_ready(shop: Shop, behaves: str) -> None:
    shop.serving("1", operator=False)
    made = shop.registered("2", behaves=behaves)
    on_trial(shop, made.uri, "2")

    def pods() -> list[dict[str, object]]:
        listed = shop.cluster.listed("Pod", shop.namespace)
        statuses = [pod["status"] for pod in listed if pod["metadata"]["name"].startswith(CANDIDATE)]
        return [row for status in statuses for row in status.get("containerStatuses", [])]

    if behaves == "crash":
        shop.waits(lambda: any(int(str(row["restartCount"])) > 0 for row in pods()), "the candidate's end")
    else:
        shop.waits(lambda: any(row["started"] for row in pods()), "the candidate's start")
    assert not shop.is_ready(CANDIDATE)
    assert shop.served(CANDIDATE) == {}


@pytest.mark.parametrize(
    ("behaves", "version", "digest"),
    [("as-7", "7", digest_of("2")), ("altered", "2", None), ("broken", None, None)],
)
def test_a_candidate_that_is_not_what_it_says_shows_so(
    shop: Shop, behaves: str, version: str | None, digest: str | None
) -> None:
    shop.serving("1", operator=False)
    made = shop.registered("2", behaves=behaves)
    on_trial(shop, made.uri, "2")
    shop.waits(lambda: shop.is_ready(CANDIDATE), "the candidate to be ready")
    # Its Service leads there a moment later.
    shop.waits(lambda: behaves == "broken" or shop.served(CANDIDATE) != {}, "the candidate to answer")
    identity = shop.served(CANDIDATE)
    assert identity.get("version") == version
    assert identity.get("digest") != made.digest if digest is None else identity["digest"] == digest


def test_a_service_that_is_not_there_cannot_be_reached(shop: Shop) -> None:
    assert shop.served("nobody") == {}


def test_mlflow_has_what_the_case_registered(shop: Shop) -> None:
    made = shop.registered("1", report=Scores({"macro_f1": 0.91}, {"invoice": {"recall": 0.8, "support": 40}}))
    shop.registry.alias("candidate", "1")
    shop.registry.tag("1", "data_review", "passed")
    with httpx.Client(base_url=shop.mlflow_proxy.url + "/api/2.0/mlflow") as client:
        named = {"name": shop.namespace, "alias": "candidate"}
        version = client.get("/registered-models/alias", params=named).json()["model_version"]
        where = {"name": shop.namespace, "version": "1"}
        uri = client.get("/model-versions/get-download-uri", params=where).json()["artifact_uri"]
        run = client.get("/runs/get", params={"run_id": version["run_id"]}).json()["run"]
        path = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:")
    report = httpx.get(f"{shop.mlflow_proxy.url}/api/2.0/mlflow-artifacts/artifacts{path}/evaluation.json")
    assert (version["version"], version["status"], version["source"], uri) == ("1", "READY", made.uri, made.uri)
    assert {"digest", "classes", "metrics", "data_review"} <= {tag["key"] for tag in version["tags"]}
    assert report.json()["metrics"] == {"macro_f1": 0.91}
    assert report.json()["per_class"] == [{"class": "invoice", "recall": 0.8, "support": 40}]
    assert shop.registry.aliases() == {"candidate": "1"}
    shop.registry.remove_alias("candidate")
    assert shop.registry.aliases() == {}


def test_prometheus_answers_with_what_the_case_set(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.25)
    selector = shop.prometheus.selector("e2e_loss")
    answer = httpx.get(f"{shop.prometheus_proxy.url}/api/v1/query", params={"query": selector}).json()
    assert answer["data"]["result"][0]["value"][1] == "0.25"
    shop.prometheus.drop("e2e_loss")
    assert shop.prometheus.read(selector) is None


def test_counters_grow_as_fast_as_the_case_says(shop: Shop) -> None:
    shop.registered("1")
    shop.registry.alias("champion", "1")
    shop.candidate("2")
    shop.metrics(agreement=(100, 2))
    compared = "pigeonhole_shadow_comparisons_total"
    agreed, not_agreed = (
        f"sum(increase({shop.prometheus.selector(compared, model_version='2', agree=agree)}[4s]))"
        for agree in ("yes", "no")
    )
    share = shop.prometheus.until(
        f"{not_agreed} / ({agreed} + {not_agreed})", lambda value: value is not None and abs(value - 2 / 102) < 0.001
    )
    assert share is not None
    assert shop.prometheus.until(agreed, lambda value: value is not None and value > 300) is not None


def test_cases_do_not_see_each_other_s_metrics(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.5)
    assert shop.prometheus.read('e2e_loss{namespace="op-another"}') is None


async def ask(url: str) -> tuple[int, bytes]:
    timeout = aiohttp.ClientTimeout(total=LIMIT)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
        return answer.status, await answer.read()


def asked(loop: LoopThread, url: str) -> tuple[int, bytes] | str:
    try:
        return loop.call(ask(url))
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("fault", "meets"),
    [
        (Fault.REFUSED, {"ClientConnectorError"}),
        (Fault.RESET, {"ServerDisconnectedError", "ClientOSError"}),
        (Fault.SLOW, {"TimeoutError", "ConnectionTimeoutError", "ServerTimeoutError"}),
        (Fault.TRUNCATED, {"ClientPayloadError", "ClientOSError"}),
    ],
)
def test_a_broken_connection_is_broken_as_the_case_says(
    loop: LoopThread, commons: Commons, fault: Fault, meets: set[str]
) -> None:
    proxy = FaultProxy(loop, Upstream(commons.prometheus))
    try:
        url = f"{proxy.url}/api/v1/query?query=1"
        assert asked(loop, url)[0] == 200
        proxy.breaks(fault)
        assert asked(loop, url) in meets
        proxy.heals()
        assert asked(loop, url)[0] == 200
    finally:
        proxy.close()


@pytest.mark.parametrize(("fault", "status"), [(Fault.ERROR, 500), (Fault.GARBAGE, 200)])
def test_a_broken_answer_is_broken_as_the_case_says(
    loop: LoopThread, commons: Commons, fault: Fault, status: int
) -> None:
    proxy = FaultProxy(loop, Upstream(commons.prometheus))
    try:
        proxy.breaks(fault, only="/query")
        answer = asked(loop, f"{proxy.url}/api/v1/query?query=1")
        assert answer[0] == status
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer[1])
        assert asked(loop, f"{proxy.url}/-/ready")[0] == 200
        assert [exchange.status for exchange in proxy.exchanges] == [status, 200]
    finally:
        proxy.close()


def test_the_operators_account_may_do_what_its_role_says_and_nothing_else(shop: Shop, loop: LoopThread) -> None:
    account = Cluster(loop, shop.kubeconfig)
    assert account.listed("ModelDeployment", shop.namespace) == []
    account.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"routing.json": "{}"}})
    for kind, namespace in (("Secret", shop.namespace), ("Pod", shop.namespace), ("ModelDeployment", "default")):
        with pytest.raises(ApiError) as refused:
            account.listed(kind, namespace)
        assert refused.value.status.code == 403
    with pytest.raises(ApiError) as refused:
        account.get("Lease", "another", shop.namespace)
    assert refused.value.status.code == 403
    account.close()


def test_every_version_of_an_object_is_recorded_in_order(shop: Shop) -> None:
    for weight in (0, 10, 50):
        rules = {"generation": weight, "stable": {"host": "documents-predictor"}, "candidate": None}
        shop.cluster.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"routing.json": json.dumps(rules)}})
    shop.waits(lambda: shop.routing().get("generation") == 50, "the last routing")
    recorded = [json.loads(change.item["data"]["routing.json"]) for change in shop.recorder.of("ConfigMap", ROUTING)]
    assert [routing["generation"] for routing in recorded] == [1, 0, 10, 50]


def test_a_wait_that_fails_shows_the_case(shop: Shop) -> None:
    shop.deploys({})
    with pytest.raises(AssertionError, match=r"waited 1 s for Idle with any version\nnamespace: op-"):
        shop.settles("Idle", seconds=1)


def test_a_breach_of_what_always_holds_is_found(shop: Shop) -> None:
    rules = {"generation": 2, "stable": {}, "candidate": {"host": "h", "version": "9", "weight": 120, "shadow": True}}
    shop.cluster.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"routing.json": json.dumps(rules)}})
    shop.waits(lambda: shop.routing().get("generation") == 2, "the routing")
    first, second = shop.violations()
    assert "the candidate's weight is 120" in first
    assert "version 9 is routed, and the candidate's service has none" in second
    shop.recorder.forget()


def sleeper(folder: Path) -> OperatorProcess:
    """Return a process that stands for an operator: it ignores nothing and does nothing."""
    (folder / "pigeonhole_operator.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    return OperatorProcess(folder / "operator.log", {"PYTHONPATH": str(folder)})


def started(process: OperatorProcess) -> OperatorProcess:
    process.start()
    deadline = time.monotonic() + 30
    while "up" not in process.text:
        assert process.runs
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_an_operator_is_killed_the_moment_it_has_written_something(shop: Shop, tmp_path: Path) -> None:
    process = started(sleeper(tmp_path))
    with process.killed_after(
        shop.recorder, lambda change: change.kind == "ConfigMap" and "x" in change.item["data"]
    ) as at:
        shop.cluster.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"y": ""}})
        assert process.runs
        shop.cluster.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"x": ""}})
        shop.waits(lambda: not process.runs, "its end", 10)
    assert [change.name for change in at] == [ROUTING]
    assert not process.ended_by_itself


def test_an_operator_is_killed_after_a_request_that_it_got_no_answer_to(shop: Shop, tmp_path: Path) -> None:
    shop.registered("1")
    process = started(sleeper(tmp_path))
    url = f"{shop.mlflow_proxy.url}/api/2.0/mlflow/registered-models/alias"
    with process.killed_after_request(shop.mlflow_proxy, "POST", "registered-models/alias") as at:
        httpx.post(url, json={"name": shop.namespace, "alias": "champion", "version": "1"})
        shop.waits(lambda: not process.runs, "its end", 10)
    assert at
    assert shop.registry.aliases() == {"champion": "1"}


def test_an_operator_that_stands_still_is_no_dead_one(shop: Shop, tmp_path: Path) -> None:
    process = started(sleeper(tmp_path))
    process.freeze()
    assert process.runs
    process.thaw()
    assert process.stop() == -signal.SIGTERM
    started(process).close()
    assert not process.runs


def test_the_loop_beside_the_cases_ends_what_it_began() -> None:
    loop = LoopThread()
    task = loop.start(asyncio.sleep(60))
    loop.cancel(task)
    assert task.cancelled()
    loop.close()
