"""Facts that gates asked for ↔ JSON."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.primitives import Json, decode_person, encode_person, time_text, whole
from shared.domain.manifests import Finding
from shared.domain.promotion import Author, Authors, Facts, Looked, Presence, Rendered

_NOBODY = Authors()


def encode_facts(facts: Facts) -> Json:
    """Facts as an object."""
    values: Json = {"at": time_text(facts.at)}
    if facts.authors != _NOBODY:
        values["authors"] = _encode_authors(facts.authors)
    if facts.targets:
        values["targets"] = [{"promotion": whole(promotion), "is": presence} for promotion, presence in facts.targets]
    if facts.foreign:
        values["foreign"] = facts.foreign
    return values


def decode_facts(fields: Fields) -> Facts:
    """See encode_facts."""
    return Facts(
        at=fields.time("at"),
        authors=fields.maybe("authors", _decode_authors) or _NOBODY,
        targets=fields.many("targets", _decode_target),
        foreign=fields.text("foreign", ""),
    )


def encode_rendered(rendered: Rendered) -> Json:
    """What was rendered as an object."""
    values: Json = {"inputs": rendered.inputs}
    if rendered.manifests:
        values["manifests"] = rendered.manifests
    if rendered.findings:
        values["findings"] = [
            {"object": finding.object, "field": finding.field, "problem": finding.problem}
            for finding in rendered.findings
        ]
    if rendered.changed:
        values["changed"] = rendered.changed
    return values


def decode_rendered(fields: Fields) -> Rendered:
    """See encode_rendered."""
    return Rendered(
        inputs=fields.text("inputs"),
        manifests=fields.text("manifests", ""),
        findings=fields.many("findings", _decode_finding),
        changed=fields.text("changed", ""),
    )


def _encode_authors(authors: Authors) -> Json:
    values: Json = {
        "evidence": authors.evidence,
        "count": whole(authors.count),
        "first": [(author.name, author.mail) for author in authors.first],
    }
    if authors.unknown:
        values["unknown"] = authors.unknown
    if authors.incomplete:
        values["incomplete"] = True
    if authors.looked:
        values["looked"] = [{"person": encode_person(one.person), "wrote": one.wrote} for one in authors.looked]
    return values


def _decode_authors(fields: Fields) -> Authors:
    return Authors(
        evidence=fields.text("evidence"),
        count=fields.number("count"),
        first=tuple(Author(name=name, mail=mail) for name, mail in fields.pairs("first")),
        unknown=fields.texts("unknown"),
        looked=fields.many("looked", _decode_looked),
        incomplete=fields.flag("incomplete", False),
    )


def _decode_looked(fields: Fields) -> Looked:
    return Looked(person=fields.one("person", decode_person), wrote=fields.flag("wrote"))


def _decode_target(fields: Fields) -> tuple[int, Presence]:
    return fields.number("promotion"), fields.word("is", Presence)


def _decode_finding(fields: Fields) -> Finding:
    return Finding(object=fields.text("object"), field=fields.text("field"), problem=fields.text("problem"))
