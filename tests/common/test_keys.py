"""Verifier keys as text, key files as files."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Refused, YizhanError
from common.keys import COSIGNATURE, PLAIN, BoxKey, SigningKey, VerifierKey
from tests.common.log.samples import COSIGNER, MARKET, VECTORS, quick


def test_known_verifier_keys():
    for text, key in ((VECTORS["market_vkey"], MARKET), (VECTORS["cosigner_vkey"], COSIGNER)):
        assert VerifierKey.parse(text) == key.verifier
        assert str(key.verifier) == text


def test_public_verifier_key():
    key = VerifierKey.parse(VECTORS["public_note"]["key"])
    assert (key.name, key.type, key.keyid.hex()) == ("example.com/foo", PLAIN, "530d903a")


def test_every_changed_character_of_a_verifier_key_is_noticed():
    text = VECTORS["market_vkey"]
    for place in range(len(text)):
        for other in "+/=Aa0 \n.":
            changed = text[:place] + other + text[place + 1 :]
            if changed != text:
                with pytest.raises(Invalid):
                    VerifierKey.parse(changed)


@pytest.mark.parametrize("text", ["", "+", "a+b+c", "a+00000000+", VECTORS["market_vkey"] + "\n", "x" * 5000])
def test_no_verifier_key(text):
    with pytest.raises(Invalid):
        VerifierKey.parse(text)


def test_upper_case_key_id_is_refused():
    name, keyid, data = VECTORS["market_vkey"].split("+", 2)
    with pytest.raises(Invalid):
        VerifierKey.parse(f"{name}+{keyid.upper()}+{data}")


@pytest.mark.parametrize("type", [0, 2, 6, 255])
def test_unknown_types_are_refused(type):
    with pytest.raises(Invalid) as caught:
        VerifierKey("x", type, bytes(32))
    assert caught.value.code == "key_type_unknown"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2028b", "\ud800", "x" * 256])
def test_names_that_are_none(name):
    with pytest.raises(Invalid):
        SigningKey(name, bytes(32))


@quick
@given(st.binary(min_size=32, max_size=32), st.sampled_from([PLAIN, COSIGNATURE]), st.text(max_size=20))
def test_verifier_key_round_trip(public, type, name):
    try:
        key = VerifierKey("n" + name, type, public)
    except Invalid:
        return
    assert VerifierKey.parse(str(key)) == key


def test_sign_and_verify():
    signature = MARKET.sign(b"words")
    assert MARKET.verifier.verify(signature, b"words")
    assert not MARKET.verifier.verify(signature, b"word")
    assert not MARKET.verifier.verify(signature[:-1], b"words")
    assert not MARKET.verifier.verify(b"", b"words")
    assert not COSIGNER.verifier.verify(signature, b"words")


@pytest.mark.parametrize("type", [PLAIN, COSIGNATURE])
def test_key_file(tmp_path, type):
    key = SigningKey.generate("lg.example/market/37130201/log/1", type)
    path = tmp_path / "log.key"
    before = os.umask(0)  # even where everything is allowed
    try:
        key.save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = SigningKey.load(path)
    assert again.verifier == key.verifier
    assert again.sign(b"x") == key.sign(b"x")


def test_a_key_file_is_never_overwritten(tmp_path):
    path = tmp_path / "key"
    MARKET.save(path)
    kept = path.read_bytes()
    for key in (SigningKey.generate("other"), BoxKey.generate()):
        with pytest.raises(Refused) as caught:
            key.save(path)
        assert caught.value.code == "key_exists"
    assert path.read_bytes() == kept


def test_a_failed_write_leaves_no_half_key(tmp_path, monkeypatch):
    path = tmp_path / "key"

    def full(_descriptor):
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        MARKET.save(path)
    monkeypatch.undo()
    assert not path.exists()
    MARKET.save(path)


def test_key_and_folder_are_flushed(tmp_path, monkeypatch):
    kinds = []
    flush = os.fsync

    def seen(descriptor):
        kinds.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    MARKET.save(tmp_path / "key")
    assert kinds == [False, True]


def test_missing_and_damaged_key_files(tmp_path):
    path = tmp_path / "key"
    for kind in (SigningKey, BoxKey):
        with pytest.raises(Refused) as caught:
            kind.load(path)
        assert caught.value.code == "key_missing"
    MARKET.save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(Invalid):
                SigningKey.load(path)
    path.write_bytes(whole * 100)
    with pytest.raises(Invalid):
        SigningKey.load(path)


def test_box_key_file(tmp_path):
    key = BoxKey.generate()
    key.save(tmp_path / "box")
    again = BoxKey.load(tmp_path / "box")
    assert (again.public, again.public_b64) == (key.public, key.public_b64)
    with pytest.raises(Invalid):
        SigningKey.load(tmp_path / "box")
    MARKET.save(tmp_path / "key")
    with pytest.raises(Invalid):
        BoxKey.load(tmp_path / "key")


def test_private_parts_are_not_shown():
    secret = seed_text = MARKET._seed
    assert secret.hex() not in repr(MARKET) and str(seed_text) not in repr(MARKET)
    assert repr(MARKET) == f"SigningKey({VECTORS['market_vkey']})"
    assert "private" not in repr(BoxKey.generate()).lower()


def test_errors_carry_code_field_and_detail():
    error = Refused("behind", "we hold 3", field="name", size=3)
    assert isinstance(error, YizhanError)
    assert (error.code, error.message, error.field, error.detail) == (
        "behind",
        "we hold 3",
        "name",
        {"size": 3},
    )
    assert str(error) == "behind: we hold 3" and str(Invalid("x")) == "x"
