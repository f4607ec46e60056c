import pytest
from logged_service import Service


@pytest.fixture
def start():
    """Starts services and ends what a test leaves running."""
    running = []

    def run(*arguments, env=None):
        running.append(Service(list(map(str, arguments)), env))
        return running[-1]

    yield run
    for service in running:
        if service.process.poll() is None:
            service.kill()
