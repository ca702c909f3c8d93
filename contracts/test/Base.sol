// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {R4ReceiptVerifier, Receipt} from "../src/R4ReceiptVerifier.sol";
import {Prover} from "./Prover.sol";
import {vm} from "./Vm.sol";

/// A receipt with all that verifyFull wants.
struct Answer {
    Receipt receipt;
    bytes signature;
    bytes publicKey;
    bytes alpha;
    bytes proof;
}

/// A node with its keys, and a verifier that knows it.
abstract contract Base {
    uint256 internal constant VRF_SECRET = uint256(keccak256("the VRF key of the tests"));
    uint256 internal constant ECDSA_SECRET = uint256(keccak256("the ECDSA key of the tests"));
    bytes32 internal constant MLDSA65_SHA256 = keccak256("stands for an ML-DSA-65 key");
    bytes32 internal constant ECVRF_EVM_SHA256 = keccak256("stands for a VRF key for requests on chain");
    uint256 internal constant NOW = 1_800_000_000;
    uint64 internal constant AGE = 1 days;

    R4ReceiptVerifier internal verifier;
    bytes32 internal keyHash;

    function setUp() public virtual {
        vm.warp(NOW);
        verifier = newVerifier();
        keyHash = keyHashOf(VRF_SECRET, ECDSA_SECRET);
    }

    function newVerifier() internal returns (R4ReceiptVerifier) {
        return new R4ReceiptVerifier(
            address(this), AGE, Prover.publicKey(VRF_SECRET), ecdsaKey(ECDSA_SECRET), MLDSA65_SHA256, ECVRF_EVM_SHA256
        );
    }

    function ecdsaKey(uint256 secret) internal view returns (bytes memory) {
        Prover.Point memory point = Prover.multiply(secret, Prover.generator());
        return abi.encodePacked(point.x, point.y);
    }

    function keyHashOf(uint256 vrfSecret, uint256 ecdsaSecret) internal view returns (bytes32) {
        bytes32 ecvrf = sha256(Prover.publicKey(vrfSecret));
        bytes32 ecdsa = sha256(Prover.publicKey(ecdsaSecret));
        return sha256(bytes.concat("r4/keys/v1", hex"00", ecvrf, ecdsa, MLDSA65_SHA256, ECVRF_EVM_SHA256));
    }

    /// Returns what the node answers to `alpha` now, with both signatures said to be there.
    function answerTo(bytes memory alpha) internal view returns (Answer memory answer) {
        bytes32 beta;
        (answer.proof, beta) = Prover.prove(VRF_SECRET, alpha);
        answer.publicKey = Prover.publicKey(VRF_SECRET);
        answer.alpha = alpha;
        answer.receipt = Receipt(keyHash, 7, keccak256(alpha), beta, uint64(block.timestamp), 3);
        answer.signature = sign(answer.receipt);
    }

    function sign(Receipt memory receipt) internal view returns (bytes memory) {
        return signWith(ECDSA_SECRET, receipt);
    }

    function signWith(uint256 secret, Receipt memory receipt) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, verifier.hashReceipt(receipt));
        return abi.encodePacked(r, s, v);
    }

    function verifyAttested(Answer memory answer) internal view returns (address) {
        return verifier.verifyAttested(answer.receipt, answer.signature);
    }

    function verifyFull(Answer memory answer) internal view returns (bytes32) {
        return verifier.verifyFull(answer.receipt, answer.signature, answer.publicKey, answer.alpha, answer.proof);
    }

    function consumeFull(Answer memory answer) internal returns (bytes32) {
        return verifier.consumeFull(answer.receipt, answer.signature, answer.publicKey, answer.alpha, answer.proof);
    }
}
