"""The OpenAPI description of what is sent, for those who build a receiver."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Header, Response

from voicebot.webhooks import messages

_ABOUT = """
Every message is a POST with a JSON body and three headers, by the Standard Webhooks specification.
Verify `webhook-signature` over `{webhook-id}.{webhook-timestamp}.{body}`, refuse timestamps older
than five minutes, and remember ids: a message may arrive more than once. Answer 2xx within the
timeout; anything else is tried again, after 5 s at first and every four hours at last.
"""
_Id = Annotated[str, Header(alias="webhook-id", description="the same on every attempt")]
_At = Annotated[int, Header(alias="webhook-timestamp", description="of this attempt, Unix seconds")]
_Signature = Annotated[
    str, Header(alias="webhook-signature", description="v1, and the base64 of the HMAC-SHA256")
]


def openapi(version: str) -> dict[str, Any]:
    """The document, as plain data (OpenAPI 3.1)."""
    app = FastAPI(title="voicebot webhooks", version=version, description=_ABOUT)
    for model in (
        messages.CallStarted,
        messages.HandoffStarted,
        messages.HandoffFinished,
        messages.CallEnded,
        messages.CallBackBooked,
        messages.Ping,
    ):
        kind = model.model_fields["type"].default
        app.webhooks.post(
            kind, status_code=204, response_class=Response, summary=model.__doc__, name=kind
        )(_receiver(model))
    return app.openapi()


def _receiver(model: type[Any]) -> Any:
    def receive(
        body: model,  # type: ignore[valid-type]
        webhook_id: _Id,
        webhook_timestamp: _At,
        webhook_signature: _Signature,
    ) -> None:
        """What the receiver implements."""

    receive.__annotations__["body"] = model
    receive.__doc__ = model.model_fields["data"].annotation.__doc__
    return receive
