"""Identity numbers and kept texts under lock: encrypted to be kept, hashed with a key to be found again, masked to be shown. Stores nothing."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
"""Bytes of an AES-GCM nonce [NIST SP 800-38D 8.2]; random: good for 2^32 numbers under one key."""


class SealError(ValueError):
    """A sealed number that this key does not open."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A key of any length, from which one key to hide with and one to find by are made.

    Whoever has the database alone sees neither numbers nor, for lack of the second key, can try all numbers there are.
    """

    key: bytes = field(repr=False)
    box: AESGCM = field(init=False, repr=False)
    finder: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", AESGCM(hmac.digest(self.key, b"bulixian ledger: hide", sha256)))
        object.__setattr__(self, "finder", hmac.digest(self.key, b"bulixian ledger: find", sha256))

    def digest(self, said: str) -> bytes:
        """The same for the same words, and says nothing of them without the key."""
        return hmac.digest(self.finder, said.encode(), sha256)

    def close(self, number: str) -> bytes:
        """The number, encrypted; bound to its digest, so that two rows cannot be swapped unseen."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self.box.encrypt(nonce, number.encode(), self.digest(number))

    def open(self, sealed: bytes, digest: bytes) -> str:
        """
        Raises:
            SealError: another key sealed it, or it was changed.
        """
        try:
            return self.box.decrypt(sealed[:NONCE], sealed[NONCE:], digest).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError("证件号解不开:BULIXIAN_LEDGER_KEY 不是导入时的那把") from error

    def hide(self, data: bytes, about: str) -> bytes:
        """Any bytes, encrypted; `about` tells what they are of, and must be told again to open them."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self.box.encrypt(nonce, data, about.encode())

    def show(self, sealed: bytes, about: str) -> bytes:
        """
        Raises:
            SealError
        """
        try:
            return self.box.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("解不开:BULIXIAN_LEDGER_KEY 不是存的时候那把") from error


def masked(number: str) -> str:
    """A number as people may see it: the last four, and how long it is."""
    return "*" * max(0, len(number) - 4) + number[-4:] if len(number) > 8 else "*" * len(number)


NO_SEAL = Seal(secrets.token_bytes(32))
"""Where there is no ledger: it has closed nothing."""
