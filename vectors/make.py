#!/usr/bin/env python3
"""Makes the project's own test vectors: a second implementation, from the standards alone.

Plain Python 3 without third-party modules: its own arithmetic on secp256k1, Keccak, HKDF, ECVRF,
EIP-712, Ed25519 and ML-DSA key generation. It shares no code with the Rust crates, so that a mistake in
one shows against the other. Nothing here is constant time and nothing is fit for real keys.

    python3 vectors/make.py           writes keys.json, ecvrf.json and eip712.json beside itself
    python3 vectors/make.py --check   compares instead; exit 1 and the file's name where they differ
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def hmac256(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def stream(label: str, length: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_256(b"re4ctor test vectors/" + label.encode()).digest(length)


# --- secp256k1 (SEC 2 §2.4.1), affine, None is the identity ---------------------------------------

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(k: int, point):
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def compressed(point) -> bytes:
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def decompressed(octets: bytes):
    x = int.from_bytes(octets[1:], "big")
    if octets[0] not in (2, 3) or x >= P:
        return None
    y = pow(x**3 + 7, (P + 1) // 4, P)
    if y * y % P != (x**3 + 7) % P:
        return None
    return x, y if y & 1 == octets[0] & 1 else P - y


# --- Keccak-256 (the sponge of FIPS 202 with the padding 0x01) ------------------------------------

MASK = 2**64 - 1


def rotl(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & MASK


def keccak_f(lanes):
    register = 1
    for _ in range(24):
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        theta = [parity[x - 1] ^ rotl(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ theta[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotl(current, (t + 1) * (t + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & MASK & row[(x + 2) % 5])
        for j in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                lanes[0][0] ^= 1 << ((1 << j) - 1)
    return lanes


def keccak256(message: bytes) -> bytes:
    rate = 136
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        lanes = keccak_f(lanes)
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


# --- ML-DSA-65 key generation (FIPS 204 Algorithms 6, 22, 30 to 32, 35, 41) -----------------------

Q = 8380417
DROPPED = 13
# Rows, columns and eta of the parameter sets (FIPS 204 table 1).
MLDSA44, MLDSA65 = (4, 4, 2), (6, 5, 4)
ZETAS = [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(256)]


def ntt(w):
    w, m, length = list(w), 0, 128
    while length:
        for start in range(0, 256, 2 * length):
            m += 1
            for j in range(start, start + length):
                t = ZETAS[m] * w[j + length] % Q
                w[j + length], w[j] = (w[j] - t) % Q, (w[j] + t) % Q
        length //= 2
    return w


def inverse_ntt(w):
    w, m, length = list(w), 256, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            m -= 1
            for j in range(start, start + length):
                t = w[j]
                w[j], w[j + length] = (t + w[j + length]) % Q, -ZETAS[m] * (t - w[j + length]) % Q
        length *= 2
    return [x * pow(256, -1, Q) % Q for x in w]


def uniform(rho: bytes, row: int, column: int):
    octets = hashlib.shake_128(rho + bytes([column, row])).digest(3 * 400)
    triples = (int.from_bytes(octets[i : i + 3], "little") & 0x7FFFFF for i in range(0, len(octets), 3))
    return [value for value in triples if value < Q][:256]


def bounded(seed: bytes, nonce: int, eta: int):
    octets = hashlib.shake_256(seed + nonce.to_bytes(2, "little")).digest(400)
    halves = (half for octet in octets for half in (octet & 15, octet >> 4))
    if eta == 2:
        return [2 - half % 5 for half in halves if half < 15][:256]
    return [4 - half for half in halves if half < 9][:256]


def mldsa_public_key(seed: bytes, parameters) -> bytes:
    rows, columns, eta = parameters
    expanded = hashlib.shake_256(seed + bytes([rows, columns])).digest(128)
    rho, secret = expanded[:32], expanded[32:96]
    s1 = [ntt(bounded(secret, r, eta)) for r in range(columns)]
    s2 = [bounded(secret, columns + r, eta) for r in range(rows)]
    out = rho
    for row in range(rows):
        total = [0] * 256
        for column in range(columns):
            a = uniform(rho, row, column)
            total = [(t + x * y) % Q for t, x, y in zip(total, a, s1[column])]
        t = [(x + y) % Q for x, y in zip(inverse_ntt(total), s2[row])]
        high = 0
        for i, value in enumerate(t):
            # Power2Round: the low part lies in (-2^12, 2^12]
            high |= ((value + (1 << (DROPPED - 1)) - 1) >> DROPPED) << (10 * i)
        out += high.to_bytes(320, "little")
    return out


# --- Ed25519 key generation (RFC 8032 §5.1.5) -----------------------------------------------------

ED_P = 2**255 - 19
ED_D = -121665 * pow(121666, -1, ED_P) % ED_P


def ed_add(a, b):
    (x1, y1), (x2, y2) = a, b
    product = ED_D * x1 * x2 * y1 * y2 % ED_P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, ED_P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, ED_P)
    return x % ED_P, y % ED_P


def ed_base():
    y = 4 * pow(5, -1, ED_P) % ED_P
    square = (y * y - 1) * pow(ED_D * y * y + 1, -1, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * pow(2, (ED_P - 1) // 4, ED_P) % ED_P
    return (x if x % 2 == 0 else ED_P - x), y


def ed25519_public_key(seed: bytes) -> bytes:
    scalar = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    scalar = scalar & ((1 << 254) - 8) | (1 << 254)
    total, power = (0, 1), ed_base()
    while scalar:
        if scalar & 1:
            total = ed_add(total, power)
        scalar, power = scalar >> 1, ed_add(power, power)
    x, y = total
    return (y | (x & 1) << 255).to_bytes(32, "little")


# --- Keys: HKDF-SHA-256 (RFC 5869) from one root seed ---------------------------------------------

SALT = b"r4/root/v1"
LABELS = {
    "ecvrf": b"r4/ecvrf-secp256k1/v1",
    "ecvrf_evm": b"r4/ecvrf-evm/v1",
    "ecdsa": b"r4/ecdsa/v1",
    "mldsa65": b"r4/mldsa65/v1",
}
# Of the seeds of a log and of a witness: the labels, and the note type of the Ed25519 key.
NOTE_LABELS = {
    "log": (b"r4/log-ed25519/v1", b"r4/log-mldsa44/v1", 1),
    "witness": (b"r4/witness-ed25519/v1", b"r4/witness-mldsa44/v1", 4),
}
NOTE_NAME = "node.example/v1/log"


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac256(prk, block, info, bytes([counter]))
        out, counter = out + block, counter + 1
    return out[:length]


def key_hash(ecvrf: bytes, ecdsa: bytes, mldsa65: bytes, ecvrf_evm: bytes) -> bytes:
    return sha256(b"r4/keys/v1\0", sha256(ecvrf), sha256(ecdsa), sha256(mldsa65), sha256(ecvrf_evm))


def address(public) -> str:
    digits = keccak256(public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big"))[12:].hex()
    nibbles = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if n >= "8" else d for d, n in zip(digits, nibbles))


def derived(seed: bytes) -> dict:
    prk = hmac256(SALT, seed)
    case, public = {"root_seed": seed.hex(), "prk": prk.hex()}, {}
    for name in ("ecvrf", "ecvrf_evm", "ecdsa"):
        okm = expand(prk, LABELS[name], 48)
        scalar = int.from_bytes(okm, "big") % (N - 1) + 1
        point = mul(scalar, G)
        public[name] = compressed(point)
        case[name] = {
            "label": LABELS[name].decode(),
            "okm": okm.hex(),
            "secret_key": scalar.to_bytes(32, "big").hex(),
            "public_key": public[name].hex(),
        }
        if name == "ecdsa":
            case[name]["address"] = address(point)
    mldsa_seed = expand(prk, LABELS["mldsa65"], 32)
    public["mldsa65"] = mldsa_public_key(mldsa_seed, MLDSA65)
    case["mldsa65"] = {
        "label": LABELS["mldsa65"].decode(),
        "seed": mldsa_seed.hex(),
        "public_key_sha256": sha256(public["mldsa65"]).hex(),
    }
    case["key_hash"] = key_hash(**public).hex()
    case["key_id"] = case["key_hash"][:16]
    for use, (ed25519, mldsa44, kind) in NOTE_LABELS.items():
        classical = ed25519_public_key(expand(prk, ed25519, 32))
        post_quantum = mldsa_public_key(expand(prk, mldsa44, 32), MLDSA44)
        case[use] = {
            "labels": [ed25519.decode(), mldsa44.decode()],
            "ed25519": verifier_key(kind, classical),
            "mldsa44_sha256": sha256(verifier_key(6, post_quantum).encode()).hex(),
        }
    return case


def verifier_key(kind: int, public: bytes) -> str:
    """The text of c2sp.org/signed-note, "Verifier keys"."""
    typed = bytes([kind]) + public
    number = sha256(NOTE_NAME.encode(), b"\n", typed)[:4].hex()
    return f"{NOTE_NAME}+{number}+{base64.b64encode(typed).decode()}"


def keys() -> dict:
    seeds = [bytes(32), b"\xff" * 32, bytes(range(32))] + [stream(f"root seed {i}", 32) for i in range(5)]
    return {
        "source": "vectors/make.py, from RFC 5869, FIPS 204 and the design's key labels",
        "salt": SALT.decode(),
        "name": NOTE_NAME,
        "note": "scalar = okm (48 octets, big-endian) mod (n - 1) + 1; key hashes as in the receipt's specification; "
        "log and witness: the keys of such a seed under that name as verifier keys",
        "cases": [derived(seed) for seed in seeds],
    }


# --- ECVRF-SECP256K1-SHA256-TAI (RFC 9381 §5) -----------------------------------------------------

SUITE = b"\xfe"


def candidate(salt: bytes, alpha: bytes, counter: int) -> bytes:
    return sha256(SUITE, b"\x01", salt, alpha, bytes([counter]), b"\x00")


def encode_to_curve(salt: bytes, alpha: bytes):
    for counter in range(256):
        point = decompressed(b"\x02" + candidate(salt, alpha, counter))
        if point:
            return point, counter
    raise ValueError("no counter leads to a point")


def nonce(secret: int, h_string: bytes) -> int:
    x = secret.to_bytes(32, "big")
    h1 = (int.from_bytes(sha256(h_string), "big") % N).to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32
    for octet in (b"\x00", b"\x01"):
        k = hmac256(k, v, octet, x, h1)
        v = hmac256(k, v)
    while True:
        v = hmac256(k, v)
        k_candidate = int.from_bytes(v, "big")
        if 0 < k_candidate < N:
            return k_candidate
        k = hmac256(k, v, b"\x00")
        v = hmac256(k, v)


def prove(secret: int, alpha: bytes) -> dict:
    public = mul(secret, G)
    h, counter = encode_to_curve(compressed(public), alpha)
    gamma = mul(secret, h)
    k = nonce(secret, compressed(h))
    points = [public, h, gamma, mul(k, G), mul(k, h)]
    c = sha256(SUITE, b"\x02", *map(compressed, points), b"\x00")[:16]
    s = (k + int.from_bytes(c, "big") * secret) % N
    proof = compressed(gamma) + c + s.to_bytes(32, "big")
    return {
        "secret_key": secret.to_bytes(32, "big").hex(),
        "public_key": compressed(public).hex(),
        "alpha": alpha.hex(),
        "counter": counter,
        "h": compressed(h).hex(),
        "nonce": k.to_bytes(32, "big").hex(),
        "proof": proof.hex(),
        "evm_proof": evm_proof(public, alpha, proof).hex(),
        "beta": sha256(SUITE, b"\x03", compressed(gamma), b"\x00").hex(),
    }


def evm_proof(public, alpha: bytes, proof: bytes) -> bytes:
    """The proof with the hints of contracts/SOUNDNESS.md."""
    salt = compressed(public)
    h, counter = encode_to_curve(salt, alpha)
    gamma, c, s = decompressed(proof[:33]), int.from_bytes(proof[33:49], "big"), int.from_bytes(proof[49:], "big")
    u = add(mul(s, G), mul(N - c, public))
    a, b = mul(s, h), mul(c, gamma)
    slope = (a[1] + b[1]) * pow(a[0] - b[0], -1, P) % P
    roots = []
    for skipped in range(counter):
        x = int.from_bytes(candidate(salt, alpha, skipped), "big")
        if x < P:
            minus = -(x**3 + 7) % P
            root = pow(minus, (P + 1) // 4, P)
            assert root * root % P == minus
            roots.append(root if root % 2 == 0 else P - root)
    return proof + b"".join(number.to_bytes(32, "big") for number in [*u, *a, *b, slope, *roots])


def ecvrf() -> dict:
    lengths = [0, 1, 2, 3, 31, 32, 33, 51, 54, 55, 56, 63, 64, 65, 118, 119, 127, 128, 129, 255, 256, 511, 512]
    lengths += [513, 1000, 1023, 1024]
    cases = []
    for i, length in enumerate(lengths + [32] * 13):
        secret = int.from_bytes(stream(f"ecvrf secret {i}", 48), "big") % (N - 1) + 1
        cases.append(prove(secret, stream(f"ecvrf alpha {i}", length)))
    for secret in (1, 2, N - 1):
        cases.append(prove(secret, b"sample"))
    # Rare counters: search for alphas that need four attempts or more.
    secret, found, i = int.from_bytes(stream("ecvrf rare", 32), "big") % N, 0, 0
    while found < 6:
        alpha, i = i.to_bytes(4, "big"), i + 1
        if encode_to_curve(compressed(mul(secret, G)), alpha)[1] >= 4:
            cases.append(prove(secret, alpha))
            found += 1
    return {
        "source": "vectors/make.py, from RFC 9381 with the curve secp256k1 and the suite octet 0xFE",
        "suite": "ECVRF-SECP256K1-SHA256-TAI",
        "cases": cases,
    }


# --- EIP-712 --------------------------------------------------------------------------------------

RECEIPT = b"R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,bytes32 random,uint64 timestamp,uint8 schemes)"
ATTESTED = (
    b"R4Attested(bytes32 keyHash,uint64 index,bytes32 bytesHash,uint32 length,bytes32 coreHash,"
    b"uint8 mode,uint64 timestamp,uint8 schemes)"
)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def separator(chain_id, contract) -> bytes:
    kind = b"EIP712Domain(string name,string version"
    members = keccak256(b"Re4ctoR") + keccak256(b"1")
    if chain_id is not None:
        kind, members = kind + b",uint256 chainId", members + word(chain_id)
    if contract is not None:
        kind, members = kind + b",address verifyingContract", members + word(int(contract, 16))
    return keccak256(keccak256(kind + b")") + members)


def typed_digest(domain: bytes, kind: bytes, members: bytes) -> str:
    return keccak256(b"\x19\x01" + domain + keccak256(keccak256(kind) + members)).hex()


def checksummed(octets: bytes) -> str:
    digits = octets.hex()
    nibbles = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if n >= "8" else d for d, n in zip(digits, nibbles))


def domains():
    contract = checksummed(stream("contract", 20))
    for chain_id, at in [(None, None), (0, None), (1, None), (11155111, contract), (1, checksummed(bytes(20))), (2**64 - 1, contract)]:
        yield chain_id, at, separator(chain_id, at)


def eip712() -> dict:
    receipts, attested = [], []
    for d, (_, _, domain) in enumerate(domains()):
        for schemes in (1, 2, 3):
            label = f"eip712 {d} {schemes}"
            hash_of_keys = stream(label + " key hash", 32)
            index = [0, 1, 2**53 + 1, 2**64 - 1][(d + schemes) % 4]
            timestamp = [0, 1787315696, 253402300799][(d + schemes) % 3]
            alpha = stream(label + " alpha", [1, 51, 135, 136, 137, 1024][(d + schemes) % 6])
            random = stream(label + " random", 32)
            receipts.append({
                "domain": d,
                "key_hash": hash_of_keys.hex(),
                "index": str(index),
                "alpha": alpha.hex(),
                "alpha_hash": keccak256(alpha).hex(),
                "random": random.hex(),
                "timestamp": timestamp,
                "schemes": schemes,
                "digest": typed_digest(
                    domain,
                    RECEIPT,
                    hash_of_keys + word(index) + keccak256(alpha) + random + word(timestamp) + word(schemes),
                ),
            })
            octets = stream(label + " bytes", [16, 17, 32, 1000][(d + schemes) % 4])
            core, mode = stream(label + " core", 32), (d + schemes) % 2
            attested.append({
                "domain": d,
                "key_hash": hash_of_keys.hex(),
                "index": str(index),
                "bytes": octets.hex(),
                "bytes_hash": keccak256(octets).hex(),
                "core_hash": core.hex(),
                "mode": mode,
                "timestamp": timestamp,
                "schemes": schemes,
                "digest": typed_digest(
                    domain,
                    ATTESTED,
                    hash_of_keys
                    + word(index)
                    + keccak256(octets)
                    + word(len(octets))
                    + core
                    + word(mode)
                    + word(timestamp)
                    + word(schemes),
                ),
            })
    return {
        "source": "vectors/make.py, from EIP-712 with Keccak-256 of its own",
        "receipt_type": RECEIPT.decode(),
        "attested_type": ATTESTED.decode(),
        "domains": [
            {"chain_id": None if c is None else str(c), "contract": a, "separator": s.hex()}
            for c, a, s in domains()
        ],
        "receipts": receipts,
        "attested": attested,
    }


def self_test() -> None:
    """Published facts, so that a mistake here does not become a vector."""
    assert mul(N, G) is None and mul(N - 1, G) == (G[0], P - G[1])
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    # RFC 5869 A.1
    prk = hmac256(bytes(range(13)), b"\x0b" * 22)
    assert expand(prk, bytes(range(0xF0, 0xFA)), 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    # EIP-55
    assert checksummed(bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")) == (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    )
    # RFC 6979 A.2.5's key and message under RFC 9381's rules
    sample = prove(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, b"sample")
    assert sample["beta"] == "d466c22e14dc3b7fd169668dd3ee9ac6351429a24aebc5e8af61a0f0de89b65a"
    # NIST's ACVP case 26 of ML-DSA-65 key generation
    seed = bytes.fromhex("70cefb9aed5b68e018b079da8284b9d5cad5499ed9c265ff73588005d85c225c")
    assert sha256(mldsa_public_key(seed, MLDSA65)).hex() == (
        "646b26b8d09dbc9e865b6a006c693a3127b065e62fab5fbe8b159c416462feb6"
    )
    # RFC 8032 §7.1, test 1
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert ed25519_public_key(seed).hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )


def main() -> int:
    self_test()
    stale = []
    for name, make in [("keys", keys), ("ecvrf", ecvrf), ("eip712", eip712)]:
        path, text = FOLDER / f"{name}.json", json.dumps(make(), indent=1) + "\n"
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    for name in stale:
        print(f"{name} is not what vectors/make.py makes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
