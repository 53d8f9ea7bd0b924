"""How a receiver knows that a message is ours: HMAC-SHA256, by the Standard Webhooks spec."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed_headers(key: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt. `at_s` is the time of this attempt, Unix seconds: a receiver
    refuses what is older than some minutes, so a copied message cannot be sent again later."""
    signed = f"{message_id}.{at_s}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "voicebot-webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
