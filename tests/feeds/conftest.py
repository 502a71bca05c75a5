"""Fixtures of the feeds' tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.feeds.wire import Answer, Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """`serve(answer, ...)`: a running Server with those answers."""
    running: list[Server] = []

    def start(*answers: Answer) -> Server:
        running.append(Server(answers))
        return running[-1]

    yield start
    for server in running:
        server.close()
