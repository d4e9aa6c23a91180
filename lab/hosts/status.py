"""What the hosts of a lab are doing, as a table."""

from concurrent.futures import ThreadPoolExecutor

from lab.hosts import cgroups
from lab.hosts.host import Host
from lab.hosts.lab import Lab

# Prints the unit that runs and the version, each empty when there is none.
ASK = (
    "for unit in k3s k3s-agent; do state=$(systemctl is-active $unit.service); "
    '[ "$state" = inactive ] || printf "%s " "$unit $state"; done; echo; '
    "[ ! -e /usr/local/bin/k3s ] || /usr/local/bin/k3s --version | "
    """awk 'NR == 1 { version = $3 } /stand-in/ { which = " (stand-in)" }
    END { print version which }'"""
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
    state = host.state
    answers = state == "on" and host.answers()
    units, _, version = (host.run(ASK).stdout if answers else "").partition("\n")
    said = ("yes" if answers else "no", units.strip() or "-", version.strip() or "-")
    return (host.name, host.address, state, *said, "-" if state == "off" else memory(host))


def memory(host: Host) -> str:
    """Memory the host's processes have for themselves, in MiB."""
    return f"{cgroups.resident_bytes(host.group) // 2**20} MiB"
