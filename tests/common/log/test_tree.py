"""The tree: known roots and proofs, then every tree up to 100 leaves against the definition."""

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Tampered
from common.log import tree
from common.log.encoding import b64
from common.log.tree import EMPTY, Frontier
from tests.common.log.samples import VECTORS, MemoryLog, quick, vector_entries

LOG = MemoryLog(vector_entries())
LARGEST = 100


@cache
def defined(start: int, end: int) -> bytes:
    """The root over leaves [start, end) as RFC 9162 §2.1.1 defines it."""
    if end - start == 1:
        return sha256(b"\x00" + LOG.entries[start]).digest()
    k = 1
    while k * 2 < end - start:
        k *= 2
    return sha256(b"\x01" + defined(start, start + k) + defined(start + k, end)).digest()


def root(size: int) -> bytes:
    return defined(0, size) if size else sha256(b"").digest()


def test_known_roots():
    for size, expected in VECTORS["roots"].items():
        assert b64(tree.root_at(int(size), LOG.read)) == expected
        assert b64(Frontier().extend(LOG.leaves[: int(size)]).root()) == expected


def test_known_inclusion_proofs():
    for case in VECTORS["inclusion"]:
        proof = tree.prove_inclusion(case["index"], case["size"], LOG.read)
        assert list(map(b64, proof)) == case["proof"]
        tree.check_inclusion(
            LOG.leaves[case["index"]], case["index"], case["size"], proof, root(case["size"])
        )


def test_known_consistency_proofs():
    for case in VECTORS["consistency"]:
        proof = tree.prove_consistency(case["old"], case["new"], LOG.read)
        assert list(map(b64, proof)) == case["proof"]
        tree.check_consistency(case["old"], case["new"], proof, root(case["old"]), root(case["new"]))


def test_every_frontier():
    one_by_one = Frontier()
    for size in range(LARGEST + 1):
        assert one_by_one.size == size and one_by_one.root() == tree.root_at(size, LOG.read) == root(size)
        assert one_by_one == Frontier().extend(LOG.leaves[:size]) == tree.frontier_at(size, LOG.read)
        assert one_by_one == Frontier.from_bytes(size, one_by_one.to_bytes())
        one_by_one = one_by_one.append(LOG.leaves[size])


def test_every_extension_and_the_nodes_it_completes():
    for old in range(66):
        start = Frontier().extend(LOG.leaves[:old])
        known = {(level, n) for level in range(1, 8) for n in range(old >> level)}
        for new in range(old, 66):
            nodes = []
            assert start.extend(iter(LOG.leaves[old:new]), nodes) == Frontier().extend(LOG.leaves[:new])
            assert {(level, n) for level, n, _ in nodes} == {
                (level, n) for level in range(1, 8) for n in range(new >> level)
            } - known
            assert len(nodes) == len({node[:2] for node in nodes})
            for level, n, hash in nodes:
                assert hash == defined(n << level, n + 1 << level)
        assert start == Frontier().extend(LOG.leaves[:old]), "a frontier is never changed"


def refuse(check, *arguments) -> None:
    with pytest.raises(Tampered):
        check(*arguments)


def flipped(proof):
    """Each proof that has one hash changed, in its first or last byte."""
    for place, hash in enumerate(proof):
        yield [*proof[:place], bytes([hash[0] ^ 1]) + hash[1:], *proof[place + 1 :]]
        yield [*proof[:place], hash[:-1] + bytes([hash[-1] ^ 128]), *proof[place + 1 :]]


def test_every_inclusion_proof():
    for size in range(1, LARGEST + 1):
        for index in range(size):
            leaf, top = LOG.leaves[index], root(size)
            before = LOG.reads
            proof = tree.prove_inclusion(index, size, LOG.read)
            assert LOG.reads - before <= 1
            tree.check_inclusion(leaf, index, size, proof, top)
            for wrong in flipped(proof):
                refuse(tree.check_inclusion, leaf, index, size, wrong, top)
            for wrong in (
                proof[:-1] if proof else [leaf],
                proof[1:] + [leaf, leaf],
                [*proof, leaf],
                [leaf, *proof],
            ):
                refuse(tree.check_inclusion, leaf, index, size, wrong, top)
            refuse(tree.check_inclusion, LOG.leaves[size], index, size, proof, top)
            refuse(tree.check_inclusion, leaf, index, size, proof, root(size + 1))
            for other in (index - 1, index + 1, size, size + index, -index - 1):
                refuse(tree.check_inclusion, leaf, other, size, proof, top)


def test_an_inclusion_proof_holds_for_one_size_only():
    """Other sizes with the *same* path are possible by construction; the root then tells them apart."""
    for size in range(1, 40):
        for index in range(size):
            proof = tree.prove_inclusion(index, size, LOG.read)
            for other in range(index + 1, 40):
                if other != size:
                    refuse(tree.check_inclusion, LOG.leaves[index], index, other, proof, root(other))


def test_every_consistency_proof():
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            before = LOG.reads
            proof = tree.prove_consistency(old, new, LOG.read)
            assert LOG.reads - before <= 1
            arguments = (proof, root(old), root(new))
            tree.check_consistency(old, new, *arguments)
            for wrong in flipped(proof):
                refuse(tree.check_consistency, old, new, wrong, *arguments[1:])
            for wrong in (proof[:-1] if proof else [EMPTY], [*proof, EMPTY], [EMPTY, *proof]):
                refuse(tree.check_consistency, old, new, wrong, *arguments[1:])
            refuse(tree.check_consistency, old, new, proof, LOG.leaves[0] if old != 1 else EMPTY, root(new))
            if old:
                refuse(tree.check_consistency, old, new, proof, root(old), root(new + 1))
            refuse(tree.check_consistency, new + 1, new, *arguments)
            refuse(tree.check_consistency, -1, new, *arguments)
            if old != new:
                refuse(tree.check_consistency, new, old, *arguments)


def test_a_consistency_proof_holds_for_its_sizes_only():
    for new in range(1, 26):
        for old in range(1, new):
            proof = tree.prove_consistency(old, new, LOG.read)
            for other_new in range(26):
                for other_old in range(1, other_new):
                    if (other_old, other_new) != (old, new):
                        refuse(
                            tree.check_consistency,
                            other_old,
                            other_new,
                            proof,
                            root(other_old),
                            root(other_new),
                        )


def test_the_empty_tree():
    tree.check_consistency(0, 0, [], EMPTY, EMPTY)
    tree.check_consistency(0, 5, [], EMPTY, root(5))
    refuse(tree.check_consistency, 0, 5, [], root(5), root(5))
    refuse(tree.check_consistency, 0, 0, [], EMPTY, root(1))
    refuse(tree.check_consistency, 0, 0, [], root(1), root(1))
    refuse(tree.check_consistency, 0, 5, [EMPTY], EMPTY, root(5))
    refuse(tree.check_inclusion, LOG.leaves[0], 0, 0, [], EMPTY)


def test_a_proof_too_long_for_its_tree_is_refused_even_if_it_leads_to_the_root():
    extra = LOG.leaves[99]
    for size in range(1, 20):
        for index in range(size):
            proof = [*tree.prove_inclusion(index, size, LOG.read), extra]
            for top in (tree.node_hash(extra, root(size)), tree.node_hash(root(size), extra)):
                refuse(tree.check_inclusion, LOG.leaves[index], index, size, proof, top)
        for old in range(1, size):
            proof = [*tree.prove_consistency(old, size, LOG.read), extra]
            tops = (tree.node_hash(extra, root(old)), tree.node_hash(extra, root(size)))
            refuse(tree.check_consistency, old, size, proof, *tops)


def test_endless_proofs_are_refused_at_once():
    refuse(tree.check_inclusion, LOG.leaves[0], 0, 2**200, [EMPTY] * 64, EMPTY)
    refuse(tree.check_consistency, 2**100, 2**200, [EMPTY] * 64, EMPTY, EMPTY)


@quick
@given(st.integers(1, 2**53 - 1), st.data())
def test_proofs_of_huge_trees_have_fitting_lengths(size, data):
    """Reading is faked: every node is a hash of its name, which is not a tree but has the shape of one."""
    index = data.draw(st.integers(0, size - 1))

    def read(nodes):
        assert len(nodes) <= 120
        for level, n in nodes:
            assert (n + 1) << level <= size, "a subtree that is not complete was asked for"
        return [sha256(f"{level} {n}".encode()).digest() for level, n in nodes]

    proof = tree.prove_inclusion(index, size, read)
    top = tree.root_at(size, read)
    assert len(proof) <= 63
    (leaf,) = read([(0, index)])
    if size == 1:
        tree.check_inclusion(leaf, index, size, proof, top)
    for start, end in tree.consistency_ranges(index, size):
        assert 0 <= start < end <= size


@pytest.mark.parametrize(
    "size, raw", [(-1, b""), (0, b"x"), (1, b""), (3, bytes(32)), (4, bytes(64)), (2, bytes(31))]
)
def test_frontier_bytes_that_do_not_fit(size, raw):
    with pytest.raises(Invalid):
        Frontier.from_bytes(size, raw)


def test_wrong_sums_of_our_own_are_assertions():
    for call in (
        lambda: tree.prove_inclusion(5, 5, LOG.read),
        lambda: tree.prove_inclusion(-1, 5, LOG.read),
        lambda: tree.prove_consistency(6, 5, LOG.read),
        lambda: tree.prove_inclusion(1, 5, lambda wanted: []),
        lambda: tree.root_at(5, lambda wanted: []),
    ):
        with pytest.raises(AssertionError):
            call()
