"""Signing keys for tests: one pair a service, made once a process."""

from functools import cache

from shared.contracts.message import SERVICES
from shared.tokens import TokenSigner, TokenVerifier, new_signing_key, public_key_of


@cache
def signing_keys() -> dict[str, str]:
    """Return a private key for every service."""
    return {service: new_signing_key() for service in SERVICES}


@cache
def public_keys() -> dict[str, str]:
    """Return the public keys that belong to `signing_keys`."""
    return {service: public_key_of(key) for service, key in signing_keys().items()}


def signer_for(service: str) -> TokenSigner:
    """Return a signer in the name of `service`."""
    return TokenSigner(service, signing_keys()[service])


def verifier_for(service: str) -> TokenVerifier:
    """Return a verifier for tokens that are sent to `service`."""
    return TokenVerifier(service, public_keys())
