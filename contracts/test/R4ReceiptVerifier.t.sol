// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {R4Ecvrf} from "../src/R4Ecvrf.sol";
import {R4ReceiptVerifier, Receipt} from "../src/R4ReceiptVerifier.sol";
import {Answer, Base} from "./Base.sol";
import {Prover} from "./Prover.sol";
import {vm} from "./Vm.sol";

/// Calls from an address of its own.
contract Consumer {
    function consume(R4ReceiptVerifier verifier, Answer memory answer) external returns (bytes32) {
        return verifier.consumeFull(answer.receipt, answer.signature, answer.publicKey, answer.alpha, answer.proof);
    }
}

/// What the verifier accepts, and every attack on a receipt.
contract R4ReceiptVerifierTest is Base {
    uint256 internal constant N = Prover.N;

    Answer internal good;

    function setUp() public override {
        super.setUp();
        good = answerTo("an alpha fixed beforehand");
    }

    function test_AcceptsReceipt() public view {
        vm.assertEq(verifyAttested(good), vm.addr(ECDSA_SECRET));
        vm.assertEq(verifyFull(good), good.receipt.random);
    }

    function test_AcceptsReceiptSignedByEcdsaAlone() public {
        good.receipt.schemes = 1;
        good.signature = sign(good.receipt);
        vm.assertEq(verifyFull(good), good.receipt.random);
    }

    function test_DigestIsThatOfEip712() public view {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(domainType, keccak256("Re4ctoR"), keccak256("1"), block.chainid, address(verifier)));
        bytes32 receiptType = keccak256(
            "R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,bytes32 random,uint64 timestamp,uint8 schemes)"
        );
        bytes32 hash = keccak256(abi.encode(receiptType, good.receipt));
        vm.assertEq(verifier.hashReceipt(good.receipt), keccak256(abi.encodePacked(hex"1901", domain, hash)));
    }

    // Signatures.

    function test_RefusesHighS() public {
        (bytes32 r, bytes32 s, uint8 v) = parts(good.signature);
        bytes32 high = bytes32(N - uint256(s));
        good.signature = abi.encodePacked(r, high, v == 27 ? 28 : 27);
        expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
    }

    function test_RefusesOtherV() public {
        (bytes32 r, bytes32 s, uint8 v) = parts(good.signature);
        uint8[4] memory others = [0, 1, v - 27, 29];
        for (uint256 index = 0; index < 4; ++index) {
            good.signature = abi.encodePacked(r, s, others[index]);
            expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector));
        }
    }

    function test_RefusesOtherParity() public {
        good.signature[64] = good.signature[64] == bytes1(uint8(27)) ? bytes1(uint8(28)) : bytes1(uint8(27));
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
    }

    function test_RefusesOtherLengths() public {
        bytes memory signature = good.signature;
        good.signature = bytes.concat(signature, hex"00");
        expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 66));
        (bytes32 r, bytes32 s,) = parts(signature);
        good.signature = abi.encodePacked(r, s);
        expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        good.signature = "";
        expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 0));
    }

    function test_RefusesRecoveryOfZero() public {
        good.signature = abi.encodePacked(uint256(0), uint256(1), uint8(27));
        expectBothRefuse(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector));
        good.receipt.keyHash = 0;
        expectBothRefuse(abi.encodeWithSelector(R4ReceiptVerifier.UnknownKey.selector, bytes32(0)));
    }

    function test_RefusesAnotherSigner() public {
        good.signature = signWith(1, good.receipt);
        expectBothRefuse(abi.encodeWithSelector(R4ReceiptVerifier.WrongSigner.selector, vm.addr(1)));
    }

    function testFuzz_RefusesEveryFlippedBitOfTheSignature(uint256 bit) public {
        bit %= 65 * 8;
        good.signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        try verifier.verifyAttested(good.receipt, good.signature) {
            revert("accepted");
        } catch (bytes memory reason) {
            vm.assertTrue(reason.length >= 4);
        }
    }

    // Fields, chains and contracts.

    function test_RefusesEveryChangedField() public {
        Receipt memory receipt = good.receipt;
        good.receipt.index += 1;
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
        good.receipt = receipt;
        good.receipt.alphaHash ^= bytes32(uint256(1));
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
        good.receipt = receipt;
        good.receipt.random ^= bytes32(uint256(1));
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
        good.receipt = receipt;
        good.receipt.timestamp -= 1;
        vm.warp(NOW + 1);
        expectBothRefusePartly(R4ReceiptVerifier.KeyNotYetActive.selector);
        good.receipt.timestamp += 2;
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
    }

    function test_RefusesStrippedSchemes() public {
        good.receipt.schemes = 1;
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
    }

    function test_RefusesSchemesWithoutEcdsa() public {
        uint8[4] memory others = [0, 2, 4, 255];
        for (uint256 index = 0; index < 4; ++index) {
            good.receipt.schemes = others[index];
            good.signature = sign(good.receipt);
            expectBothRefuse(
                abi.encodeWithSelector(R4ReceiptVerifier.SchemesWithoutEcdsa.selector, good.receipt.schemes)
            );
        }
    }

    function test_RefusesReceiptOfAnotherChain() public {
        vm.chainId(block.chainid + 1);
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
        good.signature = sign(good.receipt);
        vm.assertEq(verifyFull(good), good.receipt.random);
    }

    function test_RefusesReceiptOfAnotherContract() public {
        verifier = newVerifier();
        expectBothRefusePartly(R4ReceiptVerifier.WrongSigner.selector);
    }

    // Dates.

    function test_RefusesOldReceipt() public {
        vm.warp(NOW + AGE);
        vm.assertEq(verifyFull(good), good.receipt.random);
        vm.warp(NOW + AGE + 1);
        expectBothRefuse(abi.encodeWithSelector(R4ReceiptVerifier.ReceiptTooOld.selector, NOW));
    }

    function test_RefusesReceiptFromTheFuture() public {
        good.receipt.timestamp = uint64(NOW + 60);
        good.signature = sign(good.receipt);
        vm.assertEq(verifyFull(good), good.receipt.random);
        good.receipt.timestamp = uint64(NOW + 61);
        good.signature = sign(good.receipt);
        expectBothRefuse(abi.encodeWithSelector(R4ReceiptVerifier.ReceiptFromTheFuture.selector, NOW + 61));
        good.receipt.timestamp = type(uint64).max;
        good.signature = sign(good.receipt);
        expectBothRefuse(abi.encodeWithSelector(R4ReceiptVerifier.ReceiptFromTheFuture.selector, type(uint64).max));
    }

    // What only verifyFull checks.

    function test_RefusesAnotherAlpha() public {
        good.alpha = "another alpha";
        expectFullRefuses(abi.encodeWithSelector(R4ReceiptVerifier.WrongAlpha.selector));
    }

    function test_RefusesProofForAnotherAlpha() public {
        good.proof = answerTo("another alpha with the counter 0").proof;
        vm.assertEq(good.proof.length, 305);
        expectFullRefuses(abi.encodeWithSelector(R4Ecvrf.WrongH.selector));
    }

    function test_RefusesRandomThatIsNotTheOutput() public {
        bytes32 beta = good.receipt.random;
        good.receipt.random = keccak256("what the operator would like");
        good.signature = sign(good.receipt);
        vm.assertEq(verifyAttested(good), vm.addr(ECDSA_SECRET));
        expectFullRefuses(abi.encodeWithSelector(R4ReceiptVerifier.WrongRandom.selector, beta));
    }

    function test_RefusesAnotherVrfKey() public {
        bytes memory wrong = abi.encodeWithSelector(R4ReceiptVerifier.WrongVrfKey.selector);
        uint256 secret = 2;
        (good.proof, good.receipt.random) = Prover.prove(secret, good.alpha);
        good.publicKey = Prover.publicKey(secret);
        good.signature = sign(good.receipt);
        expectFullRefuses(wrong);

        bytes memory key = Prover.publicKey(VRF_SECRET);
        good.publicKey = bytes.concat(key, hex"00");
        expectFullRefuses(wrong);
        good.publicKey = "";
        expectFullRefuses(wrong);
        key[0] ^= 0x01;
        good.publicKey = key;
        expectFullRefuses(wrong);
    }

    // Single use.

    function test_ConsumesOnce() public {
        vm.assertEq(consumeFull(good), good.receipt.random);
        vm.assertTrue(verifier.used(address(this), keyHash, good.receipt.alphaHash));
        expectConsumed();
    }

    function test_RefusesReplayWithAnotherReceiptOfTheSameOutput() public {
        consumeFull(good);
        good.receipt.index += 1;
        good.receipt.timestamp += 1;
        good.receipt.schemes = 1;
        good.signature = sign(good.receipt);
        verifyFull(good);
        expectConsumed();
    }

    function test_RefusesReplayWithAnotherFormOfTheProof() public {
        good = answerTo("alpha 4");
        (, bytes memory witnesses) = Prover.encodeToCurve(good.publicKey, good.alpha);
        vm.assertTrue(witnesses.length > 0);
        consumeFull(good);
        bytes memory proof = good.proof;
        uint256 start = proof.length - 32;
        uint256 root;
        for (uint256 index = 0; index < 32; ++index) {
            root = (root << 8) | uint8(proof[start + index]);
        }
        bytes32 other = bytes32(Prover.P - root);
        for (uint256 index = 0; index < 32; ++index) {
            proof[start + index] = other[index];
        }
        good.proof = proof;
        vm.assertEq(verifyFull(good), good.receipt.random);
        expectConsumed();
    }

    function test_UseOfOneConsumerDoesNotCountForAnother() public {
        new Consumer().consume(verifier, good);
        vm.assertFalse(verifier.used(address(this), keyHash, good.receipt.alphaHash));
        vm.assertEq(consumeFull(good), good.receipt.random);
    }

    function test_ConsumeRefusesWhatVerifyFullRefuses() public {
        good.alpha = "another alpha";
        vm.expectRevert(abi.encodeWithSelector(R4ReceiptVerifier.WrongAlpha.selector));
        consumeFull(good);
        vm.assertFalse(verifier.used(address(this), keyHash, good.receipt.alphaHash));
    }

    // Gas. The bounds are without SLOAD; here the slots are warm.

    function test_GasIsWithinTheBounds() public view {
        verifyFull(good);
        uint256 most = gasOf(abi.encodeCall(verifier.verifyAttested, (good.receipt, good.signature)));
        vm.assertLe(most, 6500, "verifyAttested");
        uint256 total;
        for (uint256 index = 0; index < 40; ++index) {
            Answer memory a = answerTo(abi.encode(index));
            total += gasOf(abi.encodeCall(verifier.verifyFull, (a.receipt, a.signature, a.publicKey, a.alpha, a.proof)));
        }
        vm.assertLe(total / 40, 21_000, "verifyFull");
    }

    function gasOf(bytes memory data) internal view returns (uint256 used) {
        address target = address(verifier);
        bool done;
        assembly ("memory-safe") {
            let before := gas()
            done := staticcall(gas(), target, add(data, 32), mload(data), 0, 0)
            used := sub(before, gas())
        }
        vm.assertTrue(done);
    }

    // Helpers.

    function expectBothRefuse(bytes memory reason) internal {
        Answer memory answer = good;
        vm.expectRevert(reason);
        verifyAttested(answer);
        vm.expectRevert(reason);
        verifyFull(answer);
    }

    function expectBothRefusePartly(bytes4 selector) internal {
        Answer memory answer = good;
        vm.expectPartialRevert(selector);
        verifyAttested(answer);
        vm.expectPartialRevert(selector);
        verifyFull(answer);
    }

    function expectFullRefuses(bytes memory reason) internal {
        Answer memory answer = good;
        vm.expectRevert(reason);
        verifyFull(answer);
    }

    function expectConsumed() internal {
        Answer memory answer = good;
        vm.expectRevert(
            abi.encodeWithSelector(R4ReceiptVerifier.AlreadyUsed.selector, keyHash, answer.receipt.alphaHash)
        );
        consumeFull(answer);
    }

    function parts(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
