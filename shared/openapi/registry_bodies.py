"""What registries send to their hook, by an example of each. Loaded at a cold start, so it loads nothing itself."""

from __future__ import annotations

from shared.openapi.operation import RequestBody

_DIGEST = "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CNCF = {
    "events": [
        {
            "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
            "action": "push",
            "target": {
                "mediaType": _MANIFEST,
                "repository": "delivery",
                "tag": "v1.0.2",
                "digest": _DIGEST,
                "url": "https://registry.example.com/v2/delivery/manifests/v1.0.2",
            },
            "request": {"host": "registry.example.com"},
        },
        {"id": "320678d8-ca14-430f-8bb6-4ca139cd83f8", "action": "pull"},
    ]
}
_ACR = {
    "id": "cb8c3971-9adc-488b-bdd8-43cbb4974ff5",
    "action": "push",
    "target": {"mediaType": _MANIFEST, "digest": _DIGEST, "repository": "delivery", "tag": "v1.0.2"},
    "request": {"host": "fabrikam.azurecr.io"},
}
_DOCKER_HUB = {
    "push_data": {"pushed_at": 1417566161, "tag": "v1.0.2"},
    "repository": {"repo_name": "fabrikam/delivery"},
}

BODIES = (
    RequestBody("registry_hook.RegistryBody", _CNCF),
    RequestBody("acr_hook.AcrBody", _ACR),
    RequestBody("docker_hub.DockerHubBody", _DOCKER_HUB),
)
