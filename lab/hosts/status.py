"""What the hosts of a lab are doing, as a table."""

from concurrent.futures import ThreadPoolExecutor

from lab.hosts import cgroups
from lab.hosts.host import Host
from lab.hosts.lab import Lab

# Prints the unit that runs and the version, each empty when there is none.
ASK = (
    "for unit in k3s k3s-agent; do state=$(systemctl is-active $unit.service); "
    '[ "$state" = inactive ] || printf "%s " "$unit $state"; done; echo; '
    "[ ! -e /usr/local/bin/k3s ] || /usr/local/bin/k3s --version | head -1"
)
COLUMNS = ("host", "address", "power", "ssh", "k3s", "version", "memory")


def table(lab: Lab) -> str:
    """One line per host: power, SSH, K3s' unit and version, memory in use."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        rows = [COLUMNS, *pool.map(_row, lab.hosts)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(host: Host) -> tuple[str, ...]:
    if host.pid is None:
        return (host.name, host.address, "off", "-", "-", "-", "-")
    if cgroups.frozen(host.group):
        return (host.name, host.address, "frozen", "-", "-", "-", memory(host))
    if not host.answers():
        return (host.name, host.address, "on", "no", "-", "-", memory(host))
    units, _, version = host.run(ASK).stdout.partition("\n")
    return (
        host.name,
        host.address,
        "on",
        "yes",
        units.strip() or "-",
        version.strip() or "-",
        memory(host),
    )


def memory(host: Host) -> str:
    """Memory the host's processes have for themselves, in MiB."""
    return f"{cgroups.resident_bytes(host.group) // 2**20} MiB"
