// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {vm} from "./Vm.sol";

/// The contract of EIP-2935, with the code that the EIP gives.
library History {
    address internal constant ADDRESS = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes internal constant CODE = hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff8143031160425761"
        hex"1fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    /// Makes the chain have it, with the hash of one block.
    function install(uint256 number, bytes32 hash) internal {
        vm.etch(ADDRESS, CODE);
        vm.store(ADDRESS, bytes32(number % 8191), hash);
    }

    /// Makes the chain not have it.
    function remove() internal {
        vm.etch(ADDRESS, "");
    }
}
