"""Proof files (C2SP tlog-proof): one entry, its place, the way to the root, and the signed head, in one text.

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry>
    index <n>
    <base64 hash>                 as many as the proof has, at most 63
    (an empty line)
    <checkpoint note>

Split at the *first* empty line: what follows is the note, untouched. Whoever holds such a file and the
verifier keys can check it without us. With the cosigner's key it proves a receipt; without, only that the
market signed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import Invalid
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import tree
from common.log.checkpoint import Checkpoint
from common.log.encoding import HASH, NUMBER, b64, number, unb64
from common.log.entry import MAX_LEAF
from common.log.note import MAX_NOTE

MAX_FILE = 4 * MAX_LEAF // 3 + 45 * tree.MAX_PROOF + MAX_NOTE + 256

_head = re.compile(
    rb"c2sp\.org/tlog-proof@v1\nextra ([A-Za-z0-9+/]*={0,2})\nindex (%b)\n((?:%b\n){0,%d})\n"
    % (NUMBER, HASH, tree.MAX_PROOF)
).match


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof file, taken apart and not yet checked. `extra` is the entry's bytes."""

    extra: bytes
    index: int
    hashes: tuple[bytes, ...]
    note: bytes


def encode(entry: bytes, index: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The file for `entry`, number `index`, under the checkpoint in `note`."""
    lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(entry)}", f"index {index}", *map(b64, proof), "", ""]
    raw = "\n".join(lines).encode() + note
    parse(raw)
    return raw


def parse(raw: bytes) -> ProofFile:
    """The parts of a proof file; Invalid if it is not of the form."""
    if len(raw) > MAX_FILE:
        raise Invalid("proof_too_large", f"a proof file has at most {MAX_FILE} bytes, got {len(raw)}")
    match = _head(raw)
    if match is None:
        raise Invalid("proof_malformed", "not a proof file with entry, index, hashes and note")
    extra = unb64(match[1])
    if len(extra) > MAX_LEAF:
        raise Invalid("proof_malformed", f"a leaf has at most {MAX_LEAF} bytes, got {len(extra)}")
    hashes = tuple(unb64(line, 32) for line in match[3].split())
    return ProofFile(extra, number(match[2]), hashes, raw[match.end() :])


def check(raw: bytes, key: VerifierKey, cosigner: VerifierKey | None) -> tuple[bytes, int, Checkpoint]:
    """The entry, its index and the checkpoint that proves it; Tampered if any link does not hold.

    `cosigner` None asks only for the log's own signature: such a file is no receipt.
    """
    file = parse(raw)
    if cosigner is None:
        checkpoint = checkpoints.open(file.note, key)
    else:
        checkpoint, _ = checkpoints.open_receipt(file.note, key, cosigner)
    leaf = tree.leaf_hash(file.extra)
    tree.check_inclusion(leaf, file.index, checkpoint.size, file.hashes, checkpoint.root)
    return file.extra, file.index, checkpoint
