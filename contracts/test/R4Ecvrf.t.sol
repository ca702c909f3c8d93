// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {R4Ecvrf} from "../src/R4Ecvrf.sol";
import {R4EcvrfVerifier} from "../src/R4EcvrfVerifier.sol";
import {Prover} from "./Prover.sol";
import {vm} from "./Vm.sol";

/// The verifier against the committed proofs, and against those of the tests' own prover.
contract R4EcvrfTest {
    struct Case {
        uint256 secret;
        bytes publicKey;
        bytes alpha;
        bytes proof;
        bytes32 beta;
    }

    R4EcvrfVerifier internal verifier;
    string internal json;

    function setUp() public {
        verifier = new R4EcvrfVerifier();
        json = vm.readFile("../vectors/ecvrf.json");
    }

    function test_AcceptsAllVectors() public view {
        uint256 count;
        for (; vm.keyExistsJson(json, path(count)); ++count) {
            Case memory one = load(count);
            vm.assertEq(verifier.verify(one.publicKey, one.alpha, one.proof), one.beta);
        }
        vm.assertEq(count, 49);
    }

    function test_ProverOfTheTestsComputesTheSameOutputs() public view {
        for (uint256 index = 0; index < 12; ++index) {
            Case memory one = load(index);
            (bytes memory proof, bytes32 beta) = Prover.prove(one.secret, one.alpha);
            vm.assertEq(beta, one.beta);
            vm.assertEq(verifier.verify(one.publicKey, one.alpha, proof), one.beta);
        }
    }

    function test_RefusesAnotherAlpha() public view {
        Case memory one = load(5);
        one.alpha[0] ^= 0x01;
        expectRefusal(one);
    }

    function test_RefusesAnotherKey() public view {
        Case memory one = load(5);
        one.publicKey = load(6).publicKey;
        expectRefusal(one);
    }

    function testFuzz_RefusesEveryFlippedBit(uint256 which, uint256 bit) public view {
        Case memory one = load(which % 49);
        bit %= one.proof.length * 8;
        one.proof[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        expectRefusal(one);
    }

    function test_RefusesOtherLengths() public {
        Case memory one = load(5);
        bytes memory proof = one.proof;
        one.proof = bytes.concat(proof, hex"00");
        vm.expectRevert(abi.encodeWithSelector(R4Ecvrf.ProofLength.selector, proof.length + 1));
        verifier.verify(one.publicKey, one.alpha, one.proof);
        vm.expectRevert(abi.encodeWithSelector(R4Ecvrf.ProofLength.selector, 0));
        verifier.verify(one.publicKey, one.alpha, "");
        vm.expectRevert(abi.encodeWithSelector(R4Ecvrf.PublicKeyLength.selector, 34));
        verifier.verify(bytes.concat(one.publicKey, hex"00"), one.alpha, proof);
    }

    function expectRefusal(Case memory one) internal view {
        try verifier.verify(one.publicKey, one.alpha, one.proof) {
            revert("accepted");
        } catch (bytes memory reason) {
            vm.assertTrue(reason.length >= 4);
        }
    }

    function load(uint256 index) internal view returns (Case memory) {
        return Case({
            secret: uint256(bytes32(hexOf(index, "secret_key"))),
            publicKey: hexOf(index, "public_key"),
            alpha: hexOf(index, "alpha"),
            proof: hexOf(index, "evm_proof"),
            beta: bytes32(hexOf(index, "beta"))
        });
    }

    function hexOf(uint256 index, string memory field) internal view returns (bytes memory) {
        string memory digits = vm.parseJsonString(json, string.concat(path(index), ".", field));
        return vm.parseBytes(string.concat("0x", digits));
    }

    function path(uint256 index) internal pure returns (string memory) {
        return string.concat(".cases[", vm.toString(index), "]");
    }
}
