"""Publishes from a program that has nothing of Carillon's: Python with the `nats-py` client.

    python3 publish.py nats://localhost:4222 TENANT USER

Publishes notifications as plain JSON and as CloudEvents 1.0, structured and binary, waits for the PubAck of each,
publishes each once more under the same Nats-Msg-Id, and prints what JetStream answered, one JSON object a line.
"""

import asyncio
import json
import sys

import nats


async def main(url: str, tenant: str, user: str) -> None:
    connection = await nats.connect(url, connect_timeout=5)
    jetstream = connection.jetstream(timeout=5)
    plain = {"to": user, "title": "Plain from Python: olá, 你好 🔔", "url": "/python", "data": {"deep": {"list": [1, None, "x"]}}}
    event = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/python/shop",
        "type": "com.example.order.shipped",
        "subject": "order-1",
        "time": "2026-01-31T09:00:00Z",
        "datacontenttype": "application/json",
        "extension": "ignored",
        "data": {"to": {"user": user, "name": "A Person"}, "title": "A CloudEvent from Python", "tags": ["shop"]},
    }
    attributes = {"ce-specversion": "1.0", "ce-id": "evt%202", "ce-source": "/python/shop", "ce-type": "com.example.order.shipped"}
    binary = {"to": user, "title": "A binary CloudEvent from Python"}
    for name, priority, payload, more in (
        ("plain", "normal", plain, {}),
        ("event", "high", event, {}),
        ("binary", "low", binary, attributes),
    ):
        for _ in range(2):
            ack = await jetstream.publish(
                f"notify.{tenant}.{priority}.order.shipped",
                json.dumps(payload).encode(),
                headers={"Nats-Msg-Id": f"{tenant}-{name}", "content-type": "application/json", **more},
            )
            print(json.dumps({"name": name, "stream": ack.stream, "seq": ack.seq, "duplicate": bool(ack.duplicate)}))
    await connection.close()


asyncio.run(main(*sys.argv[1:4]))
