"""Our notes, receipts, proofs and tiles before a checker written from the public specifications alone.

Each case is also shown damaged, since a checker that accepts everything would agree with us, too.
"""

import pytest

from common.keys import COSIGNATURE, SigningKey
from common.log import checkpoint, proof, tiles, tree
from tests.common.log.samples import (
    COSIGNER,
    MARKET,
    RECEIPT,
    STRANGER,
    VECTORS,
    MemoryLog,
    seed,
    vector_entries,
    written,
)
from tests.goproof import checker

KEY, WITNESS = MARKET.verifier, COSIGNER.verifier
LOG = MemoryLog(vector_entries())


@pytest.fixture(scope="session")
def goproof(tmp_path_factory):
    program = checker.build(tmp_path_factory.mktemp("goproof"))
    return lambda *arguments: checker.run(program, *arguments)


def flips(raw: bytes, step: int):
    """Copies of `raw`, each with one bit of another byte flipped."""
    for place in range(0, len(raw), step):
        yield raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def test_usage(goproof):
    for arguments in ((), ("checkpoint",), ("other", KEY, "x"), ("proof", KEY, WITNESS)):
        assert goproof(*arguments) == (2, {})


def test_checkpoints(goproof, tmp_path):
    file = tmp_path / "checkpoint"
    for size in (0, 1, 2, 299, 300):
        file.write_bytes(LOG.note(size))
        status, found = goproof("checkpoint", KEY, file)
        assert (status, found["ok"], found["origin"], found["size"]) == (0, True, KEY.name, size)
    assert goproof("checkpoint", STRANGER.verifier, file)[0] == 1
    for damaged in flips(LOG.note(), 7):
        file.write_bytes(damaged)
        assert goproof("checkpoint", KEY, file)[0] == 1


def test_receipts(goproof, tmp_path):
    file = tmp_path / "receipt"
    signed = LOG.note()
    file.write_bytes(checkpoint.cosign(signed, COSIGNER, 1790000000))
    assert file.read_bytes() == RECEIPT
    assert goproof("receipt", KEY, WITNESS, file) == (
        0,
        {"ok": True, "origin": KEY.name, "size": 300, "root": VECTORS["roots"]["300"], "time": 1790000000},
    )
    impostor = SigningKey(WITNESS.name, seed("impostor"), COSIGNATURE)
    assert goproof("receipt", KEY, impostor.verifier, file)[0] == 1
    file.write_bytes(checkpoint.cosign(signed, impostor, 1790000000))
    assert goproof("receipt", KEY, WITNESS, file)[0] == 1
    file.write_bytes(signed)
    assert goproof("receipt", KEY, WITNESS, file)[0] == 1
    for damaged in flips(RECEIPT, 11):
        file.write_bytes(damaged)
        assert goproof("receipt", KEY, WITNESS, file)[0] == 1


def test_proof_files(goproof, tmp_path):
    file = tmp_path / "x.tlog-proof"
    for index in (0, 1, 128, 255, 256, 298, 299):
        file.write_bytes(
            proof.encode(LOG.entries[index], index, tree.prove_inclusion(index, 300, LOG.read), RECEIPT)
        )
        status, found = goproof("proof", KEY, WITNESS, file)
        assert (status, found["index"], found["leaf"]) == (0, index, LOG.leaves[index].hex())
    raw = VECTORS["receipt_of_entry_0"].encode()
    for damaged in flips(raw, 23):
        file.write_bytes(damaged)
        assert goproof("proof", KEY, WITNESS, file)[0] == 1
    file.write_bytes(proof.encode(LOG.entries[1], 0, tree.prove_inclusion(0, 300, LOG.read), RECEIPT))
    assert goproof("proof", KEY, WITNESS, file)[0] == 1


def test_a_proof_with_its_payload(goproof, tmp_path):
    file, beside = tmp_path / "x.tlog-proof", tmp_path / "x.payload"
    pairs = [written(i) for i in range(5)]
    log = MemoryLog([raw for raw, _ in pairs])
    file.write_bytes(proof.encode(pairs[3][0], 3, tree.prove_inclusion(3, 5, log.read), log.note()))
    beside.write_bytes(pairs[3][1])
    assert goproof("proof", KEY, "-", file, beside)[0] == 0
    assert goproof("proof", KEY, WITNESS, file, beside)[0] == 1
    for wrong in (pairs[2][1], pairs[3][1][:-1], pairs[3][1] + b"\n", b""):
        beside.write_bytes(wrong)
        assert goproof("proof", KEY, "-", file, beside)[0] == 1


def export(folder, log: MemoryLog, note: bytes) -> dict:
    folder.mkdir()
    (folder / "checkpoint").write_bytes(note)
    files = dict(tiles.export(len(log.entries), log.read, log.read_entries))
    for path, raw in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    return files


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 300, 513])
def test_tiles(goproof, tmp_path, size):
    log = MemoryLog([b"entry %d" % i * (i % 5) for i in range(size)])
    note = checkpoint.cosign(log.note(), COSIGNER, 1)
    files = export(tmp_path / "log", log, note)
    status, found = goproof("tiles", KEY, WITNESS, tmp_path / "log")
    assert (status, found["size"]) == (0, size)
    assert found["tiles"] == sum(not path.startswith("tile/entries") for path in files)


def test_damaged_tiles(goproof, tmp_path):
    folder = tmp_path / "log"
    files = export(folder, LOG, RECEIPT)
    assert goproof("tiles", KEY, WITNESS, folder)[0] == 0
    for path, raw in files.items():
        for wrong in (
            bytes([raw[0] ^ 1]) + raw[1:],
            raw[:-1] + bytes([raw[-1] ^ 1]),
            raw[:-1],
            raw + b"\0",
            b"",
        ):
            (folder / path).write_bytes(wrong)
            assert goproof("tiles", KEY, WITNESS, folder)[0] == 1, path
        (folder / path).unlink()
        assert goproof("tiles", KEY, WITNESS, folder)[0] == 1, path
        (folder / path).write_bytes(raw)
    (folder / "tile/1/001").write_bytes(bytes(32))
    assert goproof("tiles", KEY, WITNESS, folder)[0] == 1
    (folder / "tile/1/001").unlink()
    (folder / "checkpoint").write_bytes(LOG.note(299))
    assert goproof("tiles", KEY, "-", folder)[0] == 1


def test_a_large_export(goproof, tmp_path):
    """66,000 entries: three levels of tiles, and numbers beyond one group of digits would come at 256,000."""
    log = MemoryLog([b"%d" % i for i in range(66000)])
    export(tmp_path / "log", log, log.note())
    status, found = goproof("tiles", KEY, "-", tmp_path / "log")
    assert (status, found.get("tiles")) == (0, 258 + 2 + 1)
