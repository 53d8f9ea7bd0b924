"""A SIP dialog from our side: what its requests say (RFC 3261 section 12). Sans-I/O."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.pyvoip.message import Message, finish, tag_of, uri_of

ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE"


@dataclass
class Dialog:
    """`local` and `remote` are From and To values with their tags; `target` is where the far
    end is reached, through `routes`; `contact` is where we are."""

    call_id: str
    local: str
    remote: str
    target: str
    contact: str
    routes: tuple[str, ...] = ()
    cseq: int = 0

    @classmethod
    def of_incoming(cls, invite: Message, tag: str, contact: str) -> Dialog:
        """The dialog that an INVITE to us begins."""
        return cls(
            call_id=invite.call_id,
            local=f"{invite.first('to')};tag={tag}",
            remote=invite.first("from"),
            target=uri_of(invite.first("contact")) or uri_of(invite.first("from")),
            contact=contact,
            routes=invite.all("record-route"),
        )

    def established(self, answer: Message) -> None:
        """The far end answered our INVITE: its tag, its contact and the way there."""
        self.remote = answer.first("to")
        self.target = uri_of(answer.first("contact")) or self.target
        self.routes = tuple(reversed(answer.all("record-route")))

    def retarget(self, message: Message) -> None:
        """A re-INVITE or UPDATE says where the far end is now."""
        self.target = uri_of(message.first("contact")) or self.target

    @property
    def remote_tag(self) -> str:
        return tag_of(self.remote)

    @property
    def next_hop(self) -> str:
        """The URI that requests are sent to."""
        return uri_of(self.routes[0]) if self.routes else self.target

    def request(
        self,
        method: str,
        via: str,
        *,
        cseq: int | None = None,
        headers: tuple[str, ...] = (),
        body: str = "",
    ) -> bytes:
        """A request within the dialog; a new CSeq number unless `cseq` is given (ACK, CANCEL)."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: {via}",
            *(f"Route: {route}" for route in self.routes),
            f"From: {self.local}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: {self.contact}",
            "Max-Forwards: 70",
            *headers,
        ]
        return finish(lines, body)
