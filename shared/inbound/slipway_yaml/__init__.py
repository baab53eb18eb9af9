"""Reads `slipway.yaml`. Importing this costs nothing: pydantic and the YAML parser load when a file is read."""

from shared.inbound.slipway_yaml.reader import SlipwayYaml

__all__ = ["SlipwayYaml"]
