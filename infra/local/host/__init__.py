"""The local host: runs the functions of a FunctionApp on one machine, by their triggers and in no other way."""

from infra.local.host.errors import HostRefused
from infra.local.host.host import LocalHost
from infra.local.host.people import LocalPeople, LocalPerson, new_person, with_new_key

__all__ = ["HostRefused", "LocalHost", "LocalPerson", "LocalPeople", "new_person", "with_new_key"]
