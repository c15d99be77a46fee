"""Every message is accepted, and every mutation of it refused: webhooks_verify.py FILE FIRST_SECRET SECOND_SECRET"""

import base64
import json
import sys

import standardwebhooks.webhooks
import svix.webhooks

LIBRARIES = [standardwebhooks.webhooks, svix.webhooks]


def mutations(headers, body):
    """Headers and body with one thing changed."""
    for at in range(0, len(body), max(1, len(body) // 40)):
        yield headers, body[:at] + chr(ord(body[at]) ^ 1) + body[at + 1 :]
    yield headers, body + " "
    yield headers, body[:-1]
    yield headers, ""
    yield {**headers, "webhook-id": headers["webhook-id"] + "x"}, body
    for seconds in (1, -1, 3600, -3600, 10**12):
        yield {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + seconds)}, body
    yield {**headers, "webhook-timestamp": "now"}, body
    signature = headers["webhook-signature"]
    for at in range(3, 45):
        # Of several signatures one suffices: a change in each of them.
        parts = signature.split(" ")
        changed = " ".join(part[:at] + ("B" if part[at] == "A" else "A") + part[at + 1 :] for part in parts)
        yield {**headers, "webhook-signature": changed}, body
    yield {**headers, "webhook-signature": signature.replace("v1,", "v2,")}, body
    yield {**headers, "webhook-signature": ""}, body
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        yield {key: value for key, value in headers.items() if key != name}, body


def accepts(library, secret, headers, body):
    try:
        library.Webhook(secret).verify(body, headers)
        return True
    except (library.WebhookVerificationError, ValueError):
        return False


def main():
    path, first, second = sys.argv[1:]
    messages = [json.loads(line) for line in open(path, encoding="utf-8")]
    assert len(messages) == 4, len(messages)
    stranger = "whsec_" + base64.b64encode(bytes(32)).decode()
    refused = 0
    for message in messages:
        headers, body = message["headers"], message["body"]
        event = json.loads(body)
        assert event["specversion"] == "1.0" and event["id"] == headers["webhook-id"], event
        rotated = event["type"] == "steerco.webhook.test"
        for library in LIBRARIES:
            assert accepts(library, first, headers, body), (library, message)
            assert accepts(library, second, headers, body) == rotated, (library, message)
            assert not accepts(library, stranger, headers, body), library
            for changed, text in mutations(headers, body):
                assert not accepts(library, first, changed, text), (library, changed, text)
                refused += 1
    print(f"{len(messages)} messages accepted, {refused} mutations refused")


main()
