// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {R4Ecvrf} from "./R4Ecvrf.sol";

/// @notice What a node signs (EIP-712 type R4Receipt).
/// @param keyHash The epoch: a hash of all four public keys of the node.
/// @param index The place in the node's log.
/// @param alphaHash keccak256 of alpha, the input of the VRF.
/// @param random The output of the VRF.
/// @param timestamp When the node says that it answered, in Unix seconds.
/// @param schemes Which signatures the receipt has: 1 ECDSA, 2 ML-DSA-65, 3 both.
struct Receipt {
    bytes32 keyHash;
    uint64 index;
    bytes32 alphaHash;
    bytes32 random;
    uint64 timestamp;
    uint8 schemes;
}

/// @title Receipts of Re4ctoR on chain
/// @notice The VRF proof shows that `random` is the only output for this key and alpha; the signatures
/// show who answered and when they say it was. Not proved: that the operator did not know outputs in
/// advance for inputs it could guess or choose (with index alphas it knows them all and can spend an
/// index on itself, so index mode makes no fairness claim against the operator; use an alpha fixed
/// beforehand that the operator could not predict); the VRF is not post-quantum, ML-DSA protects who
/// said it; VRF outputs are public and are never secrets.
///
/// On chain, moreover: the ML-DSA-65 signature is not checked, only that a receipt which had one says so.
/// Whoever lets a block decide alpha gives its proposer influence: it can drop the block, and if it also
/// holds the VRF key, it can choose among all the blocks it can make. An output is unique for one key
/// only, and several keys may be in use: pin keyHash before alpha is known.
/// @dev A receipt counts here if its EIP-712 domain names this chain and this contract. The owner
/// adds, retires and revokes keys: a dishonest one can stop everything at once, and bring in a key of its
/// own a day after announcing it. Without an owner the keys stay as they are.
contract R4ReceiptVerifier is EIP712, Ownable2Step {
    /// @notice The public keys of an epoch, without those that are only hashed.
    /// @param signer The address of the ECDSA key.
    /// @param activeFrom Receipts dated before are refused, in Unix seconds.
    /// @param retiredAt Receipts dated from then on are refused; 0 while the key is in use.
    /// @param vrfPrefix The first byte of the compressed VRF key.
    /// @param revoked Whether everything is refused.
    /// @param vrfX The other 32 bytes of the VRF key.
    struct Key {
        address signer;
        uint40 activeFrom;
        uint40 retiredAt;
        uint8 vrfPrefix;
        bool revoked;
        bytes32 vrfX;
    }

    /// @notice A key was added. It counts from `activeFrom` on; who does not trust it has until then to leave.
    event Added(bytes32 indexed keyHash, address indexed signer, bytes ecvrf, uint256 activeFrom);
    /// @notice Receipts of the key that are dated from `retiredAt` on are refused.
    event Retired(bytes32 indexed keyHash, uint256 retiredAt);
    /// @notice All receipts of the key are refused, for ever.
    event Revoked(bytes32 indexed keyHash);
    /// @notice `consumer` used the output of this key for this alpha. It cannot do so again.
    event Consumed(address indexed consumer, bytes32 indexed keyHash, bytes32 indexed alphaHash, bytes32 random);

    /// The VRF key is no compressed point, or its x is not below the order of the group.
    error InvalidEcvrfKey();
    /// The ECDSA key is not 64 bytes x ‖ y of a point.
    error InvalidEcdsaKey();
    /// One key for ECDSA and for the VRF gives the secret away.
    error SharedKey();
    /// The key was added before.
    error KeyKnown(bytes32 keyHash);
    /// The key was never added.
    error UnknownKey(bytes32 keyHash);
    /// The key does not count yet, or the receipt is dated before it did.
    error KeyNotYetActive(bytes32 keyHash, uint256 activeFrom);
    /// The receipt is dated after the key's end.
    error KeyRetired(bytes32 keyHash, uint256 retiredAt);
    /// The key is revoked.
    error KeyRevoked(bytes32 keyHash);
    /// The receipt is older than the maximum age.
    error ReceiptTooOld(uint256 timestamp);
    /// The receipt is dated later than now.
    error ReceiptFromTheFuture(uint256 timestamp);
    /// The receipt does not say that it has an ECDSA signature, or names schemes that do not exist.
    error SchemesWithoutEcdsa(uint8 schemes);
    /// The signature is not of the key that the receipt names, or not of this receipt, chain and contract.
    error WrongSigner(address signer);
    /// The VRF key is not the one that belongs to the key hash.
    error WrongVrfKey();
    /// The receipt is about another alpha.
    error WrongAlpha();
    /// The receipt's `random` is not the output of the VRF.
    error WrongRandom(bytes32 beta);
    /// The caller has used this output before.
    error AlreadyUsed(bytes32 keyHash, bytes32 alphaHash);

    /// @notice How long a new key waits before it counts: rotating keys is a re-roll, so it is slow and visible.
    uint256 public constant ACTIVATION_DELAY = 24 hours;
    /// @notice How far a receipt may be dated after the block, in seconds: a block carries the time when its
    /// slot began, some seconds ago, and the node's clock may be ahead a little.
    uint256 public constant CLOCK_SKEW = 60;

    bytes32 private constant RECEIPT_TYPE = keccak256(
        "R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,bytes32 random,uint64 timestamp,uint8 schemes)"
    );

    /// @notice How old a receipt may be, in seconds.
    uint256 public immutable maximumAge;
    /// @notice The keys by their hash.
    mapping(bytes32 keyHash => Key) public keys;
    /// @notice What was consumed. It is keyed on neither signature nor proof: both have several valid forms.
    mapping(address consumer => mapping(bytes32 keyHash => mapping(bytes32 alphaHash => bool))) public used;

    /// @notice The first key counts at once, since nobody can have relied on this contract before.
    /// @param owner Who may add, retire and revoke keys.
    /// @param age The maximum age of a receipt, in seconds.
    /// @param ecvrf As for `addKey`; empty for no key, and then the next three are not read.
    /// @param ecdsa As for `addKey`.
    /// @param mldsa65Sha256 As for `addKey`.
    /// @param ecvrfEvmSha256 As for `addKey`.
    constructor(
        address owner,
        uint64 age,
        bytes memory ecvrf,
        bytes memory ecdsa,
        bytes32 mldsa65Sha256,
        bytes32 ecvrfEvmSha256
    ) EIP712("Re4ctoR", "1") Ownable(owner) {
        maximumAge = age;
        if (ecvrf.length != 0) _addKey(ecvrf, ecdsa, mldsa65Sha256, ecvrfEvmSha256, block.timestamp);
    }

    /// @notice Returns the signer of a receipt: the ECDSA key of `receipt.keyHash`.
    /// @dev It proves only that the operator signed this receipt for this chain and contract. It does NOT prove
    /// that `random` is the output of the VRF: an operator may sign any number it likes. It does not check
    /// the ML-DSA signature. The date is the operator's word. The same receipt passes any number of times.
    /// @param receipt The receipt.
    /// @param signature r ‖ s ‖ v, 65 bytes, s in the lower half of its range, v 27 or 28.
    /// @return signer The address of the ECDSA key.
    function verifyAttested(Receipt calldata receipt, bytes calldata signature) external view returns (address signer) {
        return _verifyAttested(receipt, signature).signer;
    }

    /// @notice Returns `receipt.random` if it is the only output of the key for `alpha` and the operator signed it.
    /// @dev It does NOT prove that the operator did not know the output in advance, nor that it answered every
    /// request: fix alpha beforehand by something that it could not predict, and settle a missing answer against
    /// it. It does not check the ML-DSA signature. The same receipt passes any number of times.
    /// @param receipt The receipt.
    /// @param signature As for `verifyAttested`.
    /// @param publicKey The compressed VRF key, 33 bytes.
    /// @param alpha The input; the calling contract makes it, rather than take it from its caller.
    /// @param proof The proof with its hints (`vrf.evm_proof` of `/vrf?format=evm`).
    /// @return random The output.
    function verifyFull(
        Receipt calldata receipt,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata alpha,
        bytes calldata proof
    ) external view returns (bytes32 random) {
        return _verifyFull(receipt, signature, publicKey, alpha, proof);
    }

    /// @notice As `verifyFull`, but the caller can use the output for one key hash and alpha only once.
    /// @dev What `verifyFull` does not prove is not proved here either. A use counts for the calling contract
    /// alone, so nobody can use up what another one waits for.
    /// @param receipt The receipt.
    /// @param signature As for `verifyAttested`.
    /// @param publicKey As for `verifyFull`.
    /// @param alpha As for `verifyFull`.
    /// @param proof As for `verifyFull`.
    /// @return random The output.
    function consumeFull(
        Receipt calldata receipt,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata alpha,
        bytes calldata proof
    ) external returns (bytes32 random) {
        random = _verifyFull(receipt, signature, publicKey, alpha, proof);
        mapping(bytes32 => bool) storage usedAlphas = used[msg.sender][receipt.keyHash];
        require(!usedAlphas[receipt.alphaHash], AlreadyUsed(receipt.keyHash, receipt.alphaHash));
        usedAlphas[receipt.alphaHash] = true;
        emit Consumed(msg.sender, receipt.keyHash, receipt.alphaHash, random);
    }

    /// @notice Says whether receipts that the node dates now can pass: the key is known, has begun, and has no end.
    function isActive(bytes32 keyHash) external view returns (bool active) {
        Key storage key = keys[keyHash];
        // A proposer can move the block's time by seconds; what counts here are hours.
        // slither-disable-next-line timestamp
        bool begun = key.signer != address(0) && block.timestamp >= key.activeFrom;
        return begun && key.retiredAt == 0 && !key.revoked;
    }

    /// @notice Returns the digest that is signed. It proves nothing about the receipt.
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32 digest) {
        return _hashReceipt(receipt);
    }

    /// @notice Announces the keys of a new epoch, which count a day later. A hash that was ever known is refused.
    /// @dev That somebody holds the secret keys is not checked, nor that the two hashes are of keys, nor that no
    /// key was another epoch's: an epoch with the VRF key of another one has the same outputs under another hash.
    /// @param ecvrf The VRF key, compressed, 33 bytes.
    /// @param ecdsa The ECDSA key, x ‖ y, 64 bytes.
    /// @param mldsa65Sha256 SHA-256 of the ML-DSA-65 key.
    /// @param ecvrfEvmSha256 SHA-256 of the compressed VRF key for requests made on a chain.
    /// @return keyHash The name of the epoch.
    function addKey(bytes calldata ecvrf, bytes calldata ecdsa, bytes32 mldsa65Sha256, bytes32 ecvrfEvmSha256)
        external
        onlyOwner
        returns (bytes32 keyHash)
    {
        return _addKey(ecvrf, ecdsa, mldsa65Sha256, ecvrfEvmSha256, block.timestamp + ACTIVATION_DELAY);
    }

    /// @notice Ends an epoch in order: receipts dated from now on are refused, older ones pass until they are too old.
    /// @dev Whoever has the secret key can date a receipt back. If it may be known to others: `revokeKey`.
    function retireKey(bytes32 keyHash) external onlyOwner {
        Key storage key = _usableKey(keyHash);
        // No time is compared here but whether there is one.
        // slither-disable-next-line timestamp
        require(key.retiredAt == 0, KeyRetired(keyHash, key.retiredAt));
        key.retiredAt = uint40(block.timestamp);
        emit Retired(keyHash, block.timestamp);
    }

    /// @notice Refuses all receipts of a key, at once and for ever.
    function revokeKey(bytes32 keyHash) external onlyOwner {
        _usableKey(keyHash).revoked = true;
        emit Revoked(keyHash);
    }

    function _verifyFull(
        Receipt calldata receipt,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata alpha,
        bytes calldata proof
    ) private view returns (bytes32 beta) {
        Key storage key = _verifyAttested(receipt, signature);
        require(keccak256(alpha) == receipt.alphaHash, WrongAlpha());
        require(_isVrfKey(publicKey, key), WrongVrfKey());
        beta = R4Ecvrf.verify(publicKey, alpha, proof);
        require(beta == receipt.random, WrongRandom(beta));
    }

    function _isVrfKey(bytes calldata publicKey, Key storage key) private view returns (bool) {
        if (publicKey.length != 33) return false;
        return uint8(publicKey[0]) == key.vrfPrefix && bytes32(publicKey[1:]) == key.vrfX;
    }

    function _verifyAttested(Receipt calldata receipt, bytes calldata signature)
        private
        view
        returns (Key storage key)
    {
        key = _usableKey(receipt.keyHash);
        _checkDate(receipt, key);
        require(receipt.schemes == 1 || receipt.schemes == 3, SchemesWithoutEcdsa(receipt.schemes));
        // Refuses other lengths than 65, s in the upper half, other v than 27 and 28, and the zero address.
        address signer = ECDSA.recoverCalldata(_hashReceipt(receipt), signature);
        require(signer == key.signer, WrongSigner(signer));
    }

    function _checkDate(Receipt calldata receipt, Key storage key) private view {
        (uint256 date, uint256 activeFrom, uint256 retiredAt) = (receipt.timestamp, key.activeFrom, key.retiredAt);
        // A proposer can move the block's time by seconds; what counts here are hours.
        // slither-disable-next-line timestamp
        bool active = date >= activeFrom && block.timestamp >= activeFrom;
        require(active, KeyNotYetActive(receipt.keyHash, activeFrom));
        require(retiredAt == 0 || date < retiredAt, KeyRetired(receipt.keyHash, retiredAt));
        require(date <= block.timestamp + CLOCK_SKEW, ReceiptFromTheFuture(date));
        require(date + maximumAge >= block.timestamp, ReceiptTooOld(date));
    }

    function _hashReceipt(Receipt calldata receipt) private view returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPE, receipt)));
    }

    function _usableKey(bytes32 keyHash) private view returns (Key storage key) {
        key = keys[keyHash];
        // No time is compared here; the key has times in other fields.
        // slither-disable-next-line timestamp
        require(key.signer != address(0), UnknownKey(keyHash));
        require(!key.revoked, KeyRevoked(keyHash));
    }

    function _addKey(
        bytes memory ecvrf,
        bytes memory ecdsa,
        bytes32 mldsa65Sha256,
        bytes32 ecvrfEvmSha256,
        uint256 activeFrom
    ) private returns (bytes32 keyHash) {
        require(ecvrf.length == 33, InvalidEcvrfKey());
        uint8 vrfPrefix = uint8(ecvrf[0]);
        bytes32 vrfX = _word(ecvrf, 1);
        require(_addressOfPoint(vrfPrefix, vrfX) != address(0), InvalidEcvrfKey());

        require(ecdsa.length == 64, InvalidEcdsaKey());
        uint8 prefix = 2 + (uint8(ecdsa[63]) & 1);
        bytes32 x = _word(ecdsa, 0);
        address signer = address(uint160(uint256(keccak256(ecdsa))));
        require(_addressOfPoint(prefix, x) == signer, InvalidEcdsaKey());
        bytes32 ecvrfSha256 = sha256(ecvrf);
        bytes32 ecdsaSha256 = sha256(abi.encodePacked(prefix, x));
        require(x != vrfX && ecvrfEvmSha256 != ecvrfSha256 && ecvrfEvmSha256 != ecdsaSha256, SharedKey());
        keyHash = sha256(abi.encodePacked("r4/keys/v1\x00", ecvrfSha256, ecdsaSha256, mldsa65Sha256, ecvrfEvmSha256));
        // No time is compared here; the key has times in other fields.
        // slither-disable-next-line timestamp
        require(keys[keyHash].signer == address(0), KeyKnown(keyHash));
        keys[keyHash] = Key(signer, uint40(activeFrom), 0, vrfPrefix, false, vrfX);
        emit Added(keyHash, signer, ecvrf, activeFrom);
    }

    /// Returns the address of the point with this compressed form, zero if there is none: ecrecover returns
    /// the address of r⁻¹·(s·R − z·B), which is R for z = 0 and s = r.
    function _addressOfPoint(uint8 prefix, bytes32 x) private pure returns (address) {
        unchecked {
            return ecrecover(0, prefix + 25, x, x);
        }
    }

    function _word(bytes memory data, uint256 from) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), from))
        }
    }
}
