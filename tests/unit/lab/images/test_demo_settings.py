from pathlib import Path

import pytest

from lab.demo.visits.settings import Settings

ROOT = Path(__file__).parents[4]
URL = "postgresql://ffe:hush@db.example:5433/visits"


def test_a_url_of_libpq_is_given_to_the_driver():
    url, arguments = Settings.read({"DATABASE_URL": URL}).connection()

    assert url.render_as_string(hide_password=False) == URL.replace(":", "+asyncpg:", 1)
    assert arguments == {}


def test_the_mode_of_tls_becomes_the_drivers():
    url, arguments = Settings.read({"DATABASE_URL": f"{URL}?sslmode=require"}).connection()

    assert arguments == {"ssl": "require"}
    assert not url.query


@pytest.mark.parametrize(
    ("pool", "workers", "share"), [(20, 4, 5), (5, 4, 1), (2, 4, 1), (20, 1, 20)]
)
def test_workers_share_the_pods_pool_and_each_has_a_connection(pool, workers, share):
    settings = Settings.read({"DATABASE_POOL_SIZE": str(pool), "WEB_CONCURRENCY": str(workers)})

    assert settings.pool_size_per_worker == share


def test_without_an_environment_the_documents_numbers_hold():
    settings = Settings.read({})

    assert (settings.pool_size, settings.workers, settings.log_level) == (5, 4, "info")


@pytest.mark.parametrize(
    "url", ["", "mysql://ffe:hush@db/x", "ffe:hush@db", "postgresql://ffe:hush@db:port/x"]
)
def test_a_url_of_another_kind_is_refused_without_its_password(url):
    with pytest.raises(
        ValueError, match="postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    ) as refused:
        Settings.read({"DATABASE_URL": url}).connection()

    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", ["DATABASE_POOL_SIZE", "WEB_CONCURRENCY"])
@pytest.mark.parametrize("value", ["0", "-1", "x", ""])
def test_a_number_that_is_none_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}: has to be a whole number above 0"):
        Settings.read({name: value})


def test_the_image_takes_the_versions_that_the_types_were_checked_with():
    def pins(path):
        return {line.split()[0] for line in (ROOT / path).read_text().splitlines() if "==" in line}

    assert pins("lab/demo/requirements.lock")
    assert pins("lab/demo/requirements.lock") <= pins("requirements.lock")
