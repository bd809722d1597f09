"""Keys: who signs, how a key is written down, and how its file is born.

A verifier key is one line of text, `<name>+<hex key id>+<base64 of type and public key>`, as in the C2SP
signed-note specification. The key id is the first four bytes of SHA256(name, 0x0A, type, public key); it
tells keys of one name apart and proves nothing. Two types are understood, both Ed25519:

    PLAIN (0x01)         signs the text of a note
    COSIGNATURE (0x04)   signs checkpoints of other logs together with a time, and is used for nothing else

Rules kept here:
- A key belongs to one log and one incarnation, its name is that log's origin, and it is never used again.
- A key file is created, never overwritten: mode 0600 from its first moment, flushed to the disk together
  with its folder before the key may sign anything. It lies in no database and in no data backup.
- A private key is never shown: `repr` and error messages name the key only by its verifier key or its path.

A box key (X25519) is what bundles for one side are encrypted to; it signs nothing.
"""

import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import Invalid, Refused

PLAIN = 0x01
COSIGNATURE = 0x04

MAX_LINE = 2048
_NAMES = r"[^\s+\x00-\x1f\ud800-\udfff]{1,255}"
_DATA = r"\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})"
_NAME = re.compile(_NAMES).fullmatch
_VKEY = re.compile(f"({_NAMES}){_DATA}").fullmatch
_SEED = re.compile(rf"PRIVATE\+KEY\+({_NAMES}){_DATA}\n").fullmatch
_BOX = re.compile(r"PRIVATE\+BOX\+([A-Za-z0-9+/]{43}=)\n").fullmatch


@dataclass(frozen=True)
class VerifierKey:
    """The public half: a name, a type and 32 bytes."""

    name: str
    type: int
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.type not in (PLAIN, COSIGNATURE) or len(self.public) != 32:
            raise Invalid("key_type_unknown", f"no Ed25519 key of type 1 or 4: type {self.type}")

    @cached_property
    def keyid(self) -> bytes:
        head = self.name.encode() + b"\n" + bytes([self.type])
        return hashlib.sha256(head + self.public).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read the one-line form; Invalid if it is not exactly that or its key id does not fit."""
        match = _VKEY(text) if len(text) <= MAX_LINE else None
        if match is None:
            raise Invalid("vkey_malformed", "not a verifier key of the form name+keyid+base64")
        name, keyid, data = match.groups()
        raw = _decode(data, "vkey_malformed")
        key = cls(name, raw[0], raw[1:])
        if key.keyid.hex() != keyid:
            raise Invalid("vkey_malformed", f"key id {keyid} does not belong to this key of {name}")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.keyid.hex()}+{_encode(bytes([self.type]) + self.public)}"

    def verify(self, signature: bytes, message: bytes) -> bool:
        """True if `signature` (64 bytes) is this key's over `message`."""
        try:
            self._public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)


class SigningKey:
    """The private half of a verifier key."""

    def __init__(self, name: str, seed: bytes, type: int = PLAIN) -> None:
        _check_name(name)
        if len(seed) != 32:
            raise Invalid("key_malformed", f"a seed has 32 bytes, got {len(seed)}")
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, type, self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str, type: int = PLAIN) -> "SigningKey":
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw(), type)

    @classmethod
    def from_seed(cls, name: str, seed: bytes, type: int = PLAIN) -> "SigningKey":
        return cls(name, seed, type)

    def sign(self, message: bytes) -> bytes:
        """64 bytes over exactly `message`."""
        return self._private.sign(message)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Create the key file; Refused if something is already there."""
        key = self.verifier
        data = _encode(bytes([key.type]) + self._seed)
        _create(path, f"PRIVATE+KEY+{key.name}+{key.keyid.hex()}+{data}\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "SigningKey":
        """Read a key file; Refused if there is none, Invalid if it is damaged."""
        match = _SEED(_read(path))
        if match is None:
            raise Invalid("key_malformed", f"not a signing key: {os.fspath(path)}")
        name, keyid, data = match.groups()
        raw = _decode(data, "key_malformed")
        key = cls(name, raw[1:], raw[0])
        if key.verifier.keyid.hex() != keyid:
            raise Invalid("key_malformed", f"key id and key differ: {os.fspath(path)}")
        return key

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier})"


class BoxKey:
    """An X25519 key pair, for what only this side may open."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self.private = private
        self.public = private.public_key().public_bytes_raw()
        self.public_b64 = _encode(self.public)

    @classmethod
    def generate(cls) -> "BoxKey":
        return cls(X25519PrivateKey.generate())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Create the key file; Refused if something is already there."""
        _create(path, f"PRIVATE+BOX+{_encode(self.private.private_bytes_raw())}\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "BoxKey":
        """Read a key file; Refused if there is none, Invalid if it is damaged."""
        match = _BOX(_read(path))
        if match is None:
            raise Invalid("key_malformed", f"not a box key: {os.fspath(path)}")
        return cls(X25519PrivateKey.from_private_bytes(_decode(match[1], "key_malformed")))

    def __repr__(self) -> str:
        return f"BoxKey({self.public_b64})"


def _check_name(name: str) -> None:
    if _NAME(name) is None:
        raise Invalid("key_name_malformed", "a key's name has no blanks, plus signs or control characters")


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def _decode(text: str, code: str) -> bytes:
    """Canonical base64 only; the callers' patterns have already fixed the length."""
    raw = binascii.a2b_base64(text)
    if _encode(raw) != text:
        raise Invalid(code, "base64 is not in canonical form")
    return raw


def _read(path: str | os.PathLike[str]) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_LINE).decode("utf-8")
    except FileNotFoundError:
        raise Refused("key_missing", f"no key file: {os.fspath(path)}") from None
    except UnicodeDecodeError:
        raise Invalid("key_malformed", f"not a key file: {os.fspath(path)}") from None


def _create(path: str | os.PathLike[str], text: str) -> None:
    """Write a new file nobody else can read, and return only once it and its name are on the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise Refused("key_exists", f"a key file is already there: {os.fspath(path)}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(path)  # half a key must not block the next attempt
        raise
    if os.name == "posix":  # other systems cannot flush a folder, and need not
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
