// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title The hash of an earlier block
library BlockHash {
    /// The hash cannot be read: the block is not over, or it is too old.
    error BlockHashUnavailable(uint256 number);

    /// The contract that keeps the hashes of the last 8191 blocks (EIP-2935).
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// Returns the hash of block `number`: one of the last 256, or of the last 8191 where the chain has EIP-2935.
    function read(uint256 number) internal view returns (bytes32 hash) {
        hash = blockhash(number);
        if (hash == 0) {
            // The contract has no ABI: it takes a number and returns a hash.
            // slither-disable-next-line low-level-calls
            (bool found, bytes memory answer) = HISTORY.staticcall(abi.encode(number));
            if (found && answer.length == 32) hash = bytes32(answer);
        }
        require(hash != 0, BlockHashUnavailable(number));
    }
}
