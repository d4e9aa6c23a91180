"""The findings and warnings about all hosts together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from components.k3s.preflight.facts import Facts
from components.k3s.preflight.rules import RULES, SKEW_SECONDS
from components.k3s.spec import Cluster

# What two hosts must not share, and what sharing it means
_UNIQUE = {
    "hostname": ("host name", "rename one (hostnamectl)"),
    "machine_id": (
        "machine id",
        "one is a clone: empty /etc/machine-id there, run systemd-machine-id-setup, reboot",
    ),
    "product_uuid": ("product UUID", "one is a clone: give the virtual machine its own"),
}


@dataclass(slots=True)
class Judgement:
    """What is wrong (host, finding, remedy), what is only worth knowing, and who is well."""

    findings: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


def judge(
    cluster: Cluster,
    facts: Mapping[str, Facts],
    unreachable: Mapping[str, str],
    ca_hash: str | None,
) -> Judgement:
    """Everything that the hosts' answers, and the hosts that gave none, say about the cluster."""
    result = Judgement()
    for name, known in sorted(facts.items()):
        result.findings += [
            (name, what, way) for rule in RULES for what, way in rule(cluster, name, known)
        ]
        result.findings += [(name, *f) for f in _other_cluster(known, ca_hash)]
        result.warnings += [(name, text) for text in _remarks(known)]
    result.findings += _shared(facts)
    result.findings += _apart(facts)
    lives = _lives(facts, ca_hash)
    for name, reason in sorted(unreachable.items()):
        if lives:
            result.warnings.append((name, f"{reason}. The cluster lives, so it may be a dead one"))
        else:
            what, _, way = reason.rpartition(": ")
            result.findings.append((name, what, way))
    result.findings += _would_start_anew(cluster, facts, unreachable, ca_hash)
    return result


def _other_cluster(facts: Facts, ca_hash: str | None) -> Iterator[tuple[str, str]]:
    if ca_hash and facts["authority"] and facts["authority"] != ca_hash:
        yield (
            "belongs to another cluster (its authority is another)",
            "remove that K3s first, or take the host out of the stack file",
        )


def _remarks(facts: Facts) -> Iterator[str]:
    if int(facts["swap_kib"] or 0):
        yield "has swap: K3s runs with it, but memory limits become loose"
    if facts["selinux"] == "1":
        yield "enforces SELinux: K3s needs the k3s-selinux policy package there"
    if facts["apt_locked"]:
        yield "apt is busy: it will be waited for, where a package is missing"
    if facts["os"] and not {"debian", "ubuntu"} & set(facts["os"].split()):
        yield f"runs {facts.system}: Debian and Ubuntu are what is tested"


def _shared(facts: Mapping[str, Facts]) -> Iterator[tuple[str, str, str]]:
    for key, (title, way) in _UNIQUE.items():
        owners: dict[str, list[str]] = defaultdict(list)
        for name, known in sorted(facts.items()):
            # Containers show their machine's product UUID.
            if known[key] and not (key == "product_uuid" and known["container"]):
                owners[known[key]].append(name)
        for value, names in owners.items():
            for name in names[1:]:
                yield name, f"has the {title} of {names[0]} ({value})", way


def _apart(facts: Mapping[str, Facts]) -> Iterator[tuple[str, str, str]]:
    """Clocks that are near this machine's each may still be far from each other."""
    order = sorted(facts, key=lambda name: facts[name].clock_skew_seconds)
    if not order:
        return
    slow, fast = facts[order[0]].clock_skew_seconds, facts[order[-1]].clock_skew_seconds
    if fast - slow > SKEW_SECONDS >= max(abs(fast), abs(slow)):
        finding = f"its clock is {fast - slow:.0f} s ahead of {order[0]}'s"
        yield order[-1], finding, "synchronize both (systemd-timesyncd or chrony)"


def _lives(facts: Mapping[str, Facts], ca_hash: str | None) -> bool:
    return any(
        known["unit"] == "k3s" and known["unit_active"] == "active" and known["joined"] == ca_hash
        for known in facts.values()
        if ca_hash
    )


def _would_start_anew(
    cluster: Cluster,
    facts: Mapping[str, Facts],
    unreachable: Mapping[str, str],
    ca_hash: str | None,
) -> Iterator[tuple[str, str, str]]:
    """An existing cluster that is down must not be replaced by a new one beside it."""
    members = [name for name, known in facts.items() if known["joined"] == (ca_hash or "unknown")]
    stores = [name for name in cluster.living_servers if name in facts and facts[name]["datastore"]]
    silent = [name for name in cluster.living_servers if name in unreachable]
    first = cluster.first_server
    if members and not stores and not silent and first in facts:
        finding = (
            f"{', '.join(sorted(members))} belongs to this cluster, but no server in the stack "
            "file has its data: a second cluster would begin"
        )
        yield first, finding, "put the server that has it back, or restore a snapshot"
