"""What is done to mailings in processes that may be killed (`tests.support.kill`)."""


def work(mailing_id: str, port: str, token: str) -> None:
    """One turn of a worker, against the simulator of the test."""
    from django.conf import settings

    from mailings.services.sending import running

    settings.SIMULATOR_PORT = int(port)
    settings.SIMULATOR_TOKEN = token
    running.run(int(mailing_id))
