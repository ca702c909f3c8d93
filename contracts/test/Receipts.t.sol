// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {R4ReceiptVerifier, Receipt} from "../src/R4ReceiptVerifier.sol";
import {Prover} from "./Prover.sol";
import {vm} from "./Vm.sol";

/// The receipts of vectors/receipts.json that carry a proof for the chain.
contract ReceiptsTest {
    string internal constant FILE = "../vectors/receipts.json";
    /// Its first contract has the address that the receipts are bound to.
    address internal constant DEPLOYER = 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed;
    /// 2026-08-21T12:34:56Z, the date of the receipts.
    uint256 internal constant DATE = 1_787_315_696;

    R4ReceiptVerifier internal verifier;

    function setUp() public {
        string memory json = vm.readFile(FILE);
        vm.chainId(vm.parseUint(vm.parseJsonString(json, ".contract.chain_id")));
        vm.warp(DATE);
        bytes memory ecvrf = vm.parseJsonBytes(json, keyPath("0"));
        bytes memory ecdsa = uncompressed(vm.parseJsonBytes(json, keyPath("1")));
        bytes32 mldsa65 = sha256(Base64.decode(vm.parseJsonString(json, keyPath("2"))));
        bytes32 ecvrfEvm = sha256(vm.parseJsonBytes(json, keyPath("3")));
        vm.prank(DEPLOYER);
        verifier = new R4ReceiptVerifier(address(this), 1 days, ecvrf, ecdsa, mldsa65, ecvrfEvm);
    }

    function test_ContractAndKeysAreThoseOfTheReceipts() public view {
        string memory json = vm.readFile(FILE);
        vm.assertEq(address(verifier), vm.parseJsonAddress(json, ".contract.address"));
        (address signer,,,,,) = verifier.keys(bytes32(vm.parseJsonBytes(json, ".trusted.key_hash")));
        vm.assertEq(signer, vm.parseJsonAddress(json, ".trusted.signer"));
    }

    function test_AcceptsWhatIsToBeAccepted() public view {
        vm.assertLe(7, count("accepted", true), "fewer than there were");
    }

    function test_RefusesWhatIsToBeRefused() public view {
        vm.assertLe(18, count("refused", false), "fewer than there were");
    }

    /// The contract of vectors/eip712.json is not deployed by anybody: this one's code is put there.
    function test_ComputesTheDigestsOfTheVectors() public {
        string memory json = vm.readFile("../vectors/eip712.json");
        R4ReceiptVerifier there = R4ReceiptVerifier(vm.parseJsonAddress(json, ".domains[3].contract"));
        vm.etch(address(there), address(verifier).code);
        uint256 compared;
        for (uint256 index = 0;; ++index) {
            string memory path = string.concat(".receipts[", vm.toString(index), "]");
            if (!vm.keyExistsJson(json, path)) break;
            if (vm.parseJsonUint(json, string.concat(path, ".domain")) != 3) continue;
            bytes32 digest = hexOf(json, string.concat(path, ".digest"));
            vm.assertEq(there.hashReceipt(receiptAt(json, path)), digest);
            ++compared;
        }
        vm.assertLe(1, compared, "no receipt of this domain");
    }

    function receiptAt(string memory json, string memory path) internal pure returns (Receipt memory) {
        return Receipt({
            keyHash: hexOf(json, string.concat(path, ".key_hash")),
            index: uint64(vm.parseUint(vm.parseJsonString(json, string.concat(path, ".index")))),
            alphaHash: hexOf(json, string.concat(path, ".alpha_hash")),
            random: hexOf(json, string.concat(path, ".random")),
            timestamp: uint64(vm.parseJsonUint(json, string.concat(path, ".timestamp"))),
            schemes: uint8(vm.parseJsonUint(json, string.concat(path, ".schemes")))
        });
    }

    function hexOf(string memory json, string memory path) internal pure returns (bytes32) {
        return bytes32(vm.parseBytes(string.concat("0x", vm.parseJsonString(json, path))));
    }

    /// Checks all receipts with this verdict that carry what a call needs, and returns how many there are.
    function count(string memory verdict, bool accepted) internal view returns (uint256 checked) {
        string memory cases = string.concat(".cases[?(@.evm=='", verdict, "')].document");
        string[] memory documents = abi.decode(vm.parseJson(vm.readFile(FILE), cases), (string[]));
        for (uint256 index = 0; index < documents.length; ++index) {
            if (!vm.keyExistsJson(documents[index], ".vrf.evm_proof")) continue;
            if (!vm.keyExistsJson(documents[index], ".r")) continue;
            vm.assertEq(accepts(documents[index]), accepted, documents[index]);
            ++checked;
        }
    }

    function accepts(string memory document) internal view returns (bool) {
        bytes memory alpha = vm.parseJsonBytes(document, ".alpha");
        Receipt memory receipt = Receipt({
            keyHash: bytes32(vm.parseJsonBytes(document, ".key_hash")),
            index: uint64(vm.parseUint(vm.parseJsonString(document, ".index"))),
            alphaHash: keccak256(alpha),
            random: bytes32(vm.parseJsonBytes(document, ".random")),
            timestamp: uint64(DATE),
            schemes: vm.keyExistsJson(document, ".pq_scheme") ? 3 : 1
        });
        bytes memory signature = bytes.concat(
            vm.parseJsonBytes(document, ".r"),
            vm.parseJsonBytes(document, ".s"),
            bytes1(uint8(vm.parseJsonUint(document, ".v")))
        );
        bytes memory publicKey = vm.parseJsonBytes(document, ".vrf.public_key");
        bytes memory proof = vm.parseJsonBytes(document, ".vrf.evm_proof");
        try verifier.verifyFull(receipt, signature, publicKey, alpha, proof) returns (bytes32 random) {
            return random == receipt.random;
        } catch {
            return false;
        }
    }

    function keyPath(string memory index) internal pure returns (string memory) {
        return string.concat(".trusted.keys.epochs[0].keys[", index, "].public_key");
    }

    function uncompressed(bytes memory key) internal view returns (bytes memory) {
        uint256 x;
        assembly ("memory-safe") {
            x := mload(add(key, 33))
        }
        uint256 y = Prover.evenRoot(addmod(mulmod(mulmod(x, x, Prover.P), x, Prover.P), 7, Prover.P));
        return abi.encodePacked(x, key[0] == 0x02 ? y : Prover.P - y);
    }
}
