"""What rendered manifests must show before they are applied: pinned images, no root, a change cause, nothing that is never applied.

Works on parsed objects of any shape: what is not as Kubernetes wants it is a finding, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeAlias

from shared.domain.charts.belonging import Belonging, Home
from shared.domain.charts.hooks import SKIPS_FILE, Hooks, problems_of
from shared.domain.charts.pods import GROUPS, MORE_GROUPS, SINGLE, WORKLOADS, Object, Pod, TooMuch, Walk, at, listed
from shared.domain.values.records import Record
from shared.domain.values.words import counted

CHANGE_CAUSE = "kubernetes.io/change-cause"
MOST_FINDINGS = 20
_LONGEST = 300
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ROOT = re.compile(r"0*|root")
_NUMBER = re.compile(r"[0-9]{1,10}")


# The platforms of an image, empty where it names none, and the user that it runs as on each.
Users: TypeAlias = Sequence[tuple[str, str]]


class Finding(Record, kw_only=False, array_like=True):
    """One thing that does not comply: the object as `Kind/name`, the field in it, the problem in words."""

    object: str
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Container:
    field: str
    spec: Mapping[str, object]
    runs: bool  # False for init and ephemeral containers


@dataclass(slots=True)
class _Check:
    """One look at all manifests; `users` says by an image's digest what user it runs as on each platform, where that is known."""

    released: tuple[str, ...]
    users: Mapping[str, Users]
    hooks: Hooks | None
    manifests: bytes
    belonging: Belonging | None
    images: set[str] = field(default_factory=set)
    pods: int = 0

    def every(self, documents: Sequence[object]) -> Iterator[Finding]:
        """Find what does not comply, in the order of the manifests."""
        walk = Walk()
        if self.hooks is Hooks.ARGOCD and SKIPS_FILE.encode() in self.manifests:
            yield Finding("manifests", "", f"hold {SKIPS_FILE}, with which Argo CD leaves out all of them; take it out")
        try:
            for each in walk.objects(documents):
                if isinstance(each, int):
                    yield Finding(f"object {each}", "kind", "is missing, so this is not a Kubernetes object")
                    continue
                yield from self._of_object(each)
                for pod in walk.pods(each):
                    self.pods += 1
                    yield from self._of_pod(each.name, pod)
                if self.belonging is not None:
                    yield from (Finding(*one) for one in self.belonging.strays(each))
        except TooMuch as error:
            yield Finding("manifests", "", str(error))
        if self.belonging is not None:
            yield from (Finding(*one) for one in self.belonging.contested())
        if not self.pods:
            yield Finding("manifests", "", "hold no workload, so nothing would run")
        elif self.released[0] not in self.images:
            yield Finding("manifests", "", f"have no container that runs {self.released[0]}")

    def _of_object(self, found: Object) -> Iterator[Finding]:
        annotations = at(found.content, "metadata", "annotations")
        if found.kind in WORKLOADS:
            # Of what is no controller of Kubernetes, nothing shows it.
            cause = annotations.get(CHANGE_CAUSE)
            if not isinstance(cause, str) or not cause.strip():
                yield Finding(found.name, f"metadata.annotations[{CHANGE_CAUSE}]", "must say why this was deployed")
        for mark, problem in problems_of(annotations, at(found.content, "metadata", "labels"), self.hooks):
            yield Finding(found.name, f"metadata.{mark}", problem)

    def _of_pod(self, name: str, pod: Pod) -> Iterator[Finding]:
        containers = list(_containers(pod))
        if pod.template and not any(container.runs for container in containers):
            yield Finding(name, f"{pod.field}.containers", "must list the containers")
        inherited = at(pod.spec, "securityContext")
        above = inherited.get("runAsUser")
        follows = [container for container in containers if _own(container).get("runAsUser") is None]
        if above is not None and not _is_user(above) and follows:
            yield Finding(name, _join(pod.field, "securityContext.runAsUser"), _NO_USER)
        for container in containers:
            yield from self._of_container(name, container, inherited)
        for place, reference in _image_volumes(pod):
            yield from (Finding(name, place, text) for text in _image_problems(reference, self.released))

    def _of_container(self, name: str, container: _Container, pod: Mapping[str, object]) -> Iterator[Finding]:
        image = container.spec.get("image")
        if container.runs and isinstance(image, str):
            self.images.add(image)
        yield from (Finding(name, f"{container.field}.image", text) for text in _image_problems(image, self.released))
        own, place = _own(container), f"{container.field}.securityContext"
        user = own.get("runAsUser")
        if user is not None and not _is_user(user):
            yield Finding(name, f"{place}.runAsUser", _NO_USER)
        elif user is None and pod.get("runAsUser") is None:
            known = self.users.get(_parts(image)[2], ()) if isinstance(image, str) else ()
            yield from (Finding(name, f"{place}.runAsUser", problem) for problem in user_problems(known))
        not_root = own.get("runAsNonRoot")
        if (pod.get("runAsNonRoot") if not_root is None else not_root) is not True:
            yield Finding(name, f"{place}.runAsNonRoot", "must be true, here or for the pod")


_NO_USER = "must be a user's number above 0, which is root"
_NOBODY_KNOWN: Mapping[str, Users] = {}


def findings(
    objects: Sequence[Mapping[str, object]],
    *,
    image: str,
    others: Sequence[str] = (),
    users: Mapping[str, Users] = _NOBODY_KNOWN,
    hooks: Hooks | None = None,
    manifests: bytes = b"",
    home: Home | None = None,
    before: Sequence[Finding] = (),
    most: int = MOST_FINDINGS,
) -> tuple[Finding, ...]:
    """Check all objects of one deployment of `image` (`host/repository:tag@digest`), read from `manifests`; `others` are released with it.

    `users` says what user an image's configurations name, by its digest; what is not there is unknown, and neither root nor
    none. `hooks` says who runs hooks, None that Helm does; `home` where the objects belong, where that is judged. What was found `before` comes first; there are `most` of all.
    """
    belonging = Belonging(home) if home is not None else None
    check = _Check(released=(image, *others), users=users, hooks=hooks, manifests=manifests, belonging=belonging)
    return bounded(chain(before, check.every(objects)), most)


def bounded(found: Iterable[Finding], most: int = MOST_FINDINGS) -> tuple[Finding, ...]:
    """Keep the first of many, and no more of each than people read."""
    each = iter(found)
    kept = [Finding(_cut(one.object), _cut(one.field), _cut(one.problem)) for one in islice(each, most)]
    more = sum(1 for _ in each)
    if more:
        kept.append(Finding("manifests", "", f"have {counted(more, 'other finding')}, not listed here"))
    return tuple(kept)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def user_problems(users: Users) -> Iterator[str]:
    """Say what is wrong with the users that an image names, and where they run; nothing where all are numbers above 0."""
    problems: dict[str, list[str]] = {}
    for platform, user in users:
        problem = _user_problem(user.partition(":")[0])
        if problem:
            problems.setdefault(problem, []).append(platform)
    for problem, platforms in problems.items():
        named = ", ".join(filter(None, platforms))
        yield f"{problem} (on {named})" if named else problem


def _user_problem(name: str) -> str:
    if _ROOT.fullmatch(name):
        return "must be set to a number above 0: the image's own user is root"
    if not _NUMBER.fullmatch(name):
        # https://kubernetes.io/docs/tasks/configure-pod-container/security-context: the kubelet knows no names.
        return f"must be set to a number: the image's own user is {name[:60]}, which Kubernetes cannot tell from root"
    return ""


def _own(container: _Container) -> Mapping[str, object]:
    return at(container.spec, "securityContext")


def _is_user(user: object) -> bool:
    return isinstance(user, int) and not isinstance(user, bool) and user > 0


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _containers(pod: Pod) -> Iterator[_Container]:
    for group in GROUPS if pod.template else MORE_GROUPS:
        for number, spec in enumerate(listed(pod.spec.get(group))):
            found = at(spec)
            # A custom resource may add to a container that its operator makes, and names no image for it.
            if pod.template or "image" in found:
                yield _Container(_join(pod.field, f"{group}[{number}]"), found, group == "containers")
    for name in SINGLE:
        found = at(pod.spec, name)
        if "image" in found:
            # Kubernetes' own controllers know no such field, and run nothing by it.
            yield _Container(_join(pod.field, name), found, not pod.template)


def _image_volumes(pod: Pod) -> Iterator[tuple[str, object]]:
    """The images whose files containers see, and may run: https://kubernetes.io/docs/concepts/storage/volumes/#image."""
    for number, volume in enumerate(listed(pod.spec.get("volumes"))):
        image = at(volume).get("image")
        if isinstance(image, Mapping) and (pod.template or "reference" in image):
            yield _join(pod.field, f"volumes[{number}].image.reference"), image.get("reference")


def _image_problems(found: object, released: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(found, str) or not found:
        yield "is missing"
        return
    repository, tag, digest = _parts(found)
    if not _DIGEST.fullmatch(digest):
        yield f"{found} must be pinned by its digest, as in repository:tag@sha256:…"
    if tag in ("", "latest"):
        yield f"{found} must carry a tag, and not latest"
    for wanted, _, wanted_digest in map(_parts, released):
        if repository == wanted and digest != wanted_digest:
            yield f"{found} is this service's image, but not the released {wanted_digest}"


def not_run(released: tuple[str, ...], running: Collection[str]) -> str:
    """Name a released image that does not run: the first one must, and no other may run by another digest. Empty where all is well."""
    if released[0] not in running:
        return released[0]
    digests = [(repository, digest) for repository, _, digest in map(_parts, running)]
    for image in released:
        wanted, _, wanted_digest = _parts(image)
        if any(repository == wanted and digest != wanted_digest for repository, digest in digests):
            return image
    return ""


def _parts(image: str) -> tuple[str, str, str]:
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return folder + slash + base, tag, digest
