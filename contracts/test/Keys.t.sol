// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {R4ReceiptVerifier} from "../src/R4ReceiptVerifier.sol";
import {Answer, Base} from "./Base.sol";
import {Prover} from "./Prover.sol";
import {vm} from "./Vm.sol";

/// Epochs of keys: when they begin and end, and what is no key.
contract KeysTest is Base {
    uint256 internal constant NEXT_SECRET = uint256(keccak256("the next ECDSA key of the tests"));

    function test_HashOfAllCommittedEpochs() public {
        string memory json = vm.readFile("../vectors/keys.json");
        R4ReceiptVerifier empty = new R4ReceiptVerifier(address(this), AGE, "", "", 0, 0);
        uint256 count;
        for (; vm.keyExistsJson(json, string.concat(".cases[", vm.toString(count), "]")); ++count) {
            string memory path = string.concat(".cases[", vm.toString(count), "].");
            uint256 ecdsa = uint256(bytes32(hexOf(json, string.concat(path, "ecdsa.secret_key"))));
            bytes memory onChainKey = hexOf(json, string.concat(path, "ecvrf_evm.public_key"));
            bytes32 hash = empty.addKey(
                hexOf(json, string.concat(path, "ecvrf.public_key")),
                ecdsaKey(ecdsa),
                bytes32(hexOf(json, string.concat(path, "mldsa65.public_key_sha256"))),
                sha256(onChainKey)
            );
            vm.assertEq(hash, bytes32(hexOf(json, string.concat(path, "key_hash"))));
            (address signer,,,,,) = empty.keys(hash);
            vm.assertEq(signer, vm.addr(ecdsa));
        }
        vm.assertEq(count, 8);
    }

    function test_FirstKeyCountsAtOnce() public {
        Answer memory answer = answerTo("alpha");
        verifyFull(answer);
        answer.receipt.timestamp -= 1;
        answer.signature = sign(answer.receipt);
        expectRefusal(answer, abi.encodeWithSelector(R4ReceiptVerifier.KeyNotYetActive.selector, keyHash, NOW));
    }

    function test_UnknownKey() public {
        Answer memory answer = answerTo("alpha");
        answer.receipt.keyHash = keyHashOf(VRF_SECRET, NEXT_SECRET);
        answer.signature = signWith(NEXT_SECRET, answer.receipt);
        expectRefusal(answer, abi.encodeWithSelector(R4ReceiptVerifier.UnknownKey.selector, answer.receipt.keyHash));
    }

    function test_AddedKeyCountsADayLater() public {
        bytes32 next = addNext();
        uint256 active = NOW + 24 hours;
        bytes memory notYet = abi.encodeWithSelector(R4ReceiptVerifier.KeyNotYetActive.selector, next, active);
        Answer memory answer = answerOfNext(next, active);
        expectRefusal(answer, notYet);
        // Within the clocks' tolerance a receipt may be dated later than now, but the epoch has not begun.
        vm.warp(active - 1);
        expectRefusal(answer, notYet);
        vm.warp(active);
        vm.assertEq(verifyFull(answer), answer.receipt.random);
        expectRefusal(answerOfNext(next, active - 1), notYet);
    }

    function test_RetiredKeySignsNothingNew() public {
        Answer memory before = answerTo("alpha");
        vm.warp(NOW + 10);
        Answer memory since = answerTo("alpha");
        verifyFull(since);
        verifier.retireKey(keyHash);
        vm.assertEq(verifyFull(before), before.receipt.random);
        bytes memory retired = abi.encodeWithSelector(R4ReceiptVerifier.KeyRetired.selector, keyHash, NOW + 10);
        expectRefusal(since, retired);
        vm.expectRevert(retired);
        verifier.retireKey(keyHash);
    }

    function test_RevokedKeyIsRefusedForEver() public {
        Answer memory answer = answerTo("alpha");
        verifier.retireKey(keyHash);
        verifier.revokeKey(keyHash);
        bytes memory revoked = abi.encodeWithSelector(R4ReceiptVerifier.KeyRevoked.selector, keyHash);
        expectRefusal(answer, revoked);
        vm.expectRevert(revoked);
        verifier.revokeKey(keyHash);
        vm.expectRevert(revoked);
        verifier.retireKey(keyHash);
        addFirst(abi.encodeWithSelector(R4ReceiptVerifier.KeyKnown.selector, keyHash));
        vm.warp(NOW + 2 days);
        expectRefusal(answerTo("alpha"), revoked);
    }

    function test_KnownKeyIsNotAddedAgain() public {
        bytes memory known = abi.encodeWithSelector(R4ReceiptVerifier.KeyKnown.selector, keyHash);
        addFirst(known);
        verifier.retireKey(keyHash);
        addFirst(known);
    }

    function test_UnknownKeyIsNeitherRetiredNorRevoked() public {
        bytes memory unknown = abi.encodeWithSelector(R4ReceiptVerifier.UnknownKey.selector, bytes32(0));
        vm.expectRevert(unknown);
        verifier.retireKey(0);
        vm.expectRevert(unknown);
        verifier.revokeKey(0);
    }

    function test_OnlyTheOwnerChangesKeys() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(7));
        vm.prank(address(7));
        vm.expectRevert(refused);
        verifier.addKey("", "", 0, 0);
        vm.prank(address(7));
        vm.expectRevert(refused);
        verifier.retireKey(keyHash);
        vm.prank(address(7));
        vm.expectRevert(refused);
        verifier.revokeKey(keyHash);
    }

    function test_OwnershipMovesInTwoSteps() public {
        verifier.transferOwnership(address(7));
        vm.assertEq(verifier.owner(), address(this));
        vm.prank(address(7));
        verifier.acceptOwnership();
        vm.assertEq(verifier.owner(), address(7));
    }

    function test_RefusesEcdsaKeysThatAreNoPoint() public {
        bytes memory key = ecdsaKey(NEXT_SECRET);
        key[63] ^= 0x02;
        expectInvalidEcdsa(key);
        key = ecdsaKey(NEXT_SECRET);
        key[63] ^= 0x01;
        expectInvalidEcdsa(key);
        expectInvalidEcdsa(new bytes(64));
        expectInvalidEcdsa(Prover.publicKey(NEXT_SECRET));
        expectInvalidEcdsa(bytes.concat(hex"04", ecdsaKey(NEXT_SECRET)));
        expectInvalidEcdsa("");
    }

    function test_RefusesVrfKeysThatAreNoPoint() public {
        bytes memory key = Prover.publicKey(VRF_SECRET);
        key[0] = 0x04;
        expectInvalidVrf(key);
        // No point has x = 5.
        expectInvalidVrf(abi.encodePacked(uint8(2), uint256(5)));
        expectInvalidVrf(abi.encodePacked(uint8(2), type(uint256).max));
        expectInvalidVrf(ecdsaKey(VRF_SECRET));
        expectInvalidVrf("");
    }

    function test_RefusesOneKeyForBoth() public {
        bytes memory ecvrf = Prover.publicKey(NEXT_SECRET);
        bytes memory ecdsa = ecdsaKey(NEXT_SECRET);
        vm.expectRevert(abi.encodeWithSelector(R4ReceiptVerifier.SharedKey.selector));
        verifier.addKey(ecvrf, ecdsa, MLDSA65_SHA256, ECVRF_EVM_SHA256);
    }

    function test_RefusesOneVrfKeyForBothUses() public {
        bytes memory ecvrf = Prover.publicKey(VRF_SECRET);
        bytes memory ecdsa = ecdsaKey(NEXT_SECRET);
        bytes32[2] memory shared = [sha256(ecvrf), sha256(Prover.publicKey(NEXT_SECRET))];
        for (uint256 index = 0; index < 2; ++index) {
            vm.expectRevert(abi.encodeWithSelector(R4ReceiptVerifier.SharedKey.selector));
            verifier.addKey(ecvrf, ecdsa, MLDSA65_SHA256, shared[index]);
        }
    }

    function test_KeyIsActiveFromItsBeginningToItsEnd() public {
        vm.assertFalse(verifier.isActive(0));
        bytes32 next = addNext();
        vm.warp(NOW + 24 hours - 1);
        vm.assertFalse(verifier.isActive(next));
        vm.warp(NOW + 24 hours);
        vm.assertTrue(verifier.isActive(next));
        verifier.retireKey(next);
        vm.assertFalse(verifier.isActive(next));
        vm.assertTrue(verifier.isActive(keyHash));
        verifier.revokeKey(keyHash);
        vm.assertFalse(verifier.isActive(keyHash));
    }

    function addNext() internal returns (bytes32) {
        return verifier.addKey(Prover.publicKey(VRF_SECRET), ecdsaKey(NEXT_SECRET), MLDSA65_SHA256, ECVRF_EVM_SHA256);
    }

    function addFirst(bytes memory reason) internal {
        bytes memory ecvrf = Prover.publicKey(VRF_SECRET);
        bytes memory ecdsa = ecdsaKey(ECDSA_SECRET);
        vm.expectRevert(reason);
        verifier.addKey(ecvrf, ecdsa, MLDSA65_SHA256, ECVRF_EVM_SHA256);
    }

    function expectInvalidEcdsa(bytes memory key) internal {
        bytes memory ecvrf = Prover.publicKey(VRF_SECRET);
        vm.expectRevert(abi.encodeWithSelector(R4ReceiptVerifier.InvalidEcdsaKey.selector));
        verifier.addKey(ecvrf, key, MLDSA65_SHA256, ECVRF_EVM_SHA256);
    }

    function expectInvalidVrf(bytes memory key) internal {
        bytes memory ecdsa = ecdsaKey(NEXT_SECRET);
        vm.expectRevert(abi.encodeWithSelector(R4ReceiptVerifier.InvalidEcvrfKey.selector));
        verifier.addKey(key, ecdsa, MLDSA65_SHA256, ECVRF_EVM_SHA256);
    }

    function answerOfNext(bytes32 next, uint256 timestamp) internal view returns (Answer memory answer) {
        answer = answerTo("alpha");
        answer.receipt.keyHash = next;
        answer.receipt.timestamp = uint64(timestamp);
        answer.signature = signWith(NEXT_SECRET, answer.receipt);
    }

    function expectRefusal(Answer memory answer, bytes memory reason) internal {
        vm.expectRevert(reason);
        verifyAttested(answer);
        vm.expectRevert(reason);
        verifyFull(answer);
    }

    function hexOf(string memory json, string memory path) internal pure returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, path)));
    }
}
