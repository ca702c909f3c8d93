#!/usr/bin/env python3
"""Puts the project's vectors into fuzz/corpus/, in the forms that the fuzz targets read."""

import base64
import hashlib
import json
import pathlib
import zlib

FUZZ = pathlib.Path(__file__).resolve().parent


def vectors(name: str):
    return json.loads((FUZZ.parent / "vectors" / name).read_text())


def receipt():
    """Every document but those that only are long, and the keys."""
    file = vectors("receipts.json")
    yield json.dumps(file["trusted"]["keys"]).encode()
    for case in file["cases"]:
        if len(case["document"]) < 16_384:
            yield case["document"].encode()


def ecvrf():
    """Proofs that verify, and secrets whose proofs are flipped."""
    for case in vectors("ecvrf.json")["cases"]:
        key, proof, alpha, secret = (
            bytes.fromhex(case[name]) for name in ("public_key", "proof", "alpha", "secret_key")
        )
        yield b"\0" + key + proof + alpha
        # Nothing; an octet of the key, of c, of s, of alpha.
        for places, bits in (
            ((0, 0, 0), (0, 0, 0, 0, 0, 0)),
            ((9, 0, 0), (1, 0, 0, 0, 0, 0)),
            ((0, 40, 0), (0, 1, 0, 0, 0, 0)),
            ((0, 80, 0), (0, 1, 0, 0, 0, 0)),
            ((0, 0, 23), (0, 0, 0, 1, 0, 0)),
        ):
            yield b"\1" + secret + bytes(places) + bytes(bits) + alpha


def eip712():
    """Bytes for every field."""
    for number in range(32):
        yield hashlib.shake_128(bytes([number])).digest(300 + 30 * number)


def evm_proof():
    for case in vectors("ecvrf.json")["cases"]:
        for where in (b"\0\0\0", b"\0\x28\1"):
            yield bytes.fromhex(case["secret_key"]) + where + bytes.fromhex(case["alpha"])


def tlog():
    """Checkpoints, proofs, requests and what a log is made of."""
    file = vectors("receipts.json")
    yield from (key.encode() for key in file["trusted"]["keys"]["log"]["keys"])
    for case in file["cases"]:
        if not case["name"].startswith("log: index"):
            continue
        document = json.loads(case["document"])
        log = document.pop("log")
        hashes = [base64.b64encode(bytes.fromhex(text[2:])).decode() for text in log["inclusion"]]
        proof = "".join(line + "\n" for line in hashes) + "\n" + log["checkpoint"]
        extra = base64.b64encode(json.dumps(document).encode()).decode()
        yield log["checkpoint"].encode()
        yield f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {log['index']}\n{proof}".encode()
        yield f"old 1\n{proof}".encode()
    yield b"tile/0/x001/234.p/5"
    yield b"tile/entries/000"
    yield bytes.fromhex("0101" + "00" * 144 + "03")
    yield bytes.fromhex("0103" + "00" * 161)
    yield bytes.fromhex("000201040000")
    key = "w+7d7a24fd+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
    yield f"witness one {key}\ngroup enough any one\nquorum enough\n".encode()


def draw():
    """Alphas, good and bad, orders, documents and lists."""
    file = vectors("draws.json")
    yield from (bytes.fromhex(case["alpha"]) for case in file["algorithm"])
    yield from (bytes.fromhex(alpha) for alpha in file["malformed_alphas"])
    for text in [case["body"] for case in file["requests"]] + [case["document"] for case in file["documents"]]:
        if len(text) < 16_384:
            yield text.encode()
    yield b"Ada\nGrace\n"
    yield b"1\n2\n4294967295\n"


def journal():
    """Files of the state folder, by their number in the target: records, offsets, mark, origin, checkpoint, tile."""
    entry = bytes.fromhex("0101" + "11" * 144 + "03")
    record = (0).to_bytes(8) + len(entry).to_bytes(2) + entry + b"{}"
    record = len(record).to_bytes(4) + zlib.crc32(record).to_bytes(4) + record
    yield from (b"\x00" + record, b"\x00" + record * 2, b"\x00" + record[:40], b"\x01" + bytes(8) + bytes([0] * 7 + [len(record)]))
    yield from (b"\x02r4-log-mark/v1\n1\n172\n", b"\x03localhost/v1/log\n", b"\x05" + len(entry).to_bytes(2) + entry)
    cases = vectors("receipts.json")["cases"]
    document = next(case["document"] for case in cases if case["name"].startswith("log: index"))
    yield b"\x04" + json.loads(document)["log"]["checkpoint"].encode()


for seeds in (receipt, ecvrf, eip712, evm_proof, tlog, journal, draw):
    folder = FUZZ / "corpus" / seeds.__name__
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
