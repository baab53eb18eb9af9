"""Facts that gates asked for ↔ JSON."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.primitives import Json, time_text, whole
from shared.domain.manifests import Finding
from shared.domain.promotion import Author, Facts, Presence


def encode_facts(facts: Facts) -> Json:
    """Facts as an object."""
    values: Json = {"at": time_text(facts.at)}
    if facts.authors:
        values["authors"] = [(author.name, author.mail) for author in facts.authors]
    if facts.targets:
        values["targets"] = [{"promotion": whole(promotion), "is": presence} for promotion, presence in facts.targets]
    if facts.manifests:
        values["manifests"] = facts.manifests
    if facts.findings:
        values["findings"] = [
            {"object": finding.object, "field": finding.field, "problem": finding.problem} for finding in facts.findings
        ]
    if facts.foreign:
        values["foreign"] = facts.foreign
    return values


def decode_facts(fields: Fields) -> Facts:
    """See encode_facts."""
    return Facts(
        at=fields.time("at"),
        authors=tuple(Author(name=name, mail=mail) for name, mail in fields.pairs("authors")),
        targets=fields.many("targets", _decode_target),
        manifests=fields.text("manifests", ""),
        findings=fields.many("findings", _decode_finding),
        foreign=fields.text("foreign", ""),
    )


def _decode_target(fields: Fields) -> tuple[int, Presence]:
    return fields.number("promotion"), fields.word("is", Presence)


def _decode_finding(fields: Fields) -> Finding:
    return Finding(object=fields.text("object"), field=fields.text("field"), problem=fields.text("problem"))
