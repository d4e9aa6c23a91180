"""The main job on real input: SSH, systemd, a Kubernetes API with pods, the Pulumi engine."""

import base64
import json
import re
import shutil
import ssl

import httpx
import pytest
import yaml

from tests.lab.deployment import CommandLines, Deployment, eventually

pytestmark = pytest.mark.usefixtures("machine")
DIRECTORIES = (
    "/var/lib/rancher /var/lib/kubelet /etc/rancher /run/k3s /var/lib/cni /etc/cni/net.d "
    "/var/lib/groundwork"
)
LEFTOVERS = (
    "pgrep -fa 'k3s|containerd' | grep -v pgrep",
    "grep -E 'k3s|kubelet|cni' /proc/mounts | grep -vE ' (/var/lib/rancher|/var/lib/kubelet) '",
    "ip -brief link | grep -E 'cni0|flannel|veth|kube'",
    f"sudo ls -A {DIRECTORIES} 2>/dev/null | grep -v ':$' | grep .",
    "ls /etc/systemd/system /usr/local/bin /etc/sysctl.d /etc/modules-load.d | grep -i k3s",
    "sudo iptables-save 2>/dev/null | grep -E 'KUBE-|CNI-|FLANNEL'",
)


# The document asks for these headers in production; here they are asked of a browser's end.
PATCH = {
    "groundwork:systems": {
        "ffe": {"set": {"workloads": {"backend": {"ingress": {"headers": {"frame": "deny"}}}}}}
    }
}


@pytest.fixture(scope="module")
def deployed(lab_of, tmp_path_factory):
    """The dev stack on one server and one agent, up; destroyed hosts and all at the end."""
    lab = lab_of(servers=1, agents=1)
    deployment = Deployment(lab, tmp_path_factory.mktemp("spine"), PATCH)
    with CommandLines() as seen:
        deployment.first = deployment.up().stdout
    deployment.command_lines = "\n".join(seen)
    return deployment


def visits(deployed):
    status, body = deployed.curl("/")
    assert status == 200, body
    return json.loads(body)["visits"]


def started(deployed, node):
    """When K3s on `node` was last started."""
    unit = "k3s" if node.startswith("s") else "k3s-agent"
    return deployed.lab.host(node).run(f"systemctl show -P ActiveEnterTimestamp {unit}").stdout


def test_the_application_answers_over_https_with_a_chain_of_the_stack(deployed):
    # Traefik hears of an Ingress some seconds after the API does.
    eventually(lambda: deployed.curl("/health")[0] == 200, seconds=30)

    assert deployed.curl("/ready")[0] == 200


def test_plain_http_is_sent_to_https(deployed):
    outputs = deployed.outputs()
    [[url, *_]] = outputs["urls"].values()
    host, address = url.removeprefix("https://"), outputs["ingressAddresses"][0]
    answer = deployed.lab.host("s1").run(
        f"curl -s -o /dev/null -w '%{{http_code}} %{{redirect_url}}' --resolve {host}:80:{address}"
        f" http://{host}/"
    )

    assert re.fullmatch(rf"30[18] https://{re.escape(host)}/", answer.stdout), answer.stdout


def test_browsers_are_told_to_refuse_what_they_should(deployed):
    _, answer = deployed.curl("/health", "--include")
    headers = answer.lower()

    assert "strict-transport-security: max-age=31536000" in headers
    assert "x-frame-options: deny" in headers
    assert "x-content-type-options: nosniff" in headers


@pytest.mark.parametrize(
    "pod", ["-n ffe app.kubernetes.io/name=backend", "-n postgres app.kubernetes.io/name=postgres"],
    ids=["application", "postgres"],
)  # fmt: skip
def test_the_count_of_visits_survives_the_deletion_of_a_pod(deployed, pod):
    namespace, label = pod.rsplit(" ", 1)
    before = visits(deployed)

    deployed.kubectl(f"delete pod {namespace} -l {label} --wait")

    assert eventually(lambda: visits(deployed), seconds=120) > before


def test_a_second_update_changes_nothing_and_a_preview_finds_nothing(deployed):
    second = deployed.up().stdout
    preview = deployed.pulumi("preview", "--expect-no-changes", check=False)

    assert re.search(r"Resources:\s+\d+ unchanged", second), second
    assert preview.returncode == 0, preview.stdout


def test_the_nodes_are_ready_and_have_their_roles(deployed):
    nodes = json.loads(deployed.kubectl("get nodes -o json"))["items"]
    ready = {
        node["metadata"]["name"]: condition["status"]
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    }

    assert ready == {"s1": "True", "a1": "True"}
    assert set(deployed.outputs()["nodes"]) == {"s1", "a1"}


def test_the_exported_kubeconfig_reaches_the_cluster(deployed, tmp_path):
    config = yaml.safe_load(deployed.outputs()["kubeconfig"])
    [cluster], [user] = config["clusters"], config["users"]
    for name, data in {
        "ca": cluster["cluster"]["certificate-authority-data"],
        "crt": user["user"]["client-certificate-data"],
        "key": user["user"]["client-key-data"],
    }.items():
        (tmp_path / name).write_bytes(base64.b64decode(data))
    context = ssl.create_default_context(cafile=str(tmp_path / "ca"))
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    answer = httpx.get(f"{cluster['cluster']['server']}/api/v1/nodes", verify=context)

    assert answer.status_code == 200


def test_no_secret_is_in_the_state_a_log_a_command_line_or_the_output(deployed):
    outputs = deployed.outputs()
    secrets = known_secrets(deployed)
    places = {
        "state": deployed.state(),
        "output": deployed.first,
        "ps": deployed.command_lines,
        **{
            f"journal of {host.name}": host.run("sudo journalctl --no-pager").stdout
            for host in deployed.lab.hosts
        },
    }

    assert len(secrets) >= 8, secrets.keys()
    assert "bash -s -- join s1" in deployed.command_lines, "nothing was watched"
    assert outputs["kubeconfig"]
    for place, text in places.items():
        leaked = [name for name, value in secrets.items() if value in text]
        assert leaked == [], f"{place} shows {leaked}"


def known_secrets(deployed):
    """Name -> a distinctive line of each secret in the state, decrypted."""
    exported = deployed.exported()
    found = {}
    for resource in json.loads(exported)["deployment"]["resources"]:
        kind, name = resource["type"], resource["urn"].rsplit("::", 1)[-1]
        for key in ("result", "privateKeyPem"):
            value = resource.get("outputs", {}).get(key)
            value = json.loads(value["plaintext"]) if isinstance(value, dict) else value
            if value and kind.startswith(("random:", "tls:")):
                lines = [ln for ln in value.splitlines() if "-----" not in ln]
                found[f"{kind} {name}"] = lines[0]
    return found


def test_a_changed_kubelet_argument_rolls_host_by_host(deployed):
    before = {node: started(deployed, node) for node in ("s1", "a1")}
    deployed.change(kubeletArgs={"max-pods": "77"})

    deployed.up()

    after = {node: started(deployed, node) for node in ("s1", "a1")}
    allocatable = deployed.kubectl("get nodes -o jsonpath={.items[*].status.allocatable.pods}")
    assert allocatable.split() == ["77", "77"]
    assert all(before[node] != after[node] for node in before)
    assert after["s1"] < after["a1"], "the server before the agent"
    cordoned = deployed.kubectl("get nodes -o jsonpath={.items[*].spec.unschedulable}")
    assert cordoned.strip() == ""


def test_a_change_that_fails_says_where_and_why_without_a_secret_and_is_mended(deployed):
    secrets = known_secrets(deployed)
    before = started(deployed, "a1")
    deployed.change(kubeletArgs={"no-such-flag": "1"}, gateTimeoutSeconds=30)

    failed = deployed.up(check=False)

    assert failed.returncode != 0
    assert "groundwork: roll s1: " in failed.stdout, failed.stdout
    assert "no-such-flag" in failed.stdout, "the journal's last lines"
    assert [name for name, value in secrets.items() if value in failed.stdout] == []
    assert started(deployed, "a1") == before, "the chain stops, the rest runs on"

    deployed.change(kubeletArgs={"no-such-flag": None}, gateTimeoutSeconds=None)
    deployed.up()
    assert deployed.kubectl("get nodes -o jsonpath={.items[*].spec.unschedulable}").strip() == ""


def test_adding_an_agent_touches_no_other_host(deployed):
    before = {node: started(deployed, node) for node in ("s1", "a1")}
    deployed.lab.up(servers=1, agents=2)
    address = deployed.lab.host("a2").address
    deployed.change(nodes={"a2": {"role": "agent", "address": address}})

    output = deployed.up().stdout

    assert {node: started(deployed, node) for node in before} == before
    changed = set(re.findall(r"command:remote:Command (\S+) (?:created|updated)", output))
    assert changed == {f"cluster-{verb}-a2" for verb in ("prepare", "join", "roll")}, output
    assert "a2" in deployed.kubectl("get nodes")


def test_removing_an_agent_leaves_its_host_clean_and_touches_no_other(deployed):
    before = {node: started(deployed, node) for node in ("s1", "a1")}
    deployed.change(nodes={"a2": None})

    deployed.up()

    assert "a2" not in deployed.kubectl("get nodes")
    assert traces(deployed.lab.host("a2")) == {}
    assert {node: started(deployed, node) for node in before} == before


def test_a_destroy_leaves_the_hosts_clean(deployed):
    deployed.pulumi("destroy", "--yes", "--skip-preview")

    for node in ("s1", "a1"):
        assert traces(deployed.lab.host(node)) == {}, node
    shutil.rmtree(deployed.folder / "state")


def traces(host):
    """What is left of K3s on a host: command -> what it found."""
    found = {command: host.run(command).stdout.strip() for command in LEFTOVERS}
    return {command: text for command, text in found.items() if text}
