"""The Postgres image on a volume, started and stopped as a pod would be."""

DATA = "/var/lib/postgresql/data"


class Database:
    """One volume, and the containers that serve it, one after another."""

    def __init__(self, containers, image, volume, password):
        self._containers, self._image = containers, image
        self.volume, self.password = volume, password
        self.container = None

    def start(self, *, ready=True, **settings):
        environment = {
            "PGDATA": f"{DATA}/pgdata",
            "POSTGRES_USER": "ffe",
            "POSTGRES_DB": "visits",
            "POSTGRES_PASSWORD": self.password,
            **settings.pop("environment", {}),
        }
        binds = {DATA: self.volume, **settings.pop("binds", {})}
        self.container = self._containers.run(
            self._image,
            environment={k: v for k, v in environment.items() if v is not None},
            binds=binds,
            scratch=["/var/run/postgresql"],
            **settings,
        )
        if ready:
            self.container.until(self.serves)
        return self.container

    def serves(self):
        """Over TCP, so not the server that fills a new data directory."""
        command = ("pg_isready", "--host=127.0.0.1", "--username=ffe", "--dbname=visits")
        return self.container.exec(*command, check=False).returncode == 0

    def sql(self, statement, *, password=None, check=True):
        url = f"postgresql://ffe:{password or self.password}@127.0.0.1:5432/visits"
        done = self.container.exec("psql", "-XAtc", statement, url, check=check)
        return done.stdout.strip() if check else done

    def stop(self, signal="INT"):
        self.container.signal(signal)
        return self.container.wait()
