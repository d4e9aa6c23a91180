"""The random plugin's process."""

from lab.engine.plugins import version
from lab.engine.provider import Provider
from lab.engine.random.numbers import (
    RandomBytes,
    RandomId,
    RandomInteger,
    RandomShuffle,
    RandomUuid,
)
from lab.engine.random.text import RandomPassword, RandomString
from lab.engine.serve import serve

if __name__ == "__main__":
    serve(
        Provider(
            "random",
            version("random"),
            {
                "random:index/randomBytes:RandomBytes": RandomBytes(),
                "random:index/randomId:RandomId": RandomId(),
                "random:index/randomInteger:RandomInteger": RandomInteger(),
                "random:index/randomPassword:RandomPassword": RandomPassword(),
                "random:index/randomShuffle:RandomShuffle": RandomShuffle(),
                "random:index/randomString:RandomString": RandomString(),
                "random:index/randomUuid:RandomUuid": RandomUuid(),
            },
        )
    )
