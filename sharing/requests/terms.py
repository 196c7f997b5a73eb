"""What a move must say, checked against the request, the contract, the policy and the law; what comes out is the event's payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.properties import GROUND_LEVELS
from sharing.policy import read_policy
from sharing.requests.asked import Asked
from sharing.requests.granting import granted
from sharing.requests.moves import PROVIDER, roles


def payload_of(kind: str, asked: Asked) -> dict[str, Any]:
    """The payload of an event of that kind; ConfigurationError says what is missing or not allowed, and why."""
    make = _PAYLOADS.get(kind)
    return make(asked) if make else {}


def _refused(asked: Asked) -> dict[str, Any]:
    resource = asked.city.resources.get(asked.line.resource)
    stated = (resource.legal_ground if resource else None) or {}
    level = str(asked.said.get("level") or stated.get("level") or "")
    if level not in GROUND_LEVELS:
        raise asked.fault(
            f"{level or 'nothing'!r} is no ground to refuse: only a law, an administrative regulation or a State Council decision is",
            f"--level {', '.join(GROUND_LEVELS)}; or grant",
        )
    if not asked.said.get("ground") and stated.get("level") == level:
        return {"level": level, "ground": stated["text"]}
    return {"level": level, "ground": asked.text("ground", "--ground with rule and article")}


def _returned(asked: Asked) -> dict[str, Any]:
    missing = [asked.plain("missing", text) for text in asked.said.get("missing") or () if text.strip()]
    if not missing:
        raise asked.fault(
            "nothing is named as missing", "--missing PAPER, once for each: it can be told once only (art. 21)"
        )
    return {"missing": missing}


def _extension_asked(asked: Asked) -> dict[str, Any]:
    own_day = asked.line.submitted_at.astimezone(asked.city.timezone).date()
    limit = read_policy(asked.city.folder).limit("extend_answer", own_day)
    days = int(asked.said.get("days") or limit.working_days)
    if not 1 <= days <= limit.working_days:
        raise asked.fault(f"{days} working days are not allowed", f"1 to {limit.working_days} ({limit.article})")
    return {"days": days, "reason": asked.text("reason", "--reason: why more time is needed")}


def _extension_consented(asked: Asked) -> dict[str, Any]:
    most = asked.line.extension_asked_days or 0
    days = int(asked.said.get("days") or most)
    if not 1 <= days <= most:
        raise asked.fault(f"{days} working days were not asked for", f"1 to {most}")
    return {"days": days}


def _stopped(asked: Asked) -> dict[str, Any]:
    """Suspended or revoked. The bureau acts on misuse; a provider stops a running service only as agreed with the requester and filed (art. 27)."""
    payload = {"reason": asked.text("reason", "--reason")}
    filing = asked.told("filing")
    if PROVIDER in roles(asked.line, asked.city.bureau, asked.department) and not filing:
        raise asked.fault(
            "a provider may not stop a service by itself, without agreement and filing (art. 27)",
            "--filing with the agreement's and the filing's number; or ask the bureau to stop it",
        )
    return payload | ({"filing": filing} if filing else {})


def _renewed(asked: Asked) -> dict[str, Any]:
    ends, before = asked.said.get("valid_to"), asked.line.granted_to
    if ends is None:
        raise asked.fault("valid_to is missing", "--valid-to with the grant's new last day")
    if ends < asked.day or (before and ends <= before):
        raise asked.fault(f"{ends} is no renewal: the grant ends on {before}", "a later --valid-to")
    return {"valid_to": ends.isoformat()}


def _reasoned(asked: Asked) -> dict[str, Any]:
    return {"reason": asked.text("reason", "--reason")}


_PAYLOADS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "returned": _returned, "extension_asked": _extension_asked, "extension_consented": _extension_consented, "extension_declined": _reasoned,
    "granted": granted, "refused": _refused, "refusal_overruled": _reasoned,
    "not_digitised": lambda asked: {"holding": asked.text("holding", "--holding: the paper series, and its years")},
    "ruled_outside": _reasoned, "suspended": _stopped, "revoked": _stopped, "renewed": _renewed,
}  # fmt: skip
