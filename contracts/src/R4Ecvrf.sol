// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title ECVRF-SECP256K1-SHA256-TAI
/// @notice Verifies proofs of RFC 9381 on secp256k1 (suite octet 0xFE). The points that a verifier
/// has to compute come with the proof as hints; they are checked, which is cheaper. Why a wrong hint
/// cannot pass is written in SOUNDNESS.md.
/// @dev `proof` = pi (81) ‖ U (64) ‖ A (64) ‖ B (64) ‖ lambda (32) ‖ w (32 for each counter skipped):
/// pi = Γ ‖ c ‖ s as in the RFC, U = s·B − c·Y, A = s·H, B = c·Γ, lambda the slope of the line through
/// A and −B, and w² = −(x³ + 7) for the hash x of each counter that leads to no point. Coordinates are
/// 32 bytes, big-endian. `r4 evm-proof` and `/vrf?format=evm` write it.
library R4Ecvrf {
    /// The public key has another length than 33 bytes.
    error PublicKeyLength(uint256 got);
    /// The proof has another length than 305 + 32·k bytes, k at most 255.
    error ProofLength(uint256 got);
    /// s is not below the order of the group.
    error ScalarOutOfRange();
    /// A counter below the one used is not shown to lead to no point.
    error CounterNotLowest();
    /// None of the 256 counters is left: there are more w than counters that need one.
    error NoCounterLeft();
    /// The last hash is no x of the curve, or A is not s·H.
    error WrongH();
    /// Gamma is not on the curve, or B is not c·Γ.
    error WrongGamma();
    /// The public key is not on the curve, or U is not s·B − c·Y, or not on the curve itself.
    error WrongU();
    /// lambda is not the slope of the line through A and −B.
    error WrongSlope();
    /// The proof was not made for this public key and alpha.
    error WrongChallenge();
    /// SHA-256 ran out of gas.
    error Sha256Failed();

    uint256 private constant SUITE = 0xFE;
    /// The field's prime.
    uint256 private constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    /// The order of the group.
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    // Where the parts of a proof begin, in bytes.
    uint256 private constant C = 33;
    uint256 private constant S = 49;
    uint256 private constant U = 81;
    uint256 private constant LAMBDA = 273;
    uint256 private constant WITNESSES = 305;
    /// The bits that the multiples of 32 up to 255 · 32 have.
    uint256 private constant WITNESS_LENGTHS = 255 * 32;

    // Working memory, behind the free memory pointer: the input of ecrecover, the points U, A and B,
    // and the message that is hashed, which grows with alpha.
    uint256 private constant MEMORY_U = 128;
    uint256 private constant MEMORY_A = 192;
    uint256 private constant MEMORY_B = 256;
    uint256 private constant MEMORY_MESSAGE = 320;

    /// @notice Verifies `proof` and returns the only output that `publicKey` has for `alpha`
    /// (RFC 9381 §5.3). Reverts when it does not verify.
    /// @param publicKey The compressed point Y, 33 bytes.
    /// @param alpha The input, of any length.
    /// @param proof The RFC's proof with its hints.
    /// @return beta The output. It is public, never a secret.
    function verify(bytes calldata publicKey, bytes calldata alpha, bytes calldata proof)
        internal
        view
        returns (bytes32 beta)
    {
        unchecked {
            require(publicKey.length == 33, PublicKeyLength(publicKey.length));
            // A length below WITNESSES wraps to a number with higher bits.
            uint256 witnesses = proof.length - WITNESSES;
            require(witnesses & ~WITNESS_LENGTHS == 0, ProofLength(proof.length));

            uint256 free = freeMemory();
            copy(free + MEMORY_U, proof, U, 192);
            uint256 h = encodeToCurve(free + MEMORY_MESSAGE, publicKey, alpha, proof);
            checkPoints(free, h, publicKey, proof);
            (uint256 vx, uint256 vy) = subtract(free, word(proof, LAMBDA));
            beta = checkChallenge(free, h, vx, vy, proof);
        }
    }

    /// Returns x of H; its y is even (§5.4.1.1). A hash below P is H's, unless a w is left in the
    /// proof: then w has to show that the hash is no x of the curve. −1 is no square mod P, so
    /// x³ + 7 and −(x³ + 7), neither of which is ever 0, are never both squares. That H itself is on
    /// the curve shows when ecrecover takes it.
    function encodeToCurve(uint256 message, bytes calldata publicKey, bytes calldata alpha, bytes calldata proof)
        private
        view
        returns (uint256 x)
    {
        bool hashed = true;
        uint256 counter;
        uint256 residues;
        assembly ("memory-safe") {
            // 0xFE ‖ 0x01 ‖ Y ‖ alpha ‖ counter ‖ 0x00
            mstore8(message, SUITE)
            mstore8(add(message, 1), 0x01)
            calldatacopy(add(message, 2), publicKey.offset, 33)
            calldatacopy(add(message, 35), alpha.offset, alpha.length)
            let length := add(alpha.length, 37)
            let octet := add(message, add(alpha.length, 35))
            mstore8(add(octet, 1), 0x00)

            // Counters that are shown to lead to no point, and hashes that are no number of the field.
            let w := add(proof.offset, WITNESSES)
            let end := add(proof.offset, proof.length)
            for {} lt(w, end) { counter := add(counter, 1) } {
                mstore8(octet, counter)
                hashed := and(hashed, staticcall(gas(), 0x02, message, length, 0x00, 32))
                x := mload(0x00)
                let root := calldataload(w)
                let value := add(mulmod(mulmod(x, x, P), x, P), 7)
                let inField := lt(x, P)
                residues := or(residues, mul(inField, addmod(mulmod(root, root, P), value, P)))
                w := add(w, shl(5, inField))
            }
            // The first hash for which no w is left.
            for {} 1 { counter := add(counter, 1) } {
                mstore8(octet, counter)
                hashed := and(hashed, staticcall(gas(), 0x02, message, length, 0x00, 32))
                x := mload(0x00)
                if lt(x, P) { break }
            }
        }
        require(hashed, Sha256Failed());
        require(residues == 0, CounterNotLowest());
        require(counter < 256, NoCounterLeft());
    }

    /// Checks that A = s·H, B = c·Γ and U = s·B − c·Y. ecrecover(z, v, r, s) computes
    /// r⁻¹·(s·R − z·B) for the point R with x = r and the parity that v says, and fails when there is
    /// none; v is 27 for 0x02 and 28 for 0x03, and nothing else is accepted.
    function checkPoints(uint256 free, uint256 h, bytes calldata publicKey, bytes calldata proof) private view {
        unchecked {
            uint256 c = word(proof, C) >> 128;
            uint256 s = word(proof, S);
            require(s < N, ScalarOutOfRange());
            require(recover(free, 0, 27, h, mulmod(s, h, N)) == addressOf(free + MEMORY_A), WrongH());

            uint256 gamma = word(proof, 1);
            uint256 v = (word(proof, 0) >> 248) + 25;
            uint256 r = mulmod(c, gamma, N);
            require(recover(free, 0, v, gamma, r) == addressOf(free + MEMORY_B), WrongGamma());

            uint256 y = word(publicKey, 1);
            v = (word(publicKey, 0) >> 248) + 25;
            r = N - mulmod(c, y, N);
            require(recover(free, N - mulmod(s, y, N), v, y, r) == addressOf(free + MEMORY_U), WrongU());
        }
    }

    /// Returns V = A − B, the third point of the line with slope lambda through A and −B, mirrored.
    /// Coordinates are below P here: ecrecover made their hash.
    function subtract(uint256 free, uint256 lambda) private pure returns (uint256 vx, uint256 vy) {
        unchecked {
            (uint256 ax, uint256 ay) = (load(free + MEMORY_A), load(free + MEMORY_A + 32));
            (uint256 bx, uint256 by) = (load(free + MEMORY_B), load(free + MEMORY_B + 32));
            uint256 rise = addmod(ay, by, P);
            require(ax != bx && mulmod(lambda, addmod(ax, P - bx, P), P) == rise, WrongSlope());
            vx = addmod(mulmod(lambda, lambda, P), addmod(P - ax, P - bx, P), P);
            vy = addmod(mulmod(lambda, addmod(ax, P - vx, P), P), P - ay, P);
        }
    }

    /// Compares c with the challenge of Y, H, Γ, U and V (§5.4.3) and returns beta (§5.2).
    function checkChallenge(uint256 free, uint256 h, uint256 vx, uint256 vy, bytes calldata proof)
        private
        view
        returns (bytes32 beta)
    {
        unchecked {
            // 0xFE ‖ 0x02 ‖ Y ‖ H ‖ Γ ‖ U ‖ V ‖ 0x00; 0xFE and Y are there from encodeToCurve.
            uint256 message = free + MEMORY_MESSAGE;
            storeByte(message + 1, 0x02);
            storePoint(message + 35, h, 0);
            copy(message + 68, proof, 0, 33);
            (uint256 ux, uint256 uy) = (load(free + MEMORY_U), load(free + MEMORY_U + 32));
            // Of y only one bit is hashed. On the curve that fixes the point; off it, y could be chosen when c
            // is known, among so many that two addresses collide.
            require(mulmod(uy, uy, P) == addmod(mulmod(mulmod(ux, ux, P), ux, P), 7, P), WrongU());
            storePoint(message + 101, ux, uy);
            storePoint(message + 134, vx, vy);
            storeByte(message + 167, 0x00);
            require(sha(message, 168) >> 128 == word(proof, C) >> 128, WrongChallenge());

            // 0xFE ‖ 0x03 ‖ Γ ‖ 0x00, around Γ where it is.
            storeByte(message + 66, SUITE);
            storeByte(message + 67, 0x03);
            storeByte(message + 101, 0x00);
            beta = bytes32(sha(message + 66, 36));
        }
    }

    /// Returns the address that the precompile recovers; a number that is no address when it fails.
    function recover(uint256 free, uint256 z, uint256 v, uint256 r, uint256 s) private view returns (uint256 signer) {
        assembly ("memory-safe") {
            mstore(free, z)
            mstore(add(free, 32), v)
            mstore(add(free, 64), r)
            mstore(add(free, 96), s)
            mstore(0x00, not(0))
            pop(staticcall(gas(), 0x01, free, 128, 0x00, 32))
            signer := mload(0x00)
        }
    }

    /// Returns the address of the point whose coordinates are at `pointer`.
    function addressOf(uint256 pointer) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            hash := shr(96, shl(96, keccak256(pointer, 64)))
        }
    }

    /// Returns SHA-256 of memory.
    function sha(uint256 pointer, uint256 length) private view returns (uint256 hash) {
        bool done;
        assembly ("memory-safe") {
            done := staticcall(gas(), 0x02, pointer, length, 0x00, 32)
            hash := mload(0x00)
        }
        require(done, Sha256Failed());
    }

    /// Writes a compressed point (§5.5, point_to_string).
    function storePoint(uint256 pointer, uint256 x, uint256 y) private pure {
        unchecked {
            storeByte(pointer, 2 + (y & 1));
            assembly ("memory-safe") {
                mstore(add(pointer, 1), x)
            }
        }
    }

    function storeByte(uint256 pointer, uint256 octet) private pure {
        assembly ("memory-safe") {
            mstore8(pointer, octet)
        }
    }

    function load(uint256 pointer) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(pointer)
        }
    }

    /// Copies a part of `data` that is known to be there.
    function copy(uint256 pointer, bytes calldata data, uint256 from, uint256 length) private pure {
        assembly ("memory-safe") {
            calldatacopy(pointer, add(data.offset, from), length)
        }
    }

    /// Returns 32 bytes of `data` that are known to be there.
    function word(bytes calldata data, uint256 from) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(data.offset, from))
        }
    }

    function freeMemory() private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
        }
    }
}
