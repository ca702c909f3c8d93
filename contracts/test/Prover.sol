// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// Proofs for alphas that only a test knows (RFC 9381 §5.1) with their hints for the chain, written for
/// reading: not constant time, and the nonce is not the RFC's. No real key belongs in it.
library Prover {
    uint256 internal constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 internal constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    struct Point {
        uint256 x;
        uint256 y;
    }

    function generator() internal pure returns (Point memory) {
        return Point(
            0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
            0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8
        );
    }

    function publicKey(uint256 secret) internal view returns (bytes memory) {
        return compress(multiply(secret, generator()));
    }

    function prove(uint256 secret, bytes memory alpha) internal view returns (bytes memory proof, bytes32 beta) {
        bytes memory y = publicKey(secret);
        (Point memory h, bytes memory witnesses) = encodeToCurve(y, alpha);
        uint256 nonce = uint256(keccak256(abi.encode(secret, h.x))) % N;
        return finish(y, h, secret, nonce, witnesses);
    }

    function finish(bytes memory y, Point memory h, uint256 secret, uint256 nonce, bytes memory witnesses)
        private
        view
        returns (bytes memory proof, bytes32 beta)
    {
        Point memory gamma = multiply(secret, h);
        Point memory u = multiply(nonce, generator());
        bytes memory points =
            abi.encodePacked(y, compress(h), compress(gamma), compress(u), compress(multiply(nonce, h)));
        uint256 c = uint256(sha256(abi.encodePacked(hex"fe02", points, hex"00"))) >> 128;
        uint256 s = addmod(nonce, mulmod(c, secret, N), N);
        bytes memory pi = abi.encodePacked(compress(gamma), uint128(c), s);
        proof = abi.encodePacked(pi, u.x, u.y, hints(multiply(s, h), multiply(c, gamma)), witnesses);
        beta = sha256(abi.encodePacked(hex"fe03", compress(gamma), hex"00"));
    }

    /// Returns A ‖ B ‖ lambda.
    function hints(Point memory a, Point memory b) private view returns (bytes memory) {
        uint256 lambda = mulmod(addmod(a.y, b.y, P), inverse(addmod(a.x, P - b.x, P)), P);
        return abi.encodePacked(a.x, a.y, b.x, b.y, lambda);
    }

    /// Returns the point of the lowest counter that leads to one, and the even roots for those below.
    function encodeToCurve(bytes memory y, bytes memory alpha) internal view returns (Point memory h, bytes memory w) {
        for (uint8 counter = 0;; ++counter) {
            h.x = uint256(sha256(abi.encodePacked(hex"fe01", y, alpha, counter, hex"00")));
            if (h.x >= P) continue;
            uint256 square = addmod(mulmod(mulmod(h.x, h.x, P), h.x, P), 7, P);
            h.y = evenRoot(square);
            if (mulmod(h.y, h.y, P) == square) return (h, w);
            w = abi.encodePacked(w, evenRoot(P - square));
        }
    }

    function evenRoot(uint256 square) internal view returns (uint256 root) {
        root = power(square, (P + 1) / 4);
        if (root & 1 == 1) root = P - root;
    }

    function compress(Point memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2 + (point.y & 1)), point.x);
    }

    function multiply(uint256 factor, Point memory point) internal view returns (Point memory) {
        (uint256 x, uint256 y) = (0, 0);
        bool started;
        for (uint256 bit = 256; bit > 0; --bit) {
            if (started) (x, y) = third(x, y, x, tangent(x, y));
            if ((factor >> (bit - 1)) & 1 == 0) continue;
            if (started) (x, y) = third(x, y, point.x, chord(x, y, point));
            else (x, y, started) = (point.x, point.y, true);
        }
        return Point(x, y);
    }

    function tangent(uint256 x, uint256 y) private view returns (uint256 slope) {
        return mulmod(mulmod(3, mulmod(x, x, P), P), inverse(addmod(y, y, P)), P);
    }

    function chord(uint256 x, uint256 y, Point memory b) private view returns (uint256 slope) {
        return mulmod(addmod(b.y, P - y, P), inverse(addmod(b.x, P - x, P)), P);
    }

    function third(uint256 ax, uint256 ay, uint256 bx, uint256 slope) private pure returns (uint256 x, uint256 y) {
        x = addmod(mulmod(slope, slope, P), addmod(P - ax, P - bx, P), P);
        y = addmod(mulmod(slope, addmod(ax, P - x, P), P), P - ay, P);
    }

    function inverse(uint256 value) private view returns (uint256) {
        return power(value, P - 2);
    }

    /// Returns base^exponent mod P, without memory that stays.
    function power(uint256 base, uint256 exponent) private view returns (uint256 result) {
        bool done;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 32)
            mstore(add(free, 32), 32)
            mstore(add(free, 64), 32)
            mstore(add(free, 96), base)
            mstore(add(free, 128), exponent)
            mstore(add(free, 160), P)
            done := staticcall(gas(), 5, free, 192, 0x00, 32)
            result := mload(0x00)
        }
        require(done);
    }
}
