"""What is done to files of recipients in processes that may be killed (`tests.support.kill`)."""


def read(file_id: str) -> None:
    """One attempt of a worker."""
    from mailings.services.recipients import reading

    reading.read_file(int(file_id))
