"""Services, the ingress and the route of the Gateway API."""

import pytest

from .rendering import FILES, KSERVE_FILES, Json, at, merged, render

pytestmark = pytest.mark.chart
NGINX = "nginx.ingress.kubernetes.io/"
ON = {"ingress": {"enabled": True, "host": "pigeonhole.test"}}
GATEWAY = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}], "hostnames": ["ours.test"]}
ROUTE = {"gateway": GATEWAY}


def paths(ingress: Json) -> dict[str, str]:
    """Return an ingress's paths with the Service that each goes to."""
    (rule,) = ingress["spec"]["rules"]
    return {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}


@pytest.mark.parametrize("file", FILES)
def test_every_service_finds_pods_and_a_port_of_theirs(file: str) -> None:
    rendered = render(file)
    services = rendered.of("Service")
    assert services
    for name, service in services.items():
        chosen = [pod for pod in rendered.pods.values() if service["spec"]["selector"].items() <= pod.labels.items()]
        assert len(chosen) == 1, name
        ports = [port for part in chosen[0].spec["containers"] for port in part["ports"]]
        numbers = {port["containerPort"] for port in ports} | {port.get("name") for port in ports}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= numbers, name


@pytest.mark.parametrize("file", FILES)
def test_every_service_of_a_stateful_set_is_there(file: str) -> None:
    rendered = render(file)
    named = {item["spec"]["serviceName"] for item in rendered.of("StatefulSet").values()}
    assert named <= set(rendered.of("Service"))


@pytest.mark.parametrize("app", ["user-app", "admin-app"])
def test_a_session_of_an_app_stays_with_its_pod(app: str) -> None:
    assert render("external").one("Service", f"pigeonhole-{app}")["spec"]["sessionAffinity"] == "ClientIP"


def test_one_host_leads_to_the_apps_and_the_api() -> None:
    rendered = render("demo-kserve", ON)
    found = {**paths(rendered.one("Ingress", "pigeonhole-apps")), **paths(rendered.one("Ingress", "pigeonhole-api"))}
    assert found == {
        "/": "pigeonhole-user-app", "/admin": "pigeonhole-admin-app", "/v1": "pigeonhole-api",
        "/docs": "pigeonhole-api", "/openapi.json": "pigeonhole-api",
    }  # fmt: skip
    assert {item["spec"]["rules"][0]["host"] for item in rendered.of("Ingress").values()} == {"pigeonhole.test"}


@pytest.mark.parametrize("file", FILES)
def test_every_way_in_leads_to_a_port_of_a_service(file: str) -> None:
    rendered = render(file, merged(ON, ROUTE))
    services = rendered.of("Service")
    for ingress in rendered.of("Ingress").values():
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            backend = path["backend"]["service"]
            assert backend["port"]["name"] in {port["name"] for port in services[backend["name"]]["spec"]["ports"]}
    for rule in rendered.one("HTTPRoute", "pigeonhole")["spec"]["rules"]:
        for backend in rule["backendRefs"]:
            assert backend["port"] in {port["port"] for port in services[backend["name"]]["spec"]["ports"]}


def test_the_admin_app_knows_the_path_that_it_is_under() -> None:
    args = render("demo-kserve").container("admin-app")["args"]
    assert args[args.index("--base-path") + 1] == "/admin"
    assert "--base-path" not in render("demo-kserve").container("user-app")["args"]


@pytest.mark.parametrize("size", [10_485_760, 99_999_999])
def test_the_body_limit_is_one_value(size: int) -> None:
    rendered = render("demo-kserve", merged(ON, at("limits.bodyBytes", size)))
    limits = {item["metadata"]["annotations"][f"{NGINX}proxy-body-size"] for item in rendered.of("Ingress").values()}
    assert limits == {str(size)} == {rendered.environment("api")["PIGEONHOLE_API_MAX_BODY_BYTES"]}


def test_a_websocket_is_kept_for_an_hour_and_comes_back_to_its_pod() -> None:
    annotations = render("demo-kserve", ON).one("Ingress", "pigeonhole-apps")["metadata"]["annotations"]
    assert annotations[f"{NGINX}affinity"] == "cookie"
    assert int(annotations[f"{NGINX}proxy-read-timeout"]) >= 3600
    assert int(annotations[f"{NGINX}proxy-send-timeout"]) >= 3600
    api = render("demo-kserve", ON).one("Ingress", "pigeonhole-api")["metadata"]["annotations"]
    assert f"{NGINX}affinity" not in api


def test_annotations_of_ones_own_win() -> None:
    given = {f"{NGINX}proxy-read-timeout": "60", "cert-manager.io/cluster-issuer": "ours"}
    for item in render("demo-kserve", merged(ON, {"ingress": {"annotations": given}})).of("Ingress").values():
        assert given.items() <= item["metadata"]["annotations"].items()


def test_tls_and_the_class_are_as_the_values_say() -> None:
    for item in render("external").of("Ingress").values():
        assert item["spec"]["ingressClassName"] == "nginx"
        assert item["spec"]["tls"] == [{"hosts": ["pigeonhole.example.com"], "secretName": "pigeonhole-tls"}]
    for item in render("demo-kserve", ON).of("Ingress").values():
        assert not {"tls", "ingressClassName"} & set(item["spec"])


@pytest.mark.parametrize("way", [ON, ROUTE], ids=lambda way: next(iter(way)))
def test_browsers_find_the_api_at_the_origin_of_the_apps(way: Json) -> None:
    rendered = render("demo-kserve", merged(at("ingress.enabled", False), way))
    for app in ("user-app", "admin-app"):
        assert rendered.environment(app)["PIGEONHOLE_APP_PUBLIC_API_URL"] == "/"


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_the_api_answers_to_every_name_that_it_is_called_by(file: str) -> None:
    hosts = render(file, merged(ON, ROUTE, {"gateway": {"hostnames": ["by-gateway.test"]}})).environment("api")
    allowed = set(hosts["PIGEONHOLE_API_ALLOWED_HOSTS"].split(","))
    assert {"pigeonhole-api", "pigeonhole-api.trial.svc", "$(POD_IP)", "pigeonhole.test", "by-gateway.test"} <= allowed


@pytest.mark.parametrize("off", [{"userApp": {"enabled": False}}, {"adminApp": {"enabled": False}}], ids=str)
def test_an_app_that_is_off_has_no_path(off: Json) -> None:
    rendered = render("demo-kserve", merged(ON, ROUTE, off))
    (name,) = {"userApp": "user-app", "adminApp": "admin-app"}[next(iter(off))].split()
    assert f"pigeonhole-{name}" not in paths(rendered.one("Ingress", "pigeonhole-apps")).values()
    backends = [rule["backendRefs"][0]["name"] for rule in rendered.one("HTTPRoute", "pigeonhole")["spec"]["rules"]]
    assert f"pigeonhole-{name}" not in backends


def test_without_apps_the_ingress_has_the_api_alone() -> None:
    off = {"userApp": {"enabled": False}, "adminApp": {"enabled": False}}
    assert set(render("demo-kserve", merged(ON, off)).of("Ingress")) == {"pigeonhole-api"}


def test_the_route_belongs_to_the_gateways_of_the_values() -> None:
    route = render("scaled").one("HTTPRoute", "pigeonhole")["spec"]
    assert route["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert route["hostnames"] == ["pigeonhole.example.com"]


def test_the_route_never_ends_a_websocket() -> None:
    rules = {
        rule["backendRefs"][0]["name"]: rule
        for rule in render("scaled").one("HTTPRoute", "pigeonhole")["spec"]["rules"]
    }
    for app in ("user-app", "admin-app"):
        assert rules[f"pigeonhole-{app}"]["timeouts"] == {"request": "0s"}
    # An API's events come for minutes, where many a Gateway would end an answer after seconds.
    assert rules["pigeonhole-api"]["timeouts"] == {"request": "300s"}


def test_there_is_no_way_in_unless_asked() -> None:
    off = at("ingress.enabled", False)
    assert not {"Ingress", "HTTPRoute"} & render("demo-kserve", off).kinds


@pytest.mark.parametrize("app", ["user-app", "admin-app"])
def test_without_a_way_in_images_come_from_where_the_notes_forward_the_api_to(app: str) -> None:
    off = at("ingress.enabled", False)
    assert render("demo-kserve", off).environment(app)["PIGEONHOLE_APP_PUBLIC_API_URL"] == "http://localhost:8000"
