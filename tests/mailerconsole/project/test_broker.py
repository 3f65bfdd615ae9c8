"""The embedded broker: a message appears whole and is taken once."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection, Exchange, Message, Queue


def connect(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "polling_interval": 0.01}
    return Connection("filesystem://", transport="mailerconsole.broker:Transport", transport_options=options)


def test_message_comes_through_and_leaves_nothing(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("jobs")
        queue.put({"id": 7})
        message = queue.get(timeout=1)
        assert message.payload == {"id": 7}
        message.ack()
    assert list(tmp_path.iterdir()) == []


def test_message_that_was_not_acknowledged_goes_back(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("jobs")
        queue.put(1)
        queue.get(timeout=1)
        queue.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_message_of_another_queue_is_left_alone(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        connection.SimpleQueue("other").put(1)
        with pytest.raises(Empty):
            connection.SimpleQueue("jobs").get(timeout=0.05)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_of_two_queues_takes_from_each_in_turn(tmp_path: Path) -> None:
    """The Procfile has one worker for sync and downloads: a sync waits for one download, however many wait."""
    taken: list[str] = []

    def take(body: str, message: Message) -> None:
        taken.append(body)
        message.ack()

    with connect(tmp_path) as connection:
        for queue, number in (("downloads", 5), ("sync", 2)):
            simple = connection.SimpleQueue(queue)
            for _ in range(number):
                simple.put(queue)
        queues = [Queue(name, Exchange(name), routing_key=name) for name in ("downloads", "sync")]
        with connection.Consumer(queues, callbacks=[take]) as consumer:
            consumer.qos(prefetch_count=1)
            while len(taken) < 7:
                connection.drain_events(timeout=5)
    assert max(place for place, queue in enumerate(taken) if queue == "sync") <= 3


def test_queue_is_emptied_and_counted(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("jobs")
        queue.put(1)
        queue.put(2)
        assert queue.qsize() == 2
        queue.clear()
    assert list(tmp_path.iterdir()) == []


def test_no_message_is_lost_or_doubled_or_read_half(tmp_path: Path) -> None:
    count, taken, lock = 400, [], threading.Lock()

    def publish(start: int) -> None:
        with connect(tmp_path) as connection:
            channel = connection.channel()
            for number in range(start, start + count // 4):
                channel._put("jobs", {"id": number, "filling": "x" * 20_000})

    def take() -> None:
        with connect(tmp_path) as connection:
            channel = connection.channel()
            while len(taken) < count:
                try:
                    message = channel._get("jobs")
                except Empty:
                    continue
                with lock:
                    taken.append(message["id"])

    with ThreadPoolExecutor(8) as threads:
        takers = [threads.submit(take) for _ in range(4)]
        list(threads.map(publish, range(0, count, count // 4)))
        for taker in takers:
            taker.result(timeout=60)
    assert sorted(taken) == list(range(count))


def test_half_written_message_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "1_a.jobs.draft").write_text(json.dumps({"id": 1})[:4])
    with connect(tmp_path) as connection, pytest.raises(Empty):
        connection.channel()._get("jobs")
