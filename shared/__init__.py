"""Slipway's product code, in layers: domain, ports, codec, app, adapters, inbound, configuration."""
