// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {R4Ecvrf} from "./R4Ecvrf.sol";

/// @title The library R4Ecvrf, deployed
/// @notice Anyone may call it; it has no owner, no state and no key of its own.
contract R4EcvrfVerifier {
    /// @notice Returns the only output that `publicKey` has for `alpha`, or reverts with the error of
    /// R4Ecvrf that says what is wrong.
    /// @dev This proves nothing about who asked, when, or whether the key's owner could choose alpha or
    /// knew the output before: pin the key first, then fix an alpha that its owner cannot predict.
    /// @param publicKey The compressed point, 33 bytes.
    /// @param alpha The input.
    /// @param proof The proof of RFC 9381 with its hints, as `r4 evm-proof` prints it.
    /// @return beta The output, 32 bytes.
    function verify(bytes calldata publicKey, bytes calldata alpha, bytes calldata proof)
        external
        view
        returns (bytes32 beta)
    {
        return R4Ecvrf.verify(publicKey, alpha, proof);
    }
}
