"""Entra ID: the keys that it signs tokens with, and Microsoft Graph for people and groups.

https://learn.microsoft.com/entra/identity-platform/access-tokens
"""
