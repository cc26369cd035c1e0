"""Sends a notification with the generated Python client, and prints what it finds as JSON: calls.py URL API_KEY."""

import json
import sys
import time

from carillon_client import AuthenticatedClient
from carillon_client.api.inbox import get_inbox, mark_all_read
from carillon_client.api.notifications import get_notification, list_deliveries, send_notification
from carillon_client.api.types import put_type
from carillon_client.api.users import issue_user_token
from carillon_client.models import (
    Channel,
    Condition,
    Notification,
    NotificationData,
    NotificationReceipt,
    NotificationStatus,
    NotificationTypeInput,
    PlanStepInput,
    Problem,
    UserTokenRequest,
)

url, api_key = sys.argv[1:]
backend = AuthenticatedClient(base_url=url, token=api_key)

plan = [PlanStepInput(channel=Channel.EMAIL, when=Condition.UNREAD, after=600)]
type_ = put_type.sync("order.shipped", client=backend, body=NotificationTypeInput(name="Order shipped", plan=plan))

data = NotificationData()
data["order"] = {"number": 7, "lines": [1, None, "x"]}
receipt = send_notification.sync(
    client=backend,
    body=Notification(to="zoe", type_="order.shipped", title="Olá, 你好", data=data),
    idempotency_key="python-1",
)
assert isinstance(receipt, NotificationReceipt), receipt


def eventually(find):
    for _ in range(200):
        found = find()
        if found is not None:
            return found
        time.sleep(0.05)
    raise TimeoutError("it never came")


def delivered():
    status = get_notification.sync(receipt.id, client=backend)
    return status if isinstance(status, NotificationStatus) and status.recipients == 1 else None


status = eventually(delivered)
deliveries = list_deliveries.sync(receipt.id, client=backend, user="zoe").deliveries

token = issue_user_token.sync("zoe", client=backend, body=UserTokenRequest(ttl_seconds=600)).token
app = AuthenticatedClient(base_url=url, token=token)
page = get_inbox.sync(client=app, limit=5)
missing = get_notification.sync("nothing", client=backend)
assert isinstance(missing, Problem), missing

print(
    json.dumps(
        {
            "after": [step.after for step in type_.plan],
            "state": status.state.value,
            "deliveries": [f"{each.channel.value} {each.state.value}" for each in deliveries],
            "title": page.items[0].title,
            "data": page.items[0].data.to_dict(),
            "read": mark_all_read.sync_detailed(client=app).status_code.value,
            "missing": missing.code,
        }
    )
)
