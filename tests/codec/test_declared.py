"""What every declaration of a record must be, since it is stored or sent: the library does not see to it by itself."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest
from msgspec import inspect as declared

from shared import codec
from shared.adapters import local_build
from shared.codec import envelope
from shared.codec.stored import Stored, StoredRow
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.records import Policy, Record
from shared.domain.values.version import Version
from tests.support.codec.messages import MESSAGES
from tests.support.codec.stored import GOLDEN, RECORDS

SHAPES = GOLDEN / "shapes.txt"
LEAVES = (
    declared.StrType,
    declared.IntType,
    declared.BoolType,
    declared.NoneType,
    declared.EnumType,
    declared.DateTimeType,
    declared.TimeDeltaType,
)


def kinds() -> dict[str, Stored[Any]]:
    """Find every kind of record that any module of the product stores."""
    packages = (codec, local_build)
    modules = [
        one.name for package in packages for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    values = [value for name in modules for value in vars(importlib.import_module(name)).values()]
    return {value.kind: value for value in values if isinstance(value, Stored)}


KINDS = kinds()
ROOTS = {**{name: one.declared for name, one in KINDS.items()}, "row": StoredRow[str], "message": envelope.Envelope}


def types(root: Any) -> Iterator[Any]:
    """Yield every type within a declaration, each once."""
    seen: set[Any] = set()
    ahead = [declared.type_info(root)]
    while ahead:
        one = ahead.pop()
        name = getattr(one, "cls", None) or repr(one)
        if name in seen:
            continue
        seen.add(name)
        yield one
        match one:
            case declared.StructType():
                ahead += [field.type for field in one.fields]
            case declared.NamedTupleType():
                ahead += [field.type for field in one.fields]
            case declared.UnionType():
                ahead += one.types
            case declared.TupleType():
                ahead += one.item_types
            case declared.VarTupleType():
                ahead.append(one.item_type)
            case declared.Metadata():
                ahead.append(one.type)


def records(root: Any) -> Iterator[Any]:
    """Yield the class of every record within a declaration."""
    for one in types(root):
        if isinstance(one, declared.StructType):
            yield get_origin(one.cls) or one.cls


@pytest.fixture(params=ROOTS)
def root(request: pytest.FixtureRequest) -> Any:
    """Each thing that is stored or sent."""
    return ROOTS[request.param]


def test_every_kind_that_is_stored_has_an_example() -> None:
    """So that golden files, damage and shapes know it."""
    assert {example.kind for example in RECORDS.values()} == set(KINDS)
    assert {type(one) for one in MESSAGES} == set(get_args(envelope.AnyMessage))


def test_records_hold_what_is_whole_and_cannot_change(root: Any) -> None:
    """No fraction, no list, no mapping, nothing of any type; the three values are texts."""
    for one in types(root):
        match one:
            case declared.CustomType():
                assert one.cls in (Digest, ServiceKey, Version)
            case (
                declared.StructType()
                | declared.UnionType()
                | declared.VarTupleType()
                | declared.TupleType()
                | declared.NamedTupleType()
                | declared.Metadata()
            ):
                pass
            case _:
                assert isinstance(one, LEAVES), one


def test_every_time_has_a_zone(root: Any) -> None:
    """The library refuses one without where the declaration says so."""
    assert all(one.tz is True for one in types(root) if isinstance(one, declared.DateTimeType))


def test_records_are_frozen_strict_and_made_by_keywords(root: Any) -> None:
    """And no record is an abstract class, whose checks cost at each that is made."""
    for one in records(root):
        config = one.__struct_config__
        assert issubclass(one, Record)
        assert (config.frozen, config.forbid_unknown_fields) == (True, True), one
        assert type(one) is type(Record)


def test_policies_leave_out_no_default(root: Any) -> None:
    """What a promotion pinned stays when the default of a new policy changes; all else is small."""
    for one in records(root):
        assert one.__struct_config__.omit_defaults is not issubclass(one, Policy), one


def test_members_of_a_union_are_told_apart_by_words_of_our_own(root: Any) -> None:
    """A class may be renamed, and no stored byte changes."""
    for one in types(root):
        if isinstance(one, declared.UnionType):
            structs = [each.cls for each in one.types if isinstance(each, declared.StructType)]
            if len(structs) > 1:
                tags = [each.__struct_config__.tag for each in structs]
                assert len(set(tags)) == len(structs)
                assert all(tag and tag != each.__name__ for tag, each in zip(tags, structs, strict=True))


def shape(type_: Any) -> str:
    """Say what a type stores: each field, whether it may be left out, and its default. What classes are called is not stored."""
    match type_:
        case declared.StructType():
            config = (get_origin(type_.cls) or type_.cls).__struct_config__
            fields = ",".join(f"{one.encode_name}:{shape(one.type)}{_default(one)}" for one in type_.fields)
            return f"{{{config.tag_field}={config.tag},{config.array_like},{config.omit_defaults},{fields}}}"
        case declared.EnumType():
            return "|".join(sorted(str(each.value) for each in type_.cls))
        case declared.UnionType():
            return "|".join(sorted(shape(one) for one in type_.types))
        case declared.VarTupleType():
            return f"[{shape(type_.item_type)}]"
        case declared.TupleType():
            return f"({','.join(shape(one) for one in type_.item_types)})"
        case declared.NamedTupleType():
            return f"({','.join(shape(one.type) for one in type_.fields)})"
        case declared.Metadata():
            return shape(type_.type)
        case declared.CustomType():
            return f"text of {type_.cls.__name__}"
    return repr(type_)


def _default(field: declared.Field) -> str:
    default = field.default
    if default is msgspec.NODEFAULT:
        return ""
    return f"={msgspec.json.encode(default, enc_hook=str).decode()}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shapes() -> str:
    """Return each kind's schema number and shape, one in a line."""
    numbers = {**{name: one.schema for name, one in KINDS.items()}, "row": 1, "message": envelope.SCHEMA}
    return "".join(
        f"{name}: schema {numbers[name]}, shape {_hash(shape(declared.type_info(ROOTS[name])))}\n"
        for name in sorted(ROOTS)
    )


def test_no_shape_changes_without_a_new_schema_number() -> None:
    """Give the kind its next number, then write the file anew: python -m tests.codec.test_declared."""
    assert shapes() == SHAPES.read_text()


def test_what_an_older_slipway_stored_is_read_with_the_defaults_of_today() -> None:
    """A field that came later, and has a default, asks for a new number and for nothing else."""

    class Old(Record):
        name: str

    class New(Record):
        name: str
        more: int = 7

    old, new = Stored[Old]("thing", Old, 1), Stored[New]("thing", New, 2)

    assert new.read(old.encode(Old(name="a"))) == New(name="a")
    assert json.loads(new.encode(New(name="a"))) == {"schema": 2, "record": {"name": "a"}}


def numbered(lines: str) -> dict[str, str]:
    """Shapes by kind and schema number."""
    return dict(line.split(", ") for line in lines.splitlines())


def test_a_changed_shape_is_told_from_a_new_number() -> None:
    """By whoever writes the shapes anew."""
    [kind, *_] = numbered(SHAPES.read_text())

    assert ": schema " in kind
    assert changed(SHAPES.read_text(), SHAPES.read_text()) == []
    assert changed("a: schema 1, shape x\n", "a: schema 1, shape y\nb: schema 1, shape z\n") == ["a: schema 1"]
    assert changed("a: schema 1, shape x\n", "a: schema 2, shape y\n") == []


def changed(before: str, after: str) -> list[str]:
    """Kinds whose shape is another under the number that it had."""
    old, new = numbered(before), numbered(after)
    return [kind for kind in old if new.get(kind, old[kind]) != old[kind]]


if __name__ == "__main__":
    # Only before the first release is nothing stored anywhere.
    if (found := changed(SHAPES.read_text(), shapes())) and sys.argv[1:] != ["--nothing-is-stored"]:
        sys.exit(f"{', '.join(found)}: the shape is another; give it the next number")
    SHAPES.write_text(shapes())
