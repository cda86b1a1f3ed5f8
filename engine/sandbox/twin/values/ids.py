"""How are things named? Ids that look like Stripe's and are the same on every run with the same seed."""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BLOCK = 64
_LETTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
_LENGTHS = {"cus": 14, "prod": 14, "si": 14, "req": 14, "cs_test": 58, "whsec": 32, "secret": 25}
_LENGTH = 24


def platform_account(seed: str) -> str:
    """The id of the platform's own account; it follows from the seed."""
    return f"acct_{blake2b(f'{seed}/platform'.encode(), digest_size=8).hexdigest().upper()}"


def platform_application(seed: str) -> str:
    """The id of the platform as an application; it follows from the seed."""
    return platform_account(seed).replace("acct_", "ca_")


class Ids:
    """Hands out ids by counting; the count is part of the saved state."""

    def __init__(self, seed: str, count: int = 0) -> None:
        self.seed = seed
        self.count = count

    def new(self, prefix: str) -> str:
        """The next id with a prefix such as `cus`; never the same twice."""
        self.count += 1
        return f"{prefix}_{self.token(_LENGTHS.get(prefix, _LENGTH))}"

    def token(self, length: int) -> str:
        """Letters and digits that follow from the seed and the count."""
        named = f"{self.seed}/{self.count}"
        blocks = -(-length // _BLOCK)
        digests = (
            blake2b(f"{named}/{block}".encode(), digest_size=_BLOCK).digest() for block in range(blocks)
        )
        return b"".join(digests).translate(_LETTERS)[:length].decode()
